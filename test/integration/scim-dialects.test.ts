import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  accountOf,
  type Directory,
  ENTERPRISE_SCHEMA,
  makeDirectory,
  PATCH_SCHEMA,
  USER_SCHEMA,
} from '../support/scim.js';

/* What Entra ID and Okta send, as they send it: neither keeps to the letter of RFC 7644. */

let gateway: Gateway;
let directory: Directory;
beforeAll(async () => {
  gateway = await startGateway();
  directory = await makeDirectory(gateway);
});
afterAll(() => gateway.close());

const patch = async (path: string, body: object) => {
  const answer = await directory.ask('PATCH', path, body, { 'content-type': 'application/json; charset=utf-8' });
  expect([answer.status, answer.body?.detail]).toEqual([answer.body ? 200 : 204, undefined]);
  return answer.body;
};
const operations = (...Operations: object[]) => ({ schemas: [PATCH_SCHEMA], Operations });

describe('Entra ID', () => {
  it('looks whether somebody is there, adds, changes, disables and deletes them', async () => {
    const name = 'adele.vance@directory.example';
    const filter = new URLSearchParams({ filter: `userName eq "${name}"` }).toString();
    const nobody = await directory.get(`/Users?${filter}`);
    expect(nobody.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 0,
      itemsPerPage: 0,
      startIndex: 1,
      Resources: [],
    });
    const user = await directory.addUser({
      schemas: [USER_SCHEMA, ENTERPRISE_SCHEMA],
      externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
      userName: name,
      active: true,
      emails: [{ primary: true, type: 'work', value: name }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Adele Vance', familyName: 'Vance', givenName: 'Adele' },
      roles: [],
      [ENTERPRISE_SCHEMA]: { department: 'Retail' },
    });
    expect((await directory.get(`/Users?${filter}`)).body.Resources).toEqual([user]);

    const changed = await patch(
      `/Users/${user.id}`,
      operations(
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updated@directory.example' },
        { op: 'Replace', path: 'name.familyName', value: 'Updated' },
        { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+33 6 00 00 00 00' },
        { op: 'Add', path: `${ENTERPRISE_SCHEMA}:department`, value: 'Sales' },
        { op: 'Add', path: `${ENTERPRISE_SCHEMA}:manager`, value: user.id },
        {
          op: 'Add',
          value: {
            displayName: 'Adele',
            'name.givenName': 'Ade',
            [`${ENTERPRISE_SCHEMA}:costCenter`]: '7',
            'addresses[type eq "work"].locality': 'Lyon',
          },
        },
      ),
    );
    expect(changed).toMatchObject({
      displayName: 'Adele',
      name: { formatted: 'Adele Vance', familyName: 'Updated', givenName: 'Ade' },
      emails: [{ primary: true, type: 'work', value: 'updated@directory.example' }],
      phoneNumbers: [{ type: 'mobile', value: '+33 6 00 00 00 00' }],
      addresses: [{ type: 'work', locality: 'Lyon' }],
      [ENTERPRISE_SCHEMA]: { department: 'Sales', costCenter: '7', manager: { value: user.id } },
    });
    expect(await accountOf(gateway, user.id)).toMatchObject({
      email: 'updated@directory.example',
      family_name: 'Updated',
    });

    const removed = await patch(
      `/Users/${user.id}`,
      operations({ op: 'Remove', path: `${ENTERPRISE_SCHEMA}:manager` }),
    );
    expect(removed[ENTERPRISE_SCHEMA]).toEqual({ department: 'Sales', costCenter: '7' });
    const disabled = await patch(`/Users/${user.id}`, operations({ op: 'Replace', path: 'active', value: 'False' }));
    expect(disabled.active).toBe(false);
    expect((await accountOf(gateway, user.id)).status).toBe('SUSPENDED');
    expect((await directory.get(`/Users?${filter}`)).body.Resources[0].active).toBe(false);
    expect((await directory.ask('DELETE', `/Users/${user.id}`)).status).toBe(204);
  });

  it('keeps groups', async () => {
    const [first, second] = [await directory.addUser(), await directory.addUser()];
    const group = await directory.addGroup({
      externalId: '8aa1a0c0',
      displayName: 'Retail',
      members: [],
      meta: { resourceType: 'Group' },
    });
    const found = await directory.get(
      `/Groups?${new URLSearchParams({ excludedAttributes: 'members', filter: 'displayName eq "Retail"' }).toString()}`,
    );
    expect(found.body.Resources.map(({ id }: any) => id)).toEqual([group.id]);
    await patch(
      `/Groups/${group.id}`,
      operations({
        op: 'Add',
        path: 'members',
        value: [
          { $ref: null, value: first.id },
          { $ref: null, value: second.id },
        ],
      }),
    );
    await patch(
      `/Groups/${group.id}`,
      operations({ op: 'Remove', path: 'members', value: [{ $ref: null, value: first.id }] }),
    );
    await patch(`/Groups/${group.id}`, operations({ op: 'Replace', path: 'displayName', value: 'Shops' }));
    const shown = (await directory.get(`/Groups/${group.id}`)).body;
    expect([shown.displayName, shown.members.map(({ value }: any) => value)]).toEqual(['Shops', [second.id]]);
    const isMember = new URLSearchParams({
      filter: `id eq "${group.id}" and members eq "${second.id}"`,
      attributes: 'id',
    }).toString();
    expect((await directory.get(`/Groups?${isMember}`)).body.totalResults).toBe(1);
  });
});

describe('Okta', () => {
  it('pages through everybody, adds, replaces, deactivates and reactivates', async () => {
    expect((await directory.get('/Users?startIndex=1&count=100')).body.startIndex).toBe(1);
    const sent = {
      schemas: [USER_SCHEMA],
      userName: 'test.user@okta.example',
      name: { givenName: 'Test', familyName: 'User' },
      emails: [{ primary: true, value: 'test.user@okta.example', type: 'work' }],
      displayName: 'Test User',
      locale: 'en-US',
      externalId: '00ujl29u0le5T6Aj10h7',
      groups: [],
      password: '1mz050nq',
      active: true,
    };
    const user = await directory.addUser(sent);
    const { body } = await directory.ask('PUT', `/Users/${user.id}`, {
      ...sent,
      id: user.id,
      name: { givenName: 'Another', familyName: 'User' },
      meta: { resourceType: 'User' },
    });
    expect(body.name.givenName).toBe('Another');
    for (const active of [false, true]) {
      expect(await patch(`/Users/${user.id}`, operations({ op: 'replace', value: { active } }))).toMatchObject({
        active,
      });
      expect((await accountOf(gateway, user.id)).status).toBe(active ? 'ACTIVE' : 'SUSPENDED');
    }
  });

  it('pushes groups', async () => {
    const user = await directory.addUser();
    const group = await directory.addGroup({
      displayName: 'Pushed',
      members: [{ value: user.id, display: user.userName }],
    });
    await patch(
      `/Groups/${group.id}`,
      operations({ op: 'replace', value: { id: group.id, displayName: 'Pushed again' } }),
    );
    await patch(
      `/Groups/${group.id}`,
      operations(
        { op: 'remove', path: `members[value eq "${user.id}"]` },
        { op: 'add', path: 'members', value: [{ value: user.id, display: user.userName }] },
      ),
    );
    expect((await directory.get(`/Groups/${group.id}`)).body).toMatchObject({
      displayName: 'Pushed again',
      members: [{ value: user.id }],
    });
    expect(
      (await directory.ask('DELETE', `/Groups/${group.id}`, '', { 'content-type': 'application/json' })).status,
    ).toBe(204);
  });
});
