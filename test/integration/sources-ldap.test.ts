import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SourceClient } from '../../src/enrollment/sources/clients.js';
import { SourceCapability, SourceKind } from '../../src/entities/source-enums.js';
import { createOutbound } from '../../src/outbound.js';
import { collect, describeSource, makeClients } from '../support/sources/clients.js';
import { LDAP_ADMIN, LDAP_BASE, type LdapServer } from '../support/sources/ldap-people.js';
import { startLdapServer } from '../support/sources/ldap-server.js';
import { LOCALHOST_CERTIFICATE } from '../support/sources/localhost-certificate.js';

const NEVER = new AbortController().signal;
const PHOTO = Buffer.from([0xff, 0xd8, 0xff, 0x00, 0x10]);

const mapping = {
  key: 'uid',
  givenName: 'givenName',
  familyName: 'sn',
  emails: ['mail'],
  identifiers: [{ type: 'employee', field: 'employeeNumber' }],
  affiliation: 'employeeType',
  attributes: { title: 'title', photo: 'jpegPhoto' },
};

let server: LdapServer;
const clients = makeClients();

beforeAll(async () => {
  server = await startLdapServer({
    ada: {
      givenName: ['Ada', 'Augusta'],
      sn: ['Lovelace', 'King'],
      mail: ['ada@example.org', 'Countess@Example.org'],
      employeeNumber: 'E-1815',
      employeeType: 'faculty',
      title: 'Countess',
      jpegPhoto: PHOTO,
    },
    'o*(b)\\': { givenName: 'Odd', sn: 'Ball', mail: 'odd@example.org', employeeNumber: 'e-1815' },
    gone: { givenName: 'Grace', sn: 'Hopper', mail: 'grace@example.org' },
  });
  for (let number = 0; number < 60; number++) await server.add(`p${number}`, { mail: `p${number}@many.example.org` });
  for (let number = 0; number < 26; number++) await server.add(`twin${number}`, { mail: 'twins@example.org' });
});
afterAll(async () => {
  await clients.close();
  await server.stop();
});

function settings(changes: object = {}) {
  return { url: server.url, bindDn: LDAP_ADMIN.dn, baseDn: LDAP_BASE, mapping, pageSize: 25, ...changes };
}

function open(changes: object = {}, secrets: Record<string, string> = { bindPassword: LDAP_ADMIN.password }) {
  return clients.open('tenant', describeSource(SourceKind.LDAP, settings(changes), { secrets }));
}

const search = (client: SourceClient, email: string) => client.search({ email }, NEVER);

describe('an LDAP directory as a source', () => {
  it('finds a person by any of their addresses, without regard to case, with everything that is mapped', async () => {
    const client = await open({ binaryAttributes: ['jpegPhoto'] });
    expect([...client.capabilities]).toEqual([
      SourceCapability.SEARCH_BY_EMAIL,
      SourceCapability.SEARCH_BY_IDENTIFIER,
      SourceCapability.RETRIEVE,
      SourceCapability.INVENTORY,
    ]);
    const [found, ...others] = await search(client, 'countess@EXAMPLE.org');
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      key: 'ada',
      affiliation: 'faculty',
      identifiers: [{ type: 'employee', value: 'E-1815' }],
      attributes: { title: 'Countess', photo: PHOTO.toString('base64') },
    });
    // A directory gives the values of an attribute in no order that it promises.
    expect(found!.names.map(({ givenName }) => givenName).sort()).toEqual(['Ada', 'Augusta']);
    expect(found!.emails.map(({ address }) => address.toLowerCase()).sort()).toEqual([
      'ada@example.org',
      'countess@example.org',
    ]);
    expect(found!.emails.every(({ isVerified }) => isVerified)).toBe(true);
    expect(found!.raw).toMatchObject({ uid: 'ada', title: 'Countess' });
    expect(await search(client, 'nobody@example.org')).toEqual([]);
  });

  it('compares identifiers exactly, though the directory does not', async () => {
    const client = await open();
    const find = (value: string) => client.search({ identifier: { type: 'employee', value } }, NEVER);
    expect((await find('E-1815')).map(({ key }) => key)).toEqual(['ada']);
    expect((await find('e-1815')).map(({ key }) => key)).toEqual(['o*(b)\\']);
    expect(await client.search({ identifier: { type: 'unknown', value: 'E-1815' } }, NEVER)).toEqual([]);
  });

  it('takes no part of a value for a part of a filter', async () => {
    const client = await open();
    for (const email of ['*', 'ada@*', '*)(uid=*', 'ada@example.org)(|(mail=*', '\\2a', 'a\0b', ''])
      expect(await search(client, email)).toEqual([]);
    for (const key of ['*', 'ad*', 'ADA', '*)(objectClass=*']) expect(await client.retrieve(key, NEVER)).toBeNull();
    expect(await client.retrieve('o*(b)\\', NEVER)).toMatchObject({ key: 'o*(b)\\' });
  });

  it('gives a record by its key, and null once it is gone', async () => {
    const client = await open();
    expect(await client.retrieve('gone', NEVER)).toMatchObject({
      names: [{ givenName: 'Grace', familyName: 'Hopper' }],
    });
    await server.remove('gone');
    expect(await client.retrieve('gone', NEVER)).toBeNull();
    await server.add('gone', { givenName: 'Grace', sn: 'Hopper', mail: 'grace@example.org' });
  });

  it('refuses more than 25 hits, and finds 25', async () => {
    const client = await open();
    await expect(search(client, 'twins@example.org')).rejects.toMatchObject({ code: 'TOO_MANY_RECORDS' });
    await server.remove('twin25');
    expect(await search(client, 'twins@example.org')).toHaveLength(25);
    await server.add('twin25', { mail: 'twins@example.org' });
  });

  it('gives everybody who meets the filter, in pages, and says that there is no place to go on from', async () => {
    const client = await open({ filter: '(&(objectClass=inetOrgPerson)(mail=*@many.example.org))' });
    const pages = await collect(client.inventory(null, NEVER));
    expect(pages.map(({ records }) => records.length)).toEqual([25, 25, 10]);
    expect(pages.every(({ cursor, faults }) => cursor === null && faults.length === 0)).toBe(true);
    const keys = pages.flatMap(({ records }) => records.map(({ key }) => key));
    expect(new Set(keys).size).toBe(60);
  });

  it('tells which entries have no key, and gives the others', async () => {
    const client = await open({ mapping: { ...mapping, key: 'employeeNumber' } });
    const pages = await collect(client.inventory(null, NEVER));
    expect(pages.flatMap(({ records }) => records.map(({ key }) => key)).sort()).toEqual(['E-1815', 'e-1815']);
    expect(pages.flatMap(({ faults }) => faults).length).toBe(87);
  });

  it('keeps no raw copy where it is told not to', async () => {
    const source = describeSource(SourceKind.LDAP, settings(), {
      keepsRaw: false,
      secrets: { bindPassword: LDAP_ADMIN.password },
    });
    const client = await clients.open('tenant', source);
    expect((await search(client, 'ada@example.org'))[0]!.raw).toBeNull();
  });

  it('says what changed, by the time of the last change, and that its removals are not seen', async () => {
    const client = await open({ modifiedAttribute: 'modifyTimestamp' });
    const [begun, ...more] = await collect(client.changedSince(null, NEVER));
    expect(more).toEqual([]);
    expect(begun).toEqual({ records: [], removedKeys: [], faults: [], cursor: expect.stringMatching(/^\d{14}Z$/) });
    await server.replace('ada', 'title', ['Countess of Lovelace']);
    const pages = await collect(client.changedSince(begun!.cursor, NEVER));
    const changed = pages.flatMap(({ records }) => records).find(({ key }) => key === 'ada');
    expect(changed!.attributes).toMatchObject({ title: 'Countess of Lovelace' });
    expect(pages.every(({ removedKeys }) => removedKeys.length === 0)).toBe(true);
    expect(Number(pages.at(-1)!.cursor.slice(0, 14))).toBeGreaterThanOrEqual(Number(begun!.cursor.slice(0, 14)));
    // Long after everything, nothing changed.
    const later = await collect(client.changedSince('29991231235959Z', NEVER));
    expect(later.flatMap(({ records }) => records)).toEqual([]);
  });

  it('speaks over TLS to a server whose certificate it trusts, and to no other', async () => {
    const trusting = await open({ url: server.secureUrl, caCertificate: LOCALHOST_CERTIFICATE });
    expect(await search(trusting, 'ada@example.org')).toHaveLength(1);
    const doubting = await open({ url: server.secureUrl });
    await expect(search(doubting, 'ada@example.org')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('begins TLS on a plain connection before it says who it is', async () => {
    if (server.kind !== 'slapd') return;
    const client = await open({ startTls: true, caCertificate: LOCALHOST_CERTIFICATE });
    expect(await search(client, 'ada@example.org')).toHaveLength(1);
    const doubting = await open({ startTls: true });
    await expect(search(doubting, 'ada@example.org')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('says CREDENTIALS_REFUSED for a wrong password, and that the base is unknown: never that nobody is there', async () => {
    const wrong = await open({}, { bindPassword: 'wrong' });
    await expect(search(wrong, 'ada@example.org')).rejects.toMatchObject({
      code: 'CREDENTIALS_REFUSED',
      message: expect.not.stringContaining('wrong'),
    });
    const lost = await open({ baseDn: 'ou=nowhere,dc=example,dc=com' });
    await expect(lost.retrieve('ada', NEVER)).rejects.toMatchObject({ code: 'MISCONFIGURED' });
    const nameless = await open({}, {});
    await expect(search(nameless, 'ada@example.org')).rejects.toMatchObject({ code: 'MISCONFIGURED' });
  });

  it('asks anonymously where no name is given', async () => {
    const client = await open({ bindDn: null }, {});
    // This directory shows nobody to nobody: by an empty answer, or by one that says so.
    const found = await search(client, 'ada@example.org').catch((error: { code: string }) => error.code);
    expect([[], 'MISCONFIGURED', 'CREDENTIALS_REFUSED']).toContainEqual(found);
  });

  it('sends nothing in the clear, and nothing to addresses that are not allowed', async () => {
    const secrets = { bindPassword: LDAP_ADMIN.password };
    const source = describeSource(SourceKind.LDAP, settings(), { secrets });
    const inProduction = makeClients({ allowsInsecureLoopback: false });
    const client = await inProduction.open('tenant', source);
    await expect(search(client, 'ada@example.org')).rejects.toMatchObject({ code: 'MISCONFIGURED' });
    await inProduction.close();
    const shut = makeClients({ outbound: createOutbound({ allowedPrivateAddresses: [] }) });
    const outside = await shut.open('tenant', source);
    await expect(search(outside, 'ada@example.org')).rejects.toMatchObject({
      code: 'ADDRESS_FORBIDDEN',
      message: expect.not.stringMatching(/127\.0\.0\.1|localhost/),
    });
    await shut.close();
  });

  it('refuses settings that cannot be', async () => {
    for (const changes of [
      { url: 'http://localhost' },
      { url: 'ldap://user:password@localhost' },
      { url: 'ldap://localhost/dc=example?uid' },
      { filter: '(mail=' },
      { mapping: { ...mapping, key: 'uid)(x=' } },
      { url: server.secureUrl, startTls: true },
      { scope: 'base' },
      { somethingElse: true },
    ])
      await expect(open(changes)).rejects.toMatchObject({ code: 'MISCONFIGURED' });
  });
});
