import { AttributeTarget, MembershipSource } from '../../entities/enums.js';
import type { PersonRecord } from '../../entities/person-record.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import type { AppliedMembership } from './applied.js';
import { giveAttribute, type Giving, valueOf } from './give-values.js';
import type { PipelineMember, PipelineWorld } from './world.js';

const { PIPELINE } = MembershipSource;

/**
 * Makes the person a member of the pipeline's organization with its roles. `gives`: the record has just become theirs, or
 * is there again. Otherwise what an administrator has taken away since stays away. False: the organization takes nobody.
 */
export function giveMembership(
  giving: Giving,
  settings: PipelineSettings,
  record: PersonRecord,
  gives: boolean,
  world: PipelineWorld,
): boolean {
  const { person, applied, notes } = giving;
  const { organizationId, replacesOrganizationId } = settings;
  if (!organizationId) return true;
  const known = applied.memberships?.[organizationId];
  const present = person.memberships[organizationId];
  if (!present && known && !gives) return true;
  if (!present && !world.organizations.get(organizationId)) {
    notes.push('The organization of the pipeline is suspended, archived or gone: it takes no new members.');
    return false;
  }
  const member: PipelineMember = present ?? { id: null, source: PIPELINE, attributes: {}, roles: [] };
  person.memberships[organizationId] = member;
  const now: AppliedMembership = {
    isGiven: member.source === PIPELINE,
    roleIds: [],
    values: { ...known?.values },
  };
  applied.memberships = { ...applied.memberships, [organizationId]: now };
  giveRoles(giving, settings, record, { member, known, now, givesAgain: gives || !present, world });
  for (const { from, target, targetName } of settings.attributes) {
    if (target !== AttributeTarget.MEMBERSHIP_ATTRIBUTE) continue;
    const others = giving.others.map(({ memberships }) => memberships?.[organizationId]?.values);
    giveAttribute(giving, member.attributes, targetName, valueOf(record, from), {
      claims: now.values,
      others,
      place: targetName,
    });
  }
  if (gives && !person.isNew && replacesOrganizationId && replacesOrganizationId !== organizationId)
    delete person.memberships[replacesOrganizationId];
  return true;
}

/** The roles that the pipeline gives to whom this record is of. */
export function rolesOf({ roleIds, affiliationRoles }: PipelineSettings, { affiliation }: PersonRecord): string[] {
  const besides = affiliationRoles.filter((role) => role.affiliation === affiliation).map(({ roleId }) => roleId);
  return [...new Set([...roleIds, ...besides])];
}

function giveRoles(
  { others, notes }: Giving,
  settings: PipelineSettings,
  record: PersonRecord,
  {
    member,
    known,
    now,
    givesAgain,
    world,
  }: {
    member: PipelineMember;
    known: AppliedMembership | undefined;
    now: AppliedMembership;
    givesAgain: boolean;
    world: PipelineWorld;
  },
): void {
  const wanted = rolesOf(settings, record);
  const isHeldUp = (roleId: string) =>
    others.some(({ memberships }) => memberships?.[settings.organizationId!]?.roleIds.includes(roleId));
  const gone = (known?.roleIds ?? []).filter((id) => !wanted.includes(id) && !isHeldUp(id));
  member.roles = member.roles.filter(({ roleId, source }) => source !== PIPELINE || !gone.includes(roleId));
  for (const roleId of wanted) {
    const held = member.roles.find((role) => role.roleId === roleId);
    if (held) {
      if (held.source === PIPELINE) now.roleIds.push(roleId);
    } else if (!world.roles.has(roleId)) {
      notes.push('A role of the pipeline is gone, or cannot be used in its organization: take it out of the pipeline.');
    } else {
      // What was given before and is there no more, an administrator took away.
      if (givesAgain || !known?.roleIds.includes(roleId))
        member.roles = [...member.roles, { roleId, source: PIPELINE }];
      now.roleIds.push(roleId);
    }
  }
}

/**
 * Ends what the record gave in organizations: a membership that came from a pipeline, and the roles that did in one that
 * did not. What another record of the person gave, too, stays. Gives whether anything ended.
 */
export function endMemberships({ person, applied, others }: Giving, takesAttributes = false): boolean {
  let hasEnded = false;
  for (const [organizationId, given] of Object.entries(applied.memberships ?? {})) {
    const member = person.memberships[organizationId];
    if (!member) continue;
    const isHeldUp = others.some(({ memberships }) => memberships?.[organizationId]?.isGiven);
    if (given.isGiven && member.source === PIPELINE && !isHeldUp) {
      delete person.memberships[organizationId];
      hasEnded = true;
      continue;
    }
    const stays = ({ roleId, source }: PipelineMember['roles'][number]) =>
      source !== PIPELINE ||
      !given.roleIds.includes(roleId) ||
      others.some(({ memberships }) => memberships?.[organizationId]?.roleIds.includes(roleId));
    const roles = member.roles.filter(stays);
    hasEnded ||= roles.length < member.roles.length;
    member.roles = roles;
    if (takesAttributes) takeAttributesBack({ person, applied, others, notes: [] }, organizationId, given, member);
  }
  delete applied.memberships;
  return hasEnded;
}

/** Takes back the attributes that the record gave to memberships that stay. */
export function takeAttributesBack(
  giving: Giving,
  organizationId: string,
  given: AppliedMembership,
  member: PipelineMember,
): void {
  const others = giving.others.map(({ memberships }) => memberships?.[organizationId]?.values);
  for (const place of Object.keys(given.values))
    giveAttribute(giving, member.attributes, place, null, { claims: given.values, others, place });
}
