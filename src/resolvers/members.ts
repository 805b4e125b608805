import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { administers, isUser } from '../auth/administers.js';
import { forbidden } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { sessionOf } from '../actor.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { readMembershipFacts } from '../database/loaders/membership-facts.js';
import { toHeldRoles } from '../database/loaders/roles.js';
import { type Doer, explainMembership, type Reason } from '../organizations/explain-membership.js';
import { assignRoles, changeMemberRoles, type MemberRolesChange } from '../organizations/member-roles.js';
import {
  addMembers,
  type ChangedMembers,
  leaveOrganization,
  NOTHING_CHANGED,
  removeMembers,
  replaceMembers,
} from '../organizations/members.js';
import {
  OrganizationLeaveInput,
  OrganizationLeavePayload,
  OrganizationMemberRemoveInput,
  OrganizationMemberRolesInput,
  OrganizationMembersAddInput,
  OrganizationMembersAssignRolesInput,
  OrganizationMembersPayload,
  OrganizationMembersRemoveInput,
  OrganizationMembersReplaceInput,
} from '../schema/members.js';
import { MembershipPayload, MembershipType } from '../schema/membership.js';
import { MembershipExplanation } from '../schema/membership-explanation.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { attempt, isShown, requireUuid } from './answers.js';

/** The most memberships that a payload shows. */
const MOST_SHOWN = 100;

/** A payload whose objects are read when they are asked for. */
interface MembersValue {
  organizationUuid: string;
  shownIds: string[];
  addedCount: number;
  removedCount: number;
  changedCount: number;
  lostAdministrator: boolean;
  userErrors: readonly unknown[];
}

@Resolver(() => OrganizationMembersPayload)
export class MembersResolver {
  @FieldResolver(() => OrganizationType, { nullable: true, description: 'The organization as it is now.' })
  organization(@Root() { organizationUuid }: MembersValue, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => [MembershipType], {
    nullable: 'items',
    description: 'The memberships that are new or have other roles now: the first hundred of them.',
  })
  memberships(@Root() { shownIds }: MembersValue, @Ctx() { loaders, tenant }: GraphQLContext) {
    return Promise.all(shownIds.map((id) => loaders.memberships.byId(tenant.id, id)));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationMembersPayload, {
    description: 'Makes users members of an organization: all of them, or none. It may be repeated.',
  })
  organizationMembersAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMembersAddInput, { description: 'Who, and where.' })
    { organizationId: id, userIds, roleIds }: OrganizationMembersAddInput,
  ) {
    const input = { ...readInput(id, userIds), roleIds: roleIds && readRoleIds(roleIds) };
    return answer(input.organizationId, () => addMembers(context, input));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationMembersPayload, {
    description: 'Makes these users the members of an organization, and no others. Who stays is left as they are.',
  })
  organizationMembersReplace(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMembersReplaceInput, { description: 'Who, and where.' })
    { organizationId: id, userIds }: OrganizationMembersReplaceInput,
  ) {
    const input = readInput(id, userIds);
    return answer(input.organizationId, () => replaceMembers(context, input));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationMembersPayload, {
    description: 'Removes a member from an organization, with their roles there.',
  })
  organizationMemberRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMemberRemoveInput, { description: 'Who, and from where.' })
    { organizationId, userId }: OrganizationMemberRemoveInput,
  ) {
    const input = {
      organizationId: requireUuid('Organization', organizationId, 'input.organizationId'),
      userIds: [requireUuid('User', userId, 'input.userId')],
    };
    return answer(input.organizationId, () => removeMembers(context, 'organizationMemberRemove', input));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationMembersPayload, {
    description: 'Removes members from an organization, with their roles there: all of them, or none.',
  })
  organizationMembersRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMembersRemoveInput, { description: 'Who, and from where.' })
    { organizationId, userIds }: OrganizationMembersRemoveInput,
  ) {
    const input = readInput(organizationId, userIds);
    return answer(input.organizationId, () => removeMembers(context, 'organizationMembersRemove', input));
  }

  @Auth('ORGANIZATION_MEMBER')
  @Mutation(() => OrganizationLeavePayload, {
    description: 'Ends your own membership of an organization. It is never refused to a member who is signed in.',
  })
  async organizationLeave(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationLeaveInput, { description: 'Which organization.' })
    { organizationId }: OrganizationLeaveInput,
  ) {
    if (!sessionOf(context)) throw forbidden('organizationLeave', 'SELF');
    const uuid = requireUuid('Organization', organizationId, 'input.organizationId');
    const { result, userErrors } = await attempt(() => leaveOrganization(context, { organizationId: uuid }));
    return {
      organizationId: result ? organizationId : null,
      lostAdministrator: result?.lostAdministrator ?? false,
      userErrors,
    } as OrganizationLeavePayload;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationMembersPayload, {
    description: 'Gives several members roles beside those that they have: each role to each member, or none at all.',
  })
  organizationMembersAssignRoles(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMembersAssignRolesInput, { description: 'Who, where, and which.' })
    { organizationId, userIds, roleIds }: OrganizationMembersAssignRolesInput,
  ) {
    const input = { ...readInput(organizationId, userIds), roleIds: readRoleIds(roleIds) };
    return answer(input.organizationId, () => assignRoles(context, input));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => MembershipPayload, { description: 'Gives a member roles beside those that they have.' })
  organizationMemberRolesAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMemberRolesInput, { description: 'Who, where, and which.' })
    input: OrganizationMemberRolesInput,
  ) {
    return changeRoles(context, 'organizationMemberRolesAdd', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => MembershipPayload, {
    description: 'Makes these roles all that a member has; none at all takes every one away.',
  })
  organizationMemberRolesSet(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMemberRolesInput, { description: 'Who, where, and which.' })
    input: OrganizationMemberRolesInput,
  ) {
    return changeRoles(context, 'organizationMemberRolesSet', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => MembershipPayload, { description: 'Takes roles away from a member, who stays a member.' })
  organizationMemberRoleRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationMemberRolesInput, { description: 'Who, where, and which.' })
    input: OrganizationMemberRolesInput,
  ) {
    return changeRoles(context, 'organizationMemberRoleRemove', input);
  }

  @Auth('SIGNED_IN')
  @Query(() => MembershipExplanation, {
    nullable: true,
    description:
      "Why a user is a member of an organization, or is not, and holds their roles there. For the organization's administrators, and for the user; null for others.",
  })
  async membershipExplain(
    @Ctx() context: GraphQLContext,
    @Arg('organizationId', () => ID, { description: 'The organization.' }) organizationId: string,
    @Arg('userId', () => ID, { description: 'The user.' }) userId: string,
  ) {
    const { loaders, tenant, database } = context;
    const viewer = context.viewer!;
    const organizationUuid = requireUuid('Organization', organizationId, 'organizationId');
    const userUuid = requireUuid('User', userId, 'userId');
    const isAdministrator = viewer.isTenantAdministrator || administers(viewer, organizationUuid);
    if (!isAdministrator && !isUser(viewer, userUuid)) return null;
    const facts = await readMembershipFacts(database, tenant.id, organizationUuid, userUuid);
    // Of what they were never part of, somebody learns not even whether it is there.
    if (!isAdministrator && !facts.membership && !facts.events.some(({ type }) => type.startsWith('membership.')))
      return null;
    const { membershipUuid, origin, roles, permissions, absence } = explainMembership(facts);
    const shown = <Given extends Reason>({ by, eventUuid, ...rest }: Given) => ({
      ...rest,
      by: by && showDoer(context, by),
      event: eventUuid && loaders.events.byId(tenant.id, eventUuid),
    });
    const toRole = ({ roleUuid, roleName }: { roleUuid: string; roleName: string }) =>
      toHeldRoles([[roleUuid, roleName]])[0];
    return {
      userId,
      organizationId,
      user: loaders.users.byId(tenant.id, userUuid),
      organization: loaders.organizations.byId(tenant.id, organizationUuid),
      isMember: membershipUuid !== null,
      membership: membershipUuid && loaders.memberships.byId(tenant.id, membershipUuid),
      origin: origin && {
        ...shown(origin),
        connection: origin.connectionUuid && (await findConnection(context, origin.connectionUuid)),
      },
      roles: roles.map((role) => ({ ...shown(role), role: toRole(role) })),
      permissions: permissions.map(({ name, roles: through }) => ({ permission: name, roles: through.map(toRole) })),
      absence: absence && shown(absence),
    };
  }
}

async function findConnection(context: GraphQLContext, uuid: string) {
  const row = await context.loaders.connections.byId(context.tenant.id, uuid);
  return row && isShown(context, row) ? row : null;
}

function showDoer({ loaders, tenant }: GraphQLContext, { kind, userUuid, applicationUuid }: Doer) {
  return {
    kind,
    user: userUuid && loaders.users.byId(tenant.id, userUuid),
    applicationId: applicationUuid && toGlobalId('Application', applicationUuid),
  };
}

function readInput(organizationId: string, userIds: readonly string[]) {
  return {
    organizationId: requireUuid('Organization', organizationId, 'input.organizationId'),
    userIds: userIds.map((id, index) => requireUuid('User', id, `input.userIds.${index}`)),
  };
}

const readRoleIds = (roleIds: readonly string[]) =>
  roleIds.map((id, index) => requireUuid('Role', id, `input.roleIds.${index}`));

async function answer(organizationUuid: string, change: () => Promise<ChangedMembers>): Promise<MembersValue> {
  const { result, userErrors } = await attempt(change);
  const { membershipIds, added, removed, changed, lostAdministrator } = result ?? NOTHING_CHANGED;
  return {
    organizationUuid,
    shownIds: membershipIds.slice(0, MOST_SHOWN),
    ...{ addedCount: added, removedCount: removed, changedCount: changed, lostAdministrator, userErrors },
  };
}

async function changeRoles(context: GraphQLContext, via: MemberRolesChange, input: OrganizationMemberRolesInput) {
  const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
  const userId = requireUuid('User', input.userId, 'input.userId');
  const roleIds = input.roleIds && readRoleIds(input.roleIds);
  const asked = { organizationId, userId, roleIds, roleNames: input.roleNames };
  const { result, userErrors } = await attempt(() => changeMemberRoles(context, via, asked));
  return { membership: result && (await context.loaders.memberships.byId(context.tenant.id, result)), userErrors };
}
