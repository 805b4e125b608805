import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import { runSql } from '../database/transact.js';
import { OrganizationStatus, type RoleKind, type UserStatus } from '../entities/enums.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';

/** What an operation on members asks about. Ids are uuids. */
export interface AskedMembers {
  organizationId: string;
  userIds: readonly string[];
  roleIds?: readonly string[];
  roleNames?: readonly string[];
  /**
   * For adding: the users are locked, and those who are no members yet are found among the people of these
   * organizations; null: among all of the tenant. Left out, members alone are found.
   */
  among?: readonly string[] | null;
  /** Whether the members who are not among `userIds` are wanted, too. */
  withOthers?: boolean;
}

export interface FoundUser {
  id: string;
  status: UserStatus;
  /** Null for those who are no members. */
  membershipId: string | null;
  /** The ids of the roles that they hold; of members alone, and not where others are asked for by `among`. */
  roleIds: string[];
}

export interface FoundRole {
  id: string;
  name: string;
  kind: RoleKind;
  /** The organization whose own it is; null for the tenant's. */
  organizationId: string | null;
}

export interface FoundMembers {
  status: OrganizationStatus;
  /** By id. */
  users: Map<string, FoundUser>;
  /** Those of the tenant and of the organization that were asked for, by id or name. */
  roles: FoundRole[];
  /** The memberships of everybody else. */
  otherIds: string[];
}

type FoundRow = Omit<FoundMembers, 'users'> & {
  users: [id: string, status: UserStatus, membershipId: string | null, roleIds: string[] | null][];
};

const MEMBERS = `select m.id, m.user_id from memberships m
  where m.tenant_id = $1 and m.organization_id = $2 and m.user_id = any($3::uuid[])`;
const REACHED = {
  ALL: 'true',
  AMONG: `a.id in (select m.user_id from memberships m
    where m.tenant_id = $1 and m.organization_id = any($6::uuid[]) and m.user_id = any($3::uuid[]))`,
};
const OTHERS = `(select coalesce(json_agg(m.id), '[]') from memberships m
  left join unnest($3::uuid[]) as kept(id) on kept.id = m.user_id
  where m.tenant_id = $1 and m.organization_id = $2 and kept.id is null)`;

/** One text for each form of the question; few conditions, each with a plan of its own. */
function statement(reach: keyof typeof REACHED | 'MEMBERS', withOthers: boolean): string {
  const users =
    reach === 'MEMBERS'
      ? `select json_build_array(u.id, u.status, p.id, (
           select json_agg(mr.role_id) from membership_roles mr where mr.tenant_id = $1 and mr.membership_id = p.id)) as found
         from present p join users u on u.tenant_id = $1 and u.id = p.user_id`
      : `select json_build_array(a.id, a.status, p.id, null) as found
         from asked a left join present p on p.user_id = a.id where p.id is not null or ${REACHED[reach]}`;
  // Users come before the organization: that is the order of locks.
  return `
    with asked as materialized (
      ${
        reach === 'MEMBERS'
          ? 'select null::uuid as id where false'
          : `select u.id, u.status from users u
             where u.tenant_id = $1 and u.id = any($3::uuid[]) order by u.id for share`
      }
    ), locked as materialized (
      select o.id, o.status from organizations o
      where o.tenant_id = $1 and o.id = $2 and (select count(*) from asked) >= 0 for no key update
    ), present as materialized (${MEMBERS})
    select locked.status,
      (select coalesce(json_agg(found), '[]') from (${users}) found_users) as users,
      (select coalesce(json_agg(json_build_object(
         'id', r.id, 'name', r.name, 'kind', r.kind, 'organizationId', r.organization_id) order by r.id), '[]')
       from roles r where r.tenant_id = $1 and (r.organization_id is null or r.organization_id = $2)
         and (r.id = any($4::uuid[]) or r.name = any($5::text[]))) as roles,
      ${withOthers ? OTHERS : `'[]'::json`} as "otherIds"
    from locked`;
}

const STATEMENTS = new Map(
  (['ALL', 'AMONG', 'MEMBERS'] as const).flatMap((reach) =>
    [true, false].map((withOthers) => [`${reach} ${withOthers}`, statement(reach, withOthers)] as const),
  ),
);

/**
 * Locks the organization, and the users who are to be added before it, and gives what is known of the users and the
 * roles: one statement, however many they are. Throws Faults: NOT_FOUND for the organization.
 *
 * What it gives is as it was when the statement began, and others may have changed members while it waited for the
 * lock. That is as if they came after: what is written next goes by keys, and a membership or a role that has gone
 * since has the operation run again.
 */
export async function lockMembers(
  manager: EntityManager,
  { tenantId }: Writer,
  { organizationId, userIds, roleIds = [], roleNames = [], among, withOthers = false }: AskedMembers,
): Promise<FoundMembers> {
  const reach = among === undefined ? 'MEMBERS' : among === null ? 'ALL' : 'AMONG';
  const text = STATEMENTS.get(`${reach} ${withOthers}`)!;
  const values: unknown[] = [tenantId, organizationId, userIds, roleIds, roleNames];
  const [found] = await runSql<FoundRow>(manager, text, reach === 'AMONG' ? [...values, among] : values);
  refuseFaults([!found && fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId')]);
  const { users, ...rest } = found!;
  const read = users.map(([id, status, membershipId, held]) => ({ id, status, membershipId, roleIds: held ?? [] }));
  return { ...rest, users: new Map(read.map((user) => [user.id, user])) };
}

/** Who is not active takes no new members, and gives nobody new roles. */
export function refuseInactive({ status }: Pick<FoundMembers, 'status'>) {
  return status === OrganizationStatus.ACTIVE
    ? null
    : fault(
        UserErrorCode.WRONG_STATUS,
        'The organization is suspended or archived: resume it first.',
        'organizationId',
      );
}
