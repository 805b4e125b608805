import { describe, expect, it } from '@jest/globals';
import { AndFilter } from 'ldapts';
import { filterOf, readGeneralizedTime, toGeneralizedTime, toRow } from '../../src/enrollment/sources/ldap/entry.js';
import { checkMessage, MalformedMessage, messageLength } from '../../src/enrollment/sources/ldap/check-message.js';
import { fieldMapping } from '../../src/enrollment/sources/mapping.js';
import { ber, ldapEntry, ldapMessage, ldapResult } from '../support/sources/hostile-server.js';

const mapping = fieldMapping.parse({
  key: 'uid',
  emails: ['mail', 'mailAlternateAddress'],
  identifiers: [{ type: 'guid', field: 'objectGUID' }],
});

describe('what is asked of a directory', () => {
  it('holds a value as it is, and compares every attribute that can have it', () => {
    const filter = filterOf({ email: '*)(uid=*' }, mapping, []);
    expect(new AndFilter({ filters: [filter!] }).toString()).toBe(
      '(&(|(mail=\\2a\\29\\28uid=\\2a)(mailAlternateAddress=\\2a\\29\\28uid=\\2a)))',
    );
    expect(filterOf({ identifier: { type: 'other', value: 'x' } }, mapping, [])).toBeNull();
    expect(filterOf({ email: '' }, mapping, [])).toBeNull();
  });

  it('is bytes where the attribute holds bytes', () => {
    const bytes = Buffer.from([0, 255, 42]);
    const query = { identifier: { type: 'guid', value: bytes.toString('base64') } };
    expect(filterOf(query, mapping, ['objectguid'])).toMatchObject({ value: bytes });
  });
});

describe('what a directory answers', () => {
  it('is a row by the names that it was asked by', () => {
    const entry = { dn: 'uid=ada', UID: 'ada', MAIL: ['a@example.org'], sn: [] };
    expect(toRow(entry, ['uid', 'mail', 'sn', 'cn'])).toEqual({ uid: 'ada', mail: ['a@example.org'] });
  });

  it('has moments in every form that there is', () => {
    for (const [text, moment] of [
      ['20261122024652Z', '2026-11-22T02:46:52.000Z'],
      ['20261122024652.5Z', '2026-11-22T02:46:52.500Z'],
      ['20261122024652.0Z', '2026-11-22T02:46:52.000Z'],
      ['202611220246Z', '2026-11-22T02:46:00.000Z'],
      ['2026112202,5Z', '2026-11-22T02:30:00.000Z'],
      ['20261122034652+0100', '2026-11-22T02:46:52.000Z'],
      ['20261122004652-02', '2026-11-22T02:46:52.000Z'],
    ] as const)
      expect(readGeneralizedTime(text)?.toISOString()).toBe(moment);
    for (const text of ['', 'now', '20261322024652Z', '2026-11-22T02:46:52Z', 'undefined'])
      expect(readGeneralizedTime(text)).toBeNull();
    expect(toGeneralizedTime(new Date('2026-11-22T02:46:52.999Z'))).toBe('20261122024652Z');
  });

  it('is checked as a whole before it is read', () => {
    const good = [ldapEntry(2, 'ada'), ldapResult(2), ldapResult(2, 49, 0x61)];
    for (const message of good) {
      checkMessage(message);
      expect(messageLength(message)).toBe(message.length);
      expect(messageLength(message.subarray(0, 3))).toBeNull();
      // With any part of it missing, or a byte too many, it is none.
      for (let length = 0; length < message.length; length++)
        expect(() => checkMessage(message.subarray(0, length))).toThrow(MalformedMessage);
      expect(() => checkMessage(Buffer.concat([message, Buffer.alloc(1)]))).toThrow(MalformedMessage);
    }
    for (const message of [
      ldapMessage(2, ber(0x64, ber(4), ber(4, Buffer.from([0x30, 0x60])))),
      ldapMessage(2, ber(0x64, ber(4), Buffer.from([0x30, 0x60]))),
      ldapMessage(2, ber(0x63, ber(4))),
      ber(0x30, ber(0x02, Buffer.alloc(5)), ber(0x65)),
    ])
      expect(() => checkMessage(message)).toThrow(MalformedMessage);
    expect(() => messageLength(Buffer.from([0x30, 0x80]))).toThrow(MalformedMessage);
    expect(() => messageLength(Buffer.from([0x30, 0x85, 1, 1, 1, 1, 1]))).toThrow(MalformedMessage);
  });
});
