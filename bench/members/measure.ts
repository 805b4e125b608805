import pg from 'pg';
import { pino } from 'pino';
import { v7 } from 'uuid';
import type { OperationContext, Viewer } from '../../src/context.js';
import { openDatabase } from '../../src/database/database.js';
import { createMembershipLoaders } from '../../src/database/loaders/members.js';
import { createSealing } from '../../src/database/sealing.js';
import { MemberOrder } from '../../src/entities/member-order.js';
import { assignRoles } from '../../src/organizations/member-roles.js';
import { administer, createDatabase, type Server } from '../database.js';
import { medianOf } from '../measure.js';

/** Something done with members, in milliseconds at the median, against the same done by hand. */
export interface MemberLine {
  title: string;
  floorTitle: string;
  floor: number;
  own: number;
  /** Of the operation, `begin` and `commit` among them. */
  statements: number;
}

const SMALL = { organizations: 2_000, users: 20_000 };
const MEMBERS = 10_000;
const EDITED = 1_000;
const ROLES = 3;

/** One INSERT of the same roles: what no way of assigning them can do without. */
const INSERT_ROLES = `
  insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at, source)
  select gen_random_uuid(), $1, m.id, r.id, now(), 'ADMIN'
  from unnest($2::uuid[]) as m(id) cross join unnest($3::uuid[]) as r(id)`;

/** And of the events that tell of them, one a member. */
const INSERT_EVENTS = `
  insert into events (id, tenant_id, type, at, actor_kind, via, organization_id, object_id, "before", "after", changes_salt, origin_salt)
  select gen_random_uuid(), $1, 'membership.roles_changed', now(), 'USER', 'bench', $3, m.id, '{"roles":["member"]}',
    '{"roles":["a","b","c","member"]}', sha256(m.id::text::bytea), sha256(m.id::text::bytea)
  from unnest($2::uuid[]) as m(id)`;

/** Roles for 1,000 members in one mutation, and pages of 10,000 members with their roles, in a database of its own. */
export async function measureMembers(
  server: Server,
  rounds: number,
  tell: (line: string) => void,
): Promise<MemberLine[]> {
  const { url, openUrl, tenantId, remove } = await createDatabase(server, SMALL, []);
  const statements: string[] = [];
  const database = await openDatabase({
    ...{ url, folder: '', poolSize: 2 },
    onStatement: (text) => statements.push(text),
  });
  const floor = new pg.Client({ connectionString: openUrl });
  await floor.connect();
  try {
    const { organizationId, userIds, membershipIds, roleIds } = await populate(openUrl, tenantId);
    const context = contextOf(database, tenantId);
    const input = { organizationId, userIds, roleIds };
    const clear = () =>
      floor.query('delete from membership_roles where tenant_id = $1 and role_id = any($2::uuid[])', [
        tenantId,
        roleIds,
      ]);
    const byHand = async (withEvents: boolean) => {
      await floor.query('begin');
      await floor.query({ name: 'roles', text: INSERT_ROLES, values: [tenantId, membershipIds, roleIds] });
      if (withEvents)
        await floor.query({ name: 'events', text: INSERT_EVENTS, values: [tenantId, membershipIds, organizationId] });
      await floor.query('commit');
    };
    const times = { bare: [] as number[], told: [] as number[], own: [] as number[] };
    let counted = 0;
    for (let round = 0; round <= rounds; round++) {
      for (const [side, run] of [
        ['bare', () => byHand(false)],
        ['told', () => byHand(true)],
        ['own', () => assignRoles(context, input)],
      ] as const) {
        statements.length = 0;
        const taken = await clock(run);
        if (round > 0) times[side].push(taken);
        if (side === 'own') counted = statements.length;
        await clear();
      }
    }
    const own = medianOf(times.own);
    const title = `${EDITED.toLocaleString('en')} members given ${ROLES} roles each in one mutation`;
    const lines: MemberLine[] = [
      { title, floorTitle: 'one INSERT', floor: medianOf(times.bare), own, statements: counted },
      { title, floorTitle: 'that and one INSERT of its events', floor: medianOf(times.told), own, statements: counted },
    ];
    const loaders = createMembershipLoaders(database);
    for (const order of [MemberOrder.JOINED_AT, MemberOrder.NAME]) {
      const read = async (after: string[] | null) => {
        const taken = [];
        for (let round = 0; round < rounds * 5; round++)
          taken.push(
            await clock(() => loaders.page(tenantId, 'organization', organizationId, { first: 100, after }, { order })),
          );
        return medianOf(taken.slice(rounds));
      };
      const deep = await administer<{ id: string; name: string }>(
        openUrl,
        `select id, member_name as name from memberships where tenant_id = $1 and organization_id = $2
         order by ${order === MemberOrder.NAME ? 'member_name, id' : 'id'} offset ${MEMBERS * 0.9} limit 1`,
        [tenantId, organizationId],
      );
      const { id, name } = deep[0]!;
      lines.push({
        title: `page 91 of ${MEMBERS.toLocaleString('en')} members with roles at 100 a page, by ${order}`,
        floorTitle: 'page 1',
        floor: await read(null),
        own: await read(order === MemberOrder.NAME ? [name, id] : [id]),
        statements: 1,
      });
    }
    for (const line of lines)
      tell(
        `${line.title}: ${line.own.toFixed(1)} ms, ${(line.own / line.floor).toFixed(2)} × ${line.floorTitle} (${line.floor.toFixed(1)} ms), ${line.statements} statements`,
      );
    return lines;
  } finally {
    await floor.end();
    await database.close();
    await remove();
  }
}

async function clock(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** One organization with 10,000 members, three roles to give, and the first thousand of the members. */
async function populate(openUrl: string, tenantId: string) {
  const organizationId = v7();
  await administer(
    openUrl,
    `insert into organizations (id, tenant_id, name, slug, name_status, name_source, search_text, status, created_at, updated_at)
     values ($2, $1, 'Crowd', 'crowd', 'CONFIRMED', 'ADMINISTRATOR', 'crowd', 'ACTIVE', now(), now())`,
    [tenantId, organizationId],
  );
  const members = await administer<{ id: string; user: string }>(
    openUrl,
    `with joined as (
       insert into memberships (id, tenant_id, organization_id, user_id, source, joined_at)
       select gen_random_uuid(), $1, $2, id, 'ADMIN', now() from users where tenant_id = $1 order by id limit ${MEMBERS}
       returning id, user_id
     ), held as (
       insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select gen_random_uuid(), $1, j.id, r.id, now() from joined j
       join roles r on r.tenant_id = $1 and r.is_built_in and r.name = 'member'
     )
     select id, user_id as user from joined`,
    [tenantId, organizationId],
  );
  const roles = await administer<{ id: string }>(
    openUrl,
    `insert into roles (id, tenant_id, name) select gen_random_uuid(), $1, 'bench-' || n from generate_series(1, ${ROLES}) n
     returning id`,
    [tenantId],
  );
  await administer(openUrl, 'analyze');
  const edited = members.slice(0, EDITED);
  return {
    organizationId,
    userIds: edited.map(({ user }) => user),
    membershipIds: edited.map(({ id }) => id),
    roleIds: roles.map(({ id }) => id),
  };
}

function contextOf(database: OperationContext['database'], tenantId: string): OperationContext {
  const viewer: Viewer = {
    ...{ userId: v7(), applicationId: null, sessionId: v7(), connectionId: v7(), isTenantAdministrator: true },
    ...{ rolesByOrganization: new Map(), barredOrganizations: new Map() },
    ...{ authenticatedAt: new Date(), expiresAt: new Date() },
  };
  return {
    database,
    tenant: { id: tenantId, slug: 'default', publicUrl: 'https://bench.test' },
    viewer,
    sealing: createSealing([Buffer.alloc(32)]),
    clock: () => new Date(),
    log: pino({ level: 'silent' }),
  };
}
