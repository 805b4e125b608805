import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDeployment, type Deployment } from '../support/processes.js';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await createDeployment(2);
  await Promise.all([deployment.start(0), deployment.start(1)]);
}, 120_000);
afterAll(() => deployment.close());

const count = async (sql: string) =>
  (await deployment.read<{ count: number }>(`select count(*)::int as count ${sql}`))[0]!.count;

/** Brings everybody to the callback first, then lets all of them in at the same moment. */
async function arriveTogether(people: string[]): Promise<number[]> {
  const arrivals = await Promise.all(people.map((id, index) => deployment.reachCallback(id, index % 2)));
  const visits = await Promise.all(
    arrivals.map(({ browser, callback }) => browser.get(callback, { follow: false, timeout: 90_000 })),
  );
  return visits.map(({ status }) => status);
}

describe('two processes over one database', () => {
  it('[SSO-17] let in 200 people at once with one new SIRET: one organization, 200 memberships, no error', async () => {
    const people = Array.from({ length: 200 }, (_, index) => `crowd-${index}`);
    for (const id of people) deployment.addPerson(id, { siret: '13002526500013' });
    expect(await arriveTogether(people)).toEqual(people.map(() => 302));
    expect(await count(`from organization_identifiers where tenant_id = $1 and value = '13002526500013'`)).toBe(1);
    expect(await count('from organizations where tenant_id = $1')).toBe(1);
    expect(await count('from memberships where tenant_id = $1')).toBe(200);
    expect(await count('from users where tenant_id = $1')).toBe(200);
    expect(await count(`from events where tenant_id = $1 and type = 'organization.created'`)).toBe(1);
    expect(await count(`from events where tenant_id = $1 and type = 'membership.added'`)).toBe(200);
  }, 240_000);

  it('[SSO-18] make one user of 100 first sign-ins of one person at once', async () => {
    deployment.addPerson('many', { siret: '11002001300097' });
    expect(await arriveTogether(Array.from({ length: 100 }, () => 'many'))).toEqual(
      Array.from({ length: 100 }, () => 302),
    );
    expect(await count(`from users where tenant_id = $1 and email_normalized = 'many@example.org'`)).toBe(1);
    expect(await count(`from identities where tenant_id = $1 and subject = 'sub-many'`)).toBe(1);
    expect(
      await count(
        `from memberships m join users u on u.id = m.user_id where m.tenant_id = $1 and u.email = 'many@example.org'`,
      ),
    ).toBe(1);
    expect(
      await count(
        `from sessions s join users u on u.id = s.user_id where s.tenant_id = $1 and u.email = 'many@example.org'`,
      ),
    ).toBe(100);
  }, 240_000);

  it('move 50 people back and forth at once, and each is in one organization at the end', async () => {
    const people = Array.from({ length: 50 }, (_, index) => `crowd-${index}`);
    const targets = ['35600000000048', '35600000049837'];
    const arrivals = [];
    for (const siret of targets) {
      for (const id of people) deployment.provider.people.get(id)!.claims.siret = siret;
      arrivals.push(...(await Promise.all(people.map((id, index) => deployment.reachCallback(id, index % 2)))));
    }
    const statuses = await Promise.all(
      arrivals.map(({ browser, callback }) => browser.get(callback, { follow: false, timeout: 90_000 })),
    );
    expect(statuses.filter(({ status }) => status !== 302)).toEqual([]);
    expect(
      await count(
        `from (select user_id from memberships where tenant_id = $1 group by user_id having count(*) <> 1) several`,
      ),
    ).toBe(0);
  }, 240_000);
});
