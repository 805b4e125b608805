import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { transact } from '../../src/database/transact.js';
import { createEnrollmentFlowLoaders } from '../../src/database/loaders/enrollment-flows.js';
import { FlowAuthorization } from '../../src/entities/enums.js';
import { DEFAULT_SETTINGS } from '../../src/enrollment/flows/default-settings.js';
import { mayStart, type StartableFlow, type Starter } from '../../src/enrollment/flows/may-start.js';
import { startableSql } from '../../src/enrollment/flows/startable-sql.js';
import { runSql } from '../../src/database/transact.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { makeOrganization, seedTenant } from '../support/factories.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

/*
 * Who may start a flow is said twice: by `mayStart`, for one flow, and in SQL, for the list of what is offered. They
 * must say the same of every flow and everybody.
 */
it('[ENR-05] [ENR-06] one flow and the list say the same of who may start', async () => {
  const tenant = await seedTenant(test.database);
  const [mine, other] = [await makeOrganization(tenant), await makeOrganization(tenant)];
  const roles = [v7(), v7()];
  const flows: (StartableFlow & { id: string })[] = [];
  for (const authorization of Object.values(FlowAuthorization)) {
    for (const organizationId of [null, mine.id, other.id]) {
      for (const authorizationOrganizationId of [null, mine.id, other.id]) {
        for (const authorizationRoleId of [null, ...roles]) {
          const settings = { ...DEFAULT_SETTINGS, authorization, authorizationOrganizationId, authorizationRoleId };
          flows.push({ id: v7(), organizationId, settings: { ...settings, isOffered: true } as never });
        }
      }
    }
  }
  await transact(test.database, tenant.id, async (manager) => {
    for (const { id, organizationId, settings } of flows) {
      const version = v7();
      await runSql(
        manager,
        `insert into enrollment_flows
           (id, tenant_id, organization_id, name, status, current_version_id, created_at, updated_at)
         values ($1, $2, $3, 'Flow', 'ACTIVE', $4, now(), now())`,
        [id, tenant.id, organizationId, version],
      );
      await runSql(
        manager,
        `insert into enrollment_flow_versions (id, tenant_id, flow_id, number, name, settings, created_at)
         values ($1, $2, $3, 1, 'Flow', $4::jsonb, now())`,
        [version, tenant.id, id, JSON.stringify(settings)],
      );
    }
  });
  const loaders = createEnrollmentFlowLoaders(test.database);
  const nobody = { isAuthenticated: false, isTenantAdministrator: false };
  const sets = (memberOf: string[], administers: string[], roleIds: string[]) => ({
    ...{ memberOf: new Set(memberOf), administers: new Set(administers), roleIds: new Set(roleIds) },
  });
  const starters: Starter[] = [
    { ...nobody, ...sets([], [], []) },
    { ...nobody, isAuthenticated: true, ...sets([], [], []) },
    { ...nobody, isAuthenticated: true, ...sets([mine.id], [], []) },
    { ...nobody, isAuthenticated: true, ...sets([mine.id], [mine.id], []) },
    { ...nobody, isAuthenticated: true, ...sets([mine.id, other.id], [other.id], [roles[0]!]) },
    { ...nobody, isAuthenticated: true, ...sets([], [], [roles[1]!]) },
    { isAuthenticated: true, isTenantAdministrator: true, ...sets([], [], []) },
  ];
  for (const starter of starters) {
    const listed: string[] = [];
    let after: string[] | null = null;
    do {
      const page = await loaders.offeredPage(tenant.id, (value) => startableSql(starter, value), { first: 100, after });
      listed.push(...page.rows.map(({ uuid }) => uuid));
      after = page.hasNextPage ? [listed.at(-1)!] : null;
    } while (after);
    const expected = flows.filter((flow) => mayStart(flow, starter)).map(({ id }) => id);
    expect(listed).toEqual(expected);
  }
  // Not vacuous: each of them starts another number of flows.
  const counts = starters.map((starter) => flows.filter((flow) => mayStart(flow, starter)).length);
  expect(new Set(counts).size).toBe(starters.length);
});
