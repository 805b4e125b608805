import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { migrate } from '../../src/database/migrate.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
const [tenant, other, organization, user, role, membership] = Array.from({ length: 6 }, () => v7());

beforeAll(async () => {
  test = await createTestDatabase({ isMigrated: false, poolSize: 2 });
});

afterAll(() => test?.close());

const rows = (text: string, tenantId = tenant!) =>
  test.database.read<Record<string, unknown>>(tenantId, text, [tenantId]);

it('a database of before roles had permissions is brought up to date with its rows', async () => {
  await test.database.orm.migrator.up({ to: '20261122-events' });
  for (const id of [tenant!, other!]) {
    await rows(`insert into tenants (id, slug, name, created_at) values ($1, 't${id}', 'T', now())`, id);
    await rows(
      `insert into roles (id, tenant_id, name, is_built_in) values
        (${id === tenant ? `'${role}'` : 'gen_random_uuid()'}, $1, 'administrator', true),
        (gen_random_uuid(), $1, 'member', true)`,
      id,
    );
  }
  await rows(`insert into organizations
      (id, tenant_id, name, name_status, name_source, search_text, status, created_at, updated_at)
    values ('${organization}', $1, 'École Nº 1', 'CONFIRMED', 'ADMINISTRATOR', 'ecole no 1', 'ACTIVE', now(), now())`);
  await rows(`insert into users (id, tenant_id, status, email, email_normalized, given_name, created_at, updated_at)
    values ('${user}', $1, 'ACTIVE', 'Zoe@Example.org', 'zoe@example.org', 'Zoé', now(), now())`);
  await rows(`insert into memberships (id, tenant_id, organization_id, user_id, source, joined_at)
    values ('${membership}', $1, '${organization}', '${user}', 'ADMIN', now())`);
  await rows(`insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
    values (gen_random_uuid(), $1, '${membership}', '${role}', now())`);
  await rows(`insert into events (id, tenant_id, type, at, actor_kind, via)
    values (gen_random_uuid(), $1, 'session.ended', now(), 'SYSTEM', 'test')`);

  expect(await migrate(test.database)).toEqual([
    '20261123-organizations',
    '20261124-factors-and-directories',
    '20261125-enrollment',
    '20261126-sources',
  ]);

  expect(await rows(`select slug, is_mfa_required, custom_data::text from organizations where tenant_id = $1`)).toEqual(
    [
      {
        slug: expect.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
        is_mfa_required: false,
        custom_data: '{}',
      },
    ],
  );
  const granted = `select r.name as role, p.name as permission from role_permissions rp
    join roles r on r.tenant_id = $1 and r.id = rp.role_id join permissions p on p.tenant_id = $1 and p.id = rp.permission_id
    where rp.tenant_id = $1`;
  for (const id of [tenant!, other!]) {
    expect(await rows(granted, id)).toEqual([{ role: 'administrator', permission: 'organization:administer' }]);
  }
  expect(
    await rows(`select r.kind, mr.role_kind, mr.source, m.member_name from membership_roles mr
      join roles r on r.tenant_id = $1 and r.id = mr.role_id
      join memberships m on m.tenant_id = $1 and m.id = mr.membership_id where mr.tenant_id = $1`),
  ).toEqual([{ kind: 'USER', role_kind: 'USER', source: null, member_name: 'zoe' }]);
  expect(await migrate(test.database)).toEqual([]);
});
