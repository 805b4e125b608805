import type { ActorKind } from '../../entities/enums.js';
import type { Database } from '../database.js';
import type { MembershipRow, RoleGrantRow } from './rows.js';

/** What an event says about a membership. `before` and `after` are null once they are erased. */
export interface MembershipEventFact {
  uuid: string;
  type: string;
  at: string;
  actorKind: ActorKind;
  actorUserUuid: string | null;
  actorApplicationUuid: string | null;
  via: string;
  objectUuid: string | null;
  before: { roles?: string[] } | null;
  after: { roles?: string[]; organizationId?: string } | null;
}

/** All that is known of why a user is, or is not, a member of an organization. */
export interface MembershipFacts {
  membership:
    | (Pick<
        MembershipRow,
        'uuid' | 'source' | 'connectionUuid' | 'joinedAt' | 'addedByUserUuid' | 'addedByApplicationUuid'
      > & { connectionName: string | null })
    | null;
  /** By the name of the role; `permissions` are the names of what it grants. */
  grants: (RoleGrantRow & { permissions: string[] })[];
  /** Those about this user's memberships there, and the end of either; the newest first. */
  events: MembershipEventFact[];
}

/** Nobody's role is explained by what happened so many changes ago. */
const MOST_EVENTS = 200;

const COLUMNS = `e.id as uuid, e.type, e.at, e.actor_kind as "actorKind", e.actor_user_id as "actorUserUuid",
  e.actor_application_id as "actorApplicationUuid", e.via, e.object_id as "objectUuid", e."before", e."after"`;
const NEWEST = 'order by e.id desc limit';

const HELD = `
  select m.id as uuid, m.source, m.connection_id as "connectionUuid", c.name as "connectionName",
    m.joined_at as "joinedAt", m.added_by_user_id as "addedByUserUuid",
    m.added_by_application_id as "addedByApplicationUuid", r.id as "roleUuid", r.name as "roleName",
    mr.source as "roleSource", mr.granted_at as "grantedAt", mr.granted_by_user_id as "grantedByUserUuid",
    mr.granted_by_application_id as "grantedByApplicationUuid",
    (select coalesce(json_agg(p.name order by p.name), '[]') from role_permissions rp
     join permissions p on p.tenant_id = $1 and p.id = rp.permission_id
     where rp.tenant_id = $1 and rp.role_id = r.id) as permissions
  from memberships m
  left join connections c on c.tenant_id = $1 and c.id = m.connection_id
  left join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
  left join roles r on r.tenant_id = $1 and r.id = mr.role_id
  where m.tenant_id = $1 and m.organization_id = $2 and m.user_id = $3 order by r.name, r.id`;

// The events of one person are few: those of the organization among them are told apart as they are read.
const EVENTS = `
  select * from (
    (select ${COLUMNS} from events e
     where e.tenant_id = $1 and e.user_id = $3 and e.organization_id = $2 and e.type like 'membership.%'
     ${NEWEST} ${MOST_EVENTS})
    union all
    (select ${COLUMNS} from events e
     where e.tenant_id = $1 and e.organization_id = $2 and e.type = 'organization.deleted' ${NEWEST} 1)
    union all
    (select ${COLUMNS} from events e
     where e.tenant_id = $1 and e.user_id = $3 and e.type = 'user.deleted' ${NEWEST} 1)
  ) e order by e.uuid desc`;

type HeldRow = NonNullable<MembershipFacts['membership']> &
  Omit<MembershipFacts['grants'][number], 'roleUuid'> & {
    roleUuid: string | null;
    roleSource: RoleGrantRow['source'];
  };

/** Reads them by two statements. Who may know them is not decided here. */
export async function readMembershipFacts(
  database: Database,
  tenantId: string,
  organizationUuid: string,
  userUuid: string,
): Promise<MembershipFacts> {
  const values = [tenantId, organizationUuid, userUuid];
  const [held, events] = await Promise.all([
    database.read<HeldRow>(tenantId, HELD, values),
    database.readPlanned<MembershipEventFact>(tenantId, EVENTS, values),
  ]);
  const [first] = held;
  if (!first) return { membership: null, grants: [], events };
  const { uuid, source, connectionUuid, connectionName, joinedAt, addedByUserUuid, addedByApplicationUuid } = first;
  const membership = {
    ...{ uuid, source, connectionUuid, connectionName, joinedAt },
    ...{ addedByUserUuid, addedByApplicationUuid },
  };
  const grants = held
    .filter(({ roleUuid }) => roleUuid)
    .map((row) => ({
      membershipUuid: uuid,
      roleUuid: row.roleUuid!,
      roleName: row.roleName,
      source: row.roleSource,
      grantedAt: row.grantedAt,
      grantedByUserUuid: row.grantedByUserUuid,
      grantedByApplicationUuid: row.grantedByApplicationUuid,
      permissions: row.permissions,
    }));
  return { membership, grants, events };
}
