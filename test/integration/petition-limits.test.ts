import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { returnTurn, takeTurn } from '../../src/database/take-turn.js';
import { transact } from '../../src/database/transact.js';
import { networkOf } from '../../src/enrollment/confirmations/limit.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type SeededTenant, seedTenant } from '../support/factories.js';

describe('who is limited, without an account', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::', '2001:db8:0:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0'],
    ['1::3:4:5:6:192.0.2.7', '1:0:3:4'],
    ['', ''],
  ])('%s is %s', (address, network) => expect(networkOf(address)).toBe(network));
});

describe('turns', () => {
  let test: TestDatabase;
  let tenant: SeededTenant;
  beforeAll(async () => {
    test = await createTestDatabase();
    tenant = await seedTenant(test.database);
  });
  afterAll(() => test.close());

  const start = new Date('2026-01-01T00:00:00Z');
  const later = (seconds: number) => new Date(start.getTime() + seconds * 1_000);
  const take = (key: string, at = start, most = 3) =>
    transact(test.database, tenant.id, (manager) =>
      takeTurn(manager, { tenantId: tenant.id, key, at, most, seconds: 60 }),
    );
  const giveBack = (key: string, at = start) =>
    transact(test.database, tenant.id, (manager) => returnTurn(manager, { tenantId: tenant.id, key, at }));

  it('are as many as there are, however many are taken at the same time', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, () => take('crowd')));
    expect(taken.filter((until) => until === null)).toHaveLength(3);
    expect(taken.filter(Boolean)).toEqual(Array(17).fill(later(60)));
  });

  it('come again when the time is over, and are each key’s own', async () => {
    for (const _ of [1, 2, 3]) expect(await take('window', later(_))).toBeNull();
    expect(await take('window', later(60))).toEqual(later(61));
    expect(await take('another')).toBeNull();
    expect(await take('window', later(61))).toBeNull();
  });

  it('that are given back are there again, and no more than there were', async () => {
    for (const _ of [1, 2, 3]) await take('back');
    await giveBack('back');
    expect([await take('back'), await take('back')]).toEqual([null, later(60)]);
    await giveBack('nobody’s');
    for (const _ of [1, 2, 3, 4, 5]) await giveBack('back');
    const taken = [];
    for (const _ of [1, 2, 3, 4]) taken.push(await take('back'));
    expect(taken).toEqual([null, null, null, later(60)]);
  });

  it('are kept without the key', async () => {
    const rows = await test.database.read<{ hash: string }>(
      tenant.id,
      'select key_hash as hash from attempt_counts where tenant_id = $1',
      [tenant.id],
    );
    expect(rows.map(({ hash }) => hash)).not.toContain('window');
  });
});
