/*
 * One statement a workload, as somebody would write it who needs this answer and no other. $1 is the tenant. With
 * authorization, $2 is the hash of the caller's token: the statement finds the session, its user and their right to
 * the answer, and answers nothing without it.
 */

const CALLER = `
  select u.id, u.is_tenant_administrator as administers
  from sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
  where s.tenant_id = $1 and s.token_hash = $2 and s.expires_at > now() and u.status = 'ACTIVE'`;

const ROLES = `
  array(
    select r.name from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
    where mr.tenant_id = $1 and mr.membership_id = m.id order by r.name
  ) as roles`;

const members = (limit: number, columns: string) => `
  select m.id as membership, ${ROLES}, u.id as "user", u.given_name as "givenName", u.family_name as "familyName"${columns}
  from memberships m join users u on u.tenant_id = m.tenant_id and u.id = m.user_id
  where m.tenant_id = $1 and m.organization_id = o.id order by m.id limit ${limit}`;

const administersIt = `
  exists (
    select 1 from memberships m
    join membership_roles mr on mr.tenant_id = m.tenant_id and mr.membership_id = m.id
    join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id and r.name = 'administrator'
    where m.tenant_id = $1 and m.organization_id = o.id and m.user_id = c.id
  )`;

const isMember =
  'exists (select 1 from memberships m where m.tenant_id = $1 and m.organization_id = o.id and m.user_id = c.id)';

const pageAfter = (after: string | null, limit: number) =>
  `select o.id, o.name from organizations o where o.tenant_id = $1${after ? ` and o.id > ${after}` : ''} order by o.id limit ${limit}`;

const NAME = 'o.search_text';

const POINT = 'o.id, o.name, o.status, o.description, o.version';

export const AUTHORIZED = {
  point: `
    with c as (${CALLER})
    select ${POINT} from c join organizations o on o.tenant_id = $1 and o.id = $3 where c.administers or ${isMember}`,
  members: `
    with c as (${CALLER})
    select o.id, o.name, page.* from c
    join organizations o on o.tenant_id = $1 and o.id = $3 and (c.administers or ${administersIt})
    cross join lateral (${members(20, ', u.email')}) page order by page.membership`,
  list: `
    with c as (${CALLER})
    select o.id, o.name, page.* from c cross join lateral (${pageAfter('$3', 20)}) o
    cross join lateral (${members(10, '')}) page where c.administers order by o.id, page.membership`,
  listFirst: `
    with c as (${CALLER})
    select o.id, o.name, page.* from c cross join lateral (${pageAfter(null, 20)}) o
    cross join lateral (${members(10, '')}) page where c.administers order by o.id, page.membership`,
  joined: `
    with c as (${CALLER})
    select o.id, o.name, page.* from c
    cross join lateral (
      select o.id, o.name from memberships own
      join organizations o on o.tenant_id = own.tenant_id and o.id = own.organization_id
      where own.tenant_id = $1 and own.user_id = c.id order by o.id limit 20
    ) o
    cross join lateral (${members(10, '')}) page order by o.id, page.membership`,
  page: `
    with c as (${CALLER})
    select o.id, o.name from c cross join lateral (${pageAfter('$3', 6)}) o where c.administers order by o.id`,
  pageFirst: `
    with c as (${CALLER})
    select o.id, o.name from c cross join lateral (${pageAfter(null, 6)}) o where c.administers order by o.id`,
  named: `
    with c as (${CALLER})
    select o.id, o.name, o.key from c cross join lateral (
      select o.id, o.name, ${NAME} as key from organizations o
      where o.tenant_id = $1 and (${NAME}, o.id) > ($3::text collate "C", $4::uuid) order by ${NAME}, o.id limit 6
    ) o where c.administers order by o.key, o.id`,
  namedFirst: `
    with c as (${CALLER})
    select o.id, o.name, o.key from c cross join lateral (
      select o.id, o.name, ${NAME} as key from organizations o where o.tenant_id = $1 order by ${NAME}, o.id limit 6
    ) o where c.administers order by o.key, o.id`,
} as const;

export type StatementName = keyof typeof AUTHORIZED;

/** The same answers to anybody. */
export const OPEN: Partial<Record<StatementName, string>> = {
  point: `select ${POINT} from organizations o where o.tenant_id = $1 and o.id = $2`,
  members: `
    select o.id, o.name, page.* from organizations o cross join lateral (${members(20, ', u.email')}) page
    where o.tenant_id = $1 and o.id = $2 order by page.membership`,
  list: `
    select o.id, o.name, page.* from (${pageAfter('$2', 20)}) o
    cross join lateral (${members(10, '')}) page order by o.id, page.membership`,
  listFirst: `
    select o.id, o.name, page.* from (${pageAfter(null, 20)}) o
    cross join lateral (${members(10, '')}) page order by o.id, page.membership`,
};
