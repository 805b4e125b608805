import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import { sessionOf } from '../actor.js';
import { isUser } from '../auth/administers.js';
import { forbidden } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import type { FactorRow, MembershipRow, UserRow } from '../database/loaders/rows.js';
import { FactorKind } from '../entities/enums.js';
import { beginPasskey, confirmPasskey, type PasskeyContext } from '../factors/add-passkey.js';
import { beginTotp, confirmTotp } from '../factors/add-totp.js';
import { assertFactor, resetFactors, retractFactor } from '../factors/administer-factors.js';
import { removeFactor, renameFactor } from '../factors/change-factor.js';
import { enterOrganization } from '../factors/enter-organization.js';
import { beginProof, proveFactor } from '../factors/prove-factor.js';
import { ConnectionType } from '../schema/connection.js';
import {
  FactorConnection,
  FactorOptionsPayload,
  FactorPasskeyConfirmInput,
  FactorPayload,
  FactorProveInput,
  FactorProvePayload,
  FactorRemoveInput,
  FactorRemovePayload,
  FactorRenameInput,
  FactorTotpBeginPayload,
  FactorTotpConfirmInput,
  FactorType,
  OrganizationEnterInput,
  OrganizationEnterPayload,
  UserFactorInput,
  UserFactorPayload,
} from '../schema/factor.js';
import { MembershipType } from '../schema/membership.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, isShown, pageRequest, requireUuid, toConnection } from './answers.js';

/** What is about a person's own account needs a session of theirs: an access token or an application has none. */
function ownContext(context: GraphQLContext, field: string): PasskeyContext {
  const session = sessionOf(context);
  if (!session) throw forbidden(field, 'SELF');
  return { ...context, session };
}

@Resolver(() => FactorType)
export class FactorResolver {
  @FieldResolver(() => ConnectionType, {
    nullable: true,
    description: "Of a provider's factor: the way in. Null when it is disabled.",
  })
  async connection(@Root() { connectionUuid }: FactorRow, @Ctx() context: GraphQLContext) {
    const row = connectionUuid && (await context.loaders.connections.byId(context.tenant.id, connectionUuid));
    return row && isShown(context, row) ? row : null;
  }

  @Auth('SIGNED_IN')
  @Mutation(() => FactorTotpBeginPayload, {
    description: 'Begins to set up an authenticator app; finish with factorTotpConfirm within five minutes.',
  })
  async factorTotpBegin(@Ctx() context: GraphQLContext) {
    const own = ownContext(context, 'factorTotpBegin');
    const { result, userErrors } = await attempt(() => beginTotp(own));
    return { uri: result?.uri ?? null, secret: result?.secret ?? null, userErrors };
  }

  @Auth('SIGNED_IN')
  @Mutation(() => FactorPayload, { description: 'Adds the authenticator app as a second factor, by a code of it.' })
  async factorTotpConfirm(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => FactorTotpConfirmInput, { description: 'The code.' }) input: FactorTotpConfirmInput,
  ) {
    const own = ownContext(context, 'factorTotpConfirm');
    const { result, userErrors } = await attempt(() => confirmTotp(own, input));
    return { factor: await findFactor(context, result), userErrors };
  }

  @Auth('SIGNED_IN')
  @Mutation(() => FactorOptionsPayload, {
    description: 'Begins to add a passkey; finish with factorPasskeyConfirm within five minutes.',
  })
  async factorPasskeyBegin(@Ctx() context: GraphQLContext) {
    const own = ownContext(context, 'factorPasskeyBegin');
    const { result, userErrors } = await attempt(() => beginPasskey(own));
    return { options: result, userErrors };
  }

  @Auth('SIGNED_IN')
  @Mutation(() => FactorPayload, { description: 'Adds the passkey that the browser made as a second factor.' })
  async factorPasskeyConfirm(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => FactorPasskeyConfirmInput, { description: 'The passkey.' }) input: FactorPasskeyConfirmInput,
  ) {
    const own = ownContext(context, 'factorPasskeyConfirm');
    const { result, userErrors } = await attempt(() => confirmPasskey(own, input));
    return { factor: await findFactor(context, result), userErrors };
  }

  @Auth('SIGNED_IN')
  @Mutation(() => FactorOptionsPayload, {
    description: 'Begins to show a passkey; finish with factorProve within five minutes. A code needs no beginning.',
  })
  async factorProveBegin(@Ctx() context: GraphQLContext) {
    const own = ownContext(context, 'factorProveBegin');
    const { result, userErrors } = await attempt(() => beginProof(own));
    return { options: result, userErrors };
  }

  @Auth('SIGNED_IN')
  @Mutation(() => FactorProvePayload, {
    description: 'Shows a second factor in this session. Wrong codes are counted, and answered with growing pauses.',
  })
  async factorProve(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => FactorProveInput, { description: 'The code, or the passkey.' }) input: FactorProveInput,
  ) {
    const own = ownContext(context, 'factorProve');
    const { loaders, tenant } = context;
    const { result, userErrors } = await attempt(() => proveFactor(own, input));
    const session = await loaders.users.sessionById(tenant.id, own.session.sessionId);
    return { factor: await findFactor(context, result), session, userErrors };
  }

  @Auth('SELF')
  @Mutation(() => FactorPayload, { description: 'Gives a second factor of yours another name.' })
  async factorRename(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => FactorRenameInput, { description: 'The factor.' }) input: FactorRenameInput,
  ) {
    const id = requireUuid('Factor', input.id, 'input.id');
    const own = ownContext(context, 'factorRename');
    const { userErrors } = await attempt(() => renameFactor(own, { id, name: input.name ?? null }));
    return { factor: await findFactor(context, id), userErrors };
  }

  @Auth('SELF')
  @Mutation(() => FactorRemovePayload, {
    description:
      'Removes a second factor of yours. Needs a sign-in of the last ten minutes, and a second factor shown in this session.',
  })
  async factorRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => FactorRemoveInput, { description: 'The factor.' }) input: FactorRemoveInput,
  ) {
    const id = requireUuid('Factor', input.id, 'input.id');
    const own = ownContext(context, 'factorRemove');
    const { userErrors } = await attempt(() => removeFactor(own, { id }));
    return { removedId: userErrors.length ? null : input.id, userErrors };
  }

  @Auth('SIGNED_IN')
  @Mutation(() => OrganizationEnterPayload, {
    description:
      'Makes one of your organizations the active one of this session. One that requires a second factor is entered with one alone.',
  })
  async organizationEnter(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationEnterInput, { description: 'The organization.' }) input: OrganizationEnterInput,
  ) {
    const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
    const own = ownContext(context, 'organizationEnter');
    const { loaders, tenant } = context;
    const { userErrors } = await attempt(() => enterOrganization(own, { organizationId }));
    return {
      organization: userErrors.length ? null : await loaders.organizations.byId(tenant.id, organizationId),
      session: await loaders.users.sessionById(tenant.id, own.session.sessionId),
      userErrors,
    };
  }
}

@Resolver(() => MembershipType)
export class MembershipFactorsResolver {
  @FieldResolver(() => Boolean, {
    description:
      'Of your own membership: whether the organization keeps you out until you have, or have shown, a second factor.',
  })
  isMfaNeeded(@Root() { userUuid, organizationUuid }: MembershipRow, @Ctx() { viewer }: GraphQLContext): boolean {
    return isUser(viewer!, userUuid) && viewer!.barredOrganizations.has(organizationUuid);
  }
}

@Resolver(() => UserType)
export class UserFactorsResolver {
  @Auth('SELF')
  @FieldResolver(() => FactorConnection, {
    nullable: true,
    description: "The user's second factors, the oldest first.",
  })
  async factors(
    @Root() { uuid }: UserRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.factors.page(tenant.id, uuid, pageRequest(first, after)));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => Boolean, {
    nullable: true,
    description: 'Whether the user has a second factor of a kind that counts in the tenant.',
  })
  async hasFactor(@Root() { uuid }: UserRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.factors.kinds(tenant.id, uuid)) !== undefined;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => [FactorKind], {
    nullable: true,
    description: "The kinds of the user's second factors, of those that count in the tenant.",
  })
  async factorKinds(@Root() { uuid }: UserRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.factors.kinds(tenant.id, uuid)) ?? [];
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => UserFactorPayload, {
    description:
      'Says that a user has a second factor that Vestibule does not see. It counts as configured, and cannot be shown.',
  })
  userFactorAssert(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => UserFactorInput, { description: 'The user.' }) input: UserFactorInput,
  ) {
    return change(context, input, assertFactor);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => UserFactorPayload, { description: 'Takes back what userFactorAssert said.' })
  userFactorRetract(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => UserFactorInput, { description: 'The user.' }) input: UserFactorInput,
  ) {
    return change(context, input, retractFactor);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => UserFactorPayload, {
    description:
      'Takes all second factors from a user who has lost theirs. Their sessions go on, and have shown none any more.',
  })
  userFactorsReset(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => UserFactorInput, { description: 'The user.' }) input: UserFactorInput,
  ) {
    return change(context, input, resetFactors);
  }
}

function findFactor({ loaders, tenant }: GraphQLContext, id: string | null) {
  return id && loaders.factors.byId(tenant.id, id);
}

async function change(
  context: GraphQLContext,
  input: UserFactorInput,
  operation: (context: GraphQLContext, input: { userId: string }) => Promise<void>,
) {
  const userId = requireUuid('User', input.userId, 'input.userId');
  const { userErrors } = await attempt(() => operation(context, { userId }));
  return { user: await context.loaders.users.byId(context.tenant.id, userId), userErrors };
}
