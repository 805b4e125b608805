import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDeployment, type Deployment } from '../support/processes.js';
import { siretOf } from '../support/sirets.js';

const PEOPLE = 100;
const KILLS = 5;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await createDeployment(1);
}, 120_000);
afterAll(() => deployment.close());

/** What must never be in the database, whenever the process died. */
const HALF_MADE: Record<string, string> = {
  'a user without an identity': `select u.id from users u where u.tenant_id = $1
    and not exists (select 1 from identities i where i.user_id = u.id)`,
  'a user without a membership': `select u.id from users u where u.tenant_id = $1
    and not exists (select 1 from memberships m where m.user_id = u.id)`,
  'a membership without a role': `select m.id from memberships m where m.tenant_id = $1
    and not exists (select 1 from membership_roles r where r.membership_id = m.id)`,
  'an organization without an identifier': `select o.id from organizations o where o.tenant_id = $1
    and not exists (select 1 from organization_identifiers x where x.organization_id = o.id)`,
  'an organization without a member': `select o.id from organizations o where o.tenant_id = $1
    and not exists (select 1 from memberships m where m.organization_id = o.id)`,
  'a user without the event of their making': `select u.id from users u where u.tenant_id = $1
    and not exists (select 1 from events e where e.user_id = u.id and e.type = 'user.created')`,
  'an event of a user who is not there': `select e.id from events e where e.tenant_id = $1 and e.type = 'user.created'
    and not exists (select 1 from users u where u.id = e.user_id)`,
  'a user without a session': `select u.id from users u where u.tenant_id = $1
    and not exists (select 1 from sessions s where s.user_id = u.id)`,
};

async function expectNothingHalfMade(): Promise<void> {
  await deployment.use(async ({ id, database }) => {
    for (const [what, sql] of Object.entries(HALF_MADE))
      expect([what, await database.read(id, sql, [id])]).toEqual([what, []]);
  });
}

it('kill -9 at random points of 100 sign-ins leaves nothing half made, and the same people sign in afterwards', async () => {
  const people = Array.from({ length: PEOPLE }, (_, index) => `person-${index}`);
  // Two people an organization: some sign-ins make one, some join it.
  people.forEach((id, index) => deployment.addPerson(id, { siret: siretOf(Math.floor(index / 2)) }));
  let finished = 0;
  for (let round = 0; round < KILLS; round++) {
    await deployment.start(0);
    const wave = people.slice((round * PEOPLE) / KILLS, ((round + 1) * PEOPLE) / KILLS);
    const arrivals = await Promise.all(wave.map((id) => deployment.reachCallback(id, 0)));
    const visits = arrivals.map(({ browser, callback }) =>
      browser.get(callback, { follow: false, timeout: 30_000 }).then(
        ({ status }) => status,
        () => 'cut off',
      ),
    );
    await pause(Math.random() * 250);
    await deployment.kill(0);
    finished += (await Promise.all(visits)).filter((status) => status === 302).length;
    await expectNothingHalfMade();
  }
  await deployment.start(0);
  for (const id of people) {
    const { browser, callback } = await deployment.reachCallback(id, 0);
    const { status } = await browser.get(callback, { follow: false });
    expect([id, status]).toEqual([id, 302]);
  }
  await deployment.kill(0);
  await expectNothingHalfMade();
  expect(finished).toBeLessThan(PEOPLE);
  expect(await deployment.read(`select id from users where tenant_id = $1`)).toHaveLength(PEOPLE);
  expect(await deployment.read(`select id from organizations where tenant_id = $1`)).toHaveLength(PEOPLE / 2);
}, 600_000);
