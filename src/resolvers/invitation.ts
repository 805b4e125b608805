import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { sessionOf } from '../actor.js';
import { administers } from '../auth/administers.js';
import { graphqlError } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { isInvitee, verifiedAddressOf } from '../auth/invitee.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { InvitationRow } from '../database/loaders/rows.js';
import { EmailAddress } from '../entities/email-address.js';
import { InvitationStatus, OrganizationStatus } from '../entities/enums.js';
import { invitationStatusAt } from '../entities/invitation-status.js';
import { fault, UserErrorCode } from '../faults.js';
import { acceptInvitation, declineInvitation } from '../joining/invitations/answer.js';
import { createInvitation, createInvitations } from '../joining/invitations/create.js';
import type { InvitationKey } from '../joining/invitations/lock.js';
import { deleteInvitation, resendInvitation, revokeInvitation } from '../joining/invitations/manage.js';
import {
  InvitationConnection,
  InvitationDeletePayload,
  InvitationFilterInput,
  InvitationLinkPayload,
  InvitationPayload,
  InvitationPermissions,
  InvitationsPayload,
  InvitationType,
  OrganizationInvitationAnswerInput,
  OrganizationInvitationCreateInput,
  OrganizationInvitationIdInput,
  OrganizationInvitationResendInput,
  OrganizationInvitationsCreateInput,
} from '../schema/invitation.js';
import { RoleType } from '../schema/role.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { hashSecret } from '../secret.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => InvitationType)
export class InvitationResolver {
  @Auth('SIGNED_IN')
  @Query(() => InvitationType, { nullable: true, description: 'One invitation; null when it is not for the caller.' })
  organizationInvitation(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('Invitation', id);
    return uuid ? loaders.invitations.byId(tenant.id, uuid) : null;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Query(() => InvitationConnection, {
    nullable: true,
    description: 'Invitations to an organization, the newest first; of the whole tenant for its administrators.',
  })
  organizationInvitations(
    @Ctx() context: GraphQLContext,
    @Arg('organizationId', () => ID, { nullable: true, description: 'Of which organization; absent: of all.' })
    organizationId?: string | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => InvitationFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: InvitationFilterInput | null,
  ) {
    const uuid = organizationId ? requireUuid('Organization', organizationId, 'organizationId') : null;
    return readInvitations(context, uuid, filter, first, after);
  }

  @Auth('SIGNED_IN')
  @Query(() => InvitationConnection, {
    description: 'The pending invitations for the verified address of the caller, the newest first.',
  })
  async viewerInvitations(
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const { loaders, tenant, clock } = context;
    // Nobody is invited at no address.
    const address = (await verifiedAddressOf(context)) ?? '';
    return toConnection(await loaders.invitations.pendingPage(tenant.id, address, clock(), pageRequest(first, after)));
  }

  @FieldResolver(() => InvitationStatus, {
    description: 'Where it stands now. One that is overdue reads EXPIRED at once.',
  })
  status(@Root() row: InvitationRow, @Ctx() { clock }: GraphQLContext) {
    return statusOf(row, clock());
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'Where to; null for who is no member yet.' })
  organization(@Root() { organizationUuid }: InvitationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who invited.' })
  inviter(@Root() { inviterUuid }: InvitationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return inviterUuid && loaders.users.byId(tenant.id, inviterUuid);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who accepted.' })
  acceptedBy(@Root() { acceptedByUuid }: InvitationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return acceptedByUuid && loaders.users.byId(tenant.id, acceptedByUuid);
  }

  @FieldResolver(() => [RoleType], {
    nullable: 'items',
    description: 'What it gives; null for a role that the caller may not see, which `roleNames` has.',
  })
  roles(@Root() { roleUuids }: InvitationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return Promise.all(roleUuids.map((uuid) => loaders.roles.byId(tenant.id, uuid)));
  }

  @FieldResolver(() => InvitationPermissions, { description: 'What the viewer may do with it now.' })
  async viewerCan(@Root() row: InvitationRow, @Ctx() context: GraphQLContext): Promise<InvitationPermissions> {
    const { viewer, clock } = context;
    const isPending = statusOf(row, clock()) === InvitationStatus.PENDING;
    const isOfActive = row.organizationStatus === OrganizationStatus.ACTIVE;
    const isAdministrator = viewer!.isTenantAdministrator || administers(viewer!, row.organizationUuid);
    const isTheirs = await isInvitee(context, row);
    return {
      resend: isAdministrator && isPending && isOfActive,
      revoke: isAdministrator && isPending,
      delete: isAdministrator,
      accept: isTheirs && isPending && isOfActive,
      decline: isTheirs && isPending,
    };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => InvitationLinkPayload, { description: 'Invites a person to an organization, by mail or by a link.' })
  async organizationInvitationCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationInvitationCreateInput, { description: 'Whom, and how.' })
    input: OrganizationInvitationCreateInput,
  ) {
    const { result, userErrors } = await attempt(() => createInvitation(context, { ...input, ...readIds(input) }));
    return { invitation: result && (await read(context, result.id)), acceptLink: result?.acceptLink, userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => InvitationsPayload, { description: 'Invites up to 100 people to an organization.' })
  async organizationInvitationsCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationInvitationsCreateInput, { description: 'Whom, and how.' })
    input: OrganizationInvitationsCreateInput,
  ) {
    const { result, userErrors } = await attempt(() => createInvitations(context, { ...input, ...readIds(input) }));
    const outcomes = (result ?? []).map(async ({ email, id, acceptLink, faults }) => {
      return { email, invitation: id && (await read(context, id)), acceptLink, userErrors: faults };
    });
    return { outcomes: await Promise.all(outcomes), userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => InvitationLinkPayload, {
    description: 'Gives a pending invitation a new link, and mails it. The link before opens nothing any more.',
  })
  async organizationInvitationResend(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationInvitationResendInput, { description: 'The invitation.' })
    input: OrganizationInvitationResendInput,
  ) {
    const id = requireUuid('Invitation', input.id, 'input.id');
    const { result: acceptLink, userErrors } = await attempt(() => resendInvitation(context, { ...input, id }));
    return { invitation: await read(context, id), acceptLink, userErrors };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => InvitationPayload, { description: 'Takes a pending invitation back.' })
  async organizationInvitationRevoke(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationInvitationIdInput, { description: 'The invitation.' })
    input: OrganizationInvitationIdInput,
  ) {
    const id = requireUuid('Invitation', input.id, 'input.id');
    const { userErrors } = await attempt(() => revokeInvitation(context, { id }));
    return { invitation: await read(context, id), userErrors };
  }

  @Auth('SIGNED_IN')
  @Mutation(() => InvitationPayload, {
    description:
      'Accepts an invitation for the verified address of the caller: they become a member with its roles; a member gains those that they lack.',
  })
  organizationInvitationAccept(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationInvitationAnswerInput, { description: 'The invitation.' })
    input: OrganizationInvitationAnswerInput,
  ) {
    return answer(context, input, acceptInvitation);
  }

  @Auth('SIGNED_IN')
  @Mutation(() => InvitationPayload, { description: 'Declines an invitation for the verified address of the caller.' })
  organizationInvitationDecline(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationInvitationAnswerInput, { description: 'The invitation.' })
    input: OrganizationInvitationAnswerInput,
  ) {
    return answer(context, input, declineInvitation);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => InvitationDeletePayload, {
    description: 'Deletes an invitation, whatever its status, with the address in it.',
  })
  async organizationInvitationDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationInvitationIdInput, { description: 'The invitation.' })
    input: OrganizationInvitationIdInput,
  ) {
    const id = requireUuid('Invitation', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteInvitation(context, { id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }
}

/** What organizations have of invitations. */
@Resolver(() => OrganizationType)
export class OrganizationInvitationsResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => InvitationConnection, { nullable: true, description: 'Who was invited, the newest first.' })
  invitations(
    @Root() { uuid }: { uuid: string },
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => InvitationFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: InvitationFilterInput | null,
  ) {
    return readInvitations(context, uuid, filter, first, after);
  }
}

const statusOf = ({ storedStatus, expiresAt }: InvitationRow, now: Date) =>
  invitationStatusAt(storedStatus, expiresAt, now);

const read = ({ loaders, tenant }: GraphQLContext, id: string) => loaders.invitations.byId(tenant.id, id);

async function readInvitations(
  { loaders, tenant, clock }: GraphQLContext,
  organizationUuid: string | null,
  filter: InvitationFilterInput | null | undefined,
  first: number | null | undefined,
  after: string | null | undefined,
) {
  const { status, email, inviterId } = filter ?? {};
  const conditions = {
    status: status ?? null,
    email: email ? (EmailAddress.parse(email)?.normalized ?? email.toLowerCase()) : null,
    inviterUuid: inviterId ? requireUuid('User', inviterId, 'filter.inviterId') : null,
  };
  const request = pageRequest(first, after);
  return toConnection(await loaders.invitations.page(tenant.id, organizationUuid, conditions, clock(), request));
}

function readIds({ organizationId, roleIds }: { organizationId: string; roleIds: string[] }) {
  return {
    organizationId: requireUuid('Organization', organizationId, 'input.organizationId'),
    roleIds: roleIds.map((id, index) => requireUuid('Role', id, `input.roleIds.${index}`)),
  };
}

/** Answering is about one's own account: who called by an access token is refused. */
async function answer(
  context: GraphQLContext,
  input: OrganizationInvitationAnswerInput,
  operation: (context: GraphQLContext, key: InvitationKey) => Promise<string>,
) {
  const { id, token } = input;
  if (!sessionOf(context)) {
    throw graphqlError('FORBIDDEN', 'An invitation is answered in a session of your own, not by an access token.');
  }
  if (!id === !token) {
    return { invitation: null, userErrors: [fault(UserErrorCode.INVALID, 'Give either id or token.', 'token')] };
  }
  const key = id ? { id: requireUuid('Invitation', id, 'input.id') } : { tokenHash: hashSecret(token!) };
  const { result, userErrors } = await attempt(() => operation(context, key));
  const shown = result ?? ('id' in key ? key.id : null);
  return { invitation: shown && (await read(context, shown)), userErrors };
}
