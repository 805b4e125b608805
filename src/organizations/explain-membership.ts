import type { MembershipEventFact, MembershipFacts } from '../database/loaders/membership-facts.js';
import { AbsenceReason, ActorKind, MembershipSource } from '../entities/enums.js';

/** Who did something, as far as it is known. */
export interface Doer {
  kind: ActorKind;
  userUuid: string | null;
  applicationUuid: string | null;
}

/** Why something is so: in a sentence, since when, by whom, and by which event. */
export interface Reason {
  because: string;
  at: string | null;
  by: Doer | null;
  eventUuid: string | null;
}

export interface RoleReason extends Reason {
  roleUuid: string;
  roleName: string;
  /** Null for what was granted before this was kept. */
  source: MembershipSource | null;
}

export interface Explanation {
  membershipUuid: string | null;
  /** Why the user is a member; null for those who are none. */
  origin: (Reason & { source: MembershipSource; connectionUuid: string | null }) | null;
  roles: RoleReason[];
  /** What the roles grant together, each once, by name. */
  permissions: { name: string; roles: { roleUuid: string; roleName: string }[] }[];
  /** Why the user is no member; null for members. */
  absence: (Reason & { reason: AbsenceReason }) | null;
}

/**
 * Why a user is a member of an organization, or is not, and why they hold each role there. Pure: what the membership and
 * its roles carry says how they came; the events add which change it was, as far back as the log goes.
 */
export function explainMembership({ membership, grants, events }: MembershipFacts): Explanation {
  if (!membership) {
    return { membershipUuid: null, origin: null, roles: [], permissions: [], absence: explainAbsence(events) };
  }
  const own = events.filter(({ objectUuid }) => objectUuid === membership.uuid);
  const added = own.find(({ type }) => type === 'membership.added') ?? null;
  const { source, connectionUuid, connectionName, joinedAt } = membership;
  const origin = {
    source,
    connectionUuid,
    because: MEMBER_BECAUSE[source](connectionName ?? 'a connection'),
    at: joinedAt,
    by: doerOf(added, membership.addedByUserUuid, membership.addedByApplicationUuid),
    eventUuid: added?.uuid ?? null,
  };
  const roles = grants.map((grant): RoleReason => {
    const event = own.find((one) => hasGiven(one, grant.roleName)) ?? null;
    const cameAlong = grant.source === source && grant.grantedAt === joinedAt;
    return {
      roleUuid: grant.roleUuid,
      roleName: grant.roleName,
      source: grant.source,
      because: cameAlong
        ? 'It came with the membership.'
        : grant.source
          ? ROLE_BECAUSE[grant.source]
          : 'It was given before Vestibule kept how.',
      at: grant.grantedAt,
      by: doerOf(event, grant.grantedByUserUuid, grant.grantedByApplicationUuid),
      eventUuid: event?.uuid ?? null,
    };
  });
  const names = [...new Set(grants.flatMap(({ permissions }) => permissions))].sort();
  const permissions = names.map((name) => ({
    name,
    roles: grants
      .filter((grant) => grant.permissions.includes(name))
      .map(({ roleUuid, roleName }) => ({ roleUuid, roleName })),
  }));
  return { membershipUuid: membership.uuid, origin, roles, permissions, absence: null };
}

/** Whether this event gave the role. Events name roles as they were called then. */
function hasGiven({ type, before, after }: MembershipEventFact, role: string): boolean {
  if (type !== 'membership.added' && type !== 'membership.roles_changed') return false;
  return (after?.roles?.includes(role) ?? false) && !before?.roles?.includes(role);
}

/**
 * The newest event of the person's memberships there says why there is none: it ended one, or the one that it left
 * standing went with the person or the organization. The end of either says nothing of who was no member.
 */
function explainAbsence(events: readonly MembershipEventFact[]): Explanation['absence'] {
  const ofMembership = events.find(({ type }) => type.startsWith('membership.'));
  const hasEnded = ofMembership && ENDINGS.includes(ofMembership.type);
  const last = hasEnded ? ofMembership : events.find(({ type }) => !type.startsWith('membership.'));
  if (!ofMembership || !last) {
    const reason = ofMembership ? AbsenceReason.UNKNOWN : AbsenceReason.NEVER_MEMBER;
    return { reason, because: ABSENT_BECAUSE[reason], at: null, by: null, eventUuid: null };
  }
  const reason = reasonOf(last);
  const by = doerOf(last, null, null);
  return { reason, because: ABSENT_BECAUSE[reason], at: last.at, by, eventUuid: last.uuid };
}

const ENDINGS = ['membership.removed', 'membership.moved'];

function reasonOf({ type, via }: MembershipEventFact): AbsenceReason {
  if (type === 'membership.moved') return AbsenceReason.MOVED;
  if (type === 'organization.deleted') return AbsenceReason.ORGANIZATION_DELETED;
  if (type === 'user.deleted') return AbsenceReason.USER_DELETED;
  return via === 'organizationLeave' ? AbsenceReason.LEFT : AbsenceReason.REMOVED;
}

function doerOf(event: MembershipEventFact | null, userUuid: string | null, applicationUuid: string | null) {
  if (event)
    return {
      kind: event.actorKind,
      userUuid: event.actorUserUuid,
      applicationUuid: event.actorApplicationUuid,
    };
  if (applicationUuid) return { kind: ActorKind.APPLICATION, userUuid: null, applicationUuid };
  return userUuid ? { kind: ActorKind.USER, userUuid, applicationUuid: null } : null;
}

const MEMBER_BECAUSE: Record<MembershipSource, (connection: string) => string> = {
  [MembershipSource.SSO]: (connection) => `A sign-in through ${connection} named the organization.`,
  [MembershipSource.JIT_CONNECTION]: (connection) =>
    `A first sign-in through ${connection} joined it, by a rule of the organization.`,
  [MembershipSource.JIT_DOMAIN]: () =>
    'The domain of a verified email address joined it, by a rule of the organization.',
  [MembershipSource.ENROLLMENT]: () => 'A petition was approved.',
  [MembershipSource.INVITATION]: () => 'An invitation was accepted.',
  [MembershipSource.SCIM]: (connection) => `The directory of ${connection} named the person.`,
  [MembershipSource.ADMIN]: () => 'An administrator added the person.',
  [MembershipSource.PIPELINE]: () => 'A record of a source named the person, and its pipeline gave the membership.',
};

const ROLE_BECAUSE: Record<MembershipSource, string> = {
  [MembershipSource.SSO]: 'A sign-in gave it.',
  [MembershipSource.JIT_CONNECTION]: 'A rule of the organization gave it at a first sign-in.',
  [MembershipSource.JIT_DOMAIN]: 'A rule of the organization about the domain of the email address gave it.',
  [MembershipSource.ENROLLMENT]: 'A petition that was approved gave it.',
  [MembershipSource.INVITATION]: 'An invitation that was accepted gave it.',
  [MembershipSource.SCIM]: 'A group of a directory gave it.',
  [MembershipSource.ADMIN]: 'An administrator gave it.',
  [MembershipSource.PIPELINE]: 'The pipeline of a source gave it.',
};

const ABSENT_BECAUSE: Record<AbsenceReason, string> = {
  [AbsenceReason.NEVER_MEMBER]: 'No event tells of a membership, as far back as the log goes.',
  [AbsenceReason.LEFT]: 'The person left.',
  [AbsenceReason.REMOVED]: 'The person was removed.',
  [AbsenceReason.MOVED]: 'A sign-in named another organization, and the person moved there.',
  [AbsenceReason.ORGANIZATION_DELETED]: 'The organization was deleted.',
  [AbsenceReason.USER_DELETED]: 'The person was deleted.',
  [AbsenceReason.UNKNOWN]: 'No event tells how the membership ended.',
};
