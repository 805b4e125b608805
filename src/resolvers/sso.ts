import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { sessionOf } from '../actor.js';
import { badInput } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { beginLogin } from '../auth/login.js';
import { safeReturnTo } from '../return-to.js';
import { endSessionsNow } from '../auth/session.js';
import { completeLink, completeSignIn, refuseStaleSession } from '../auth/sign-in.js';
import { createSecret } from '../secret.js';
import { writerOf } from '../actor.js';
import type { IdentityRow } from '../database/loaders/rows.js';
import { syncOnLogin } from '../enrollment/synchronization/sync-on-login.js';
import { LoginIntent, SessionTransport } from '../entities/enums.js';
import { type Fault, fault, UserErrorCode } from '../faults.js';
import { Auth } from '../schema/requirement.js';
import { JSONObject } from '../schema/scalars.js';
import {
  IdentityLinkInput,
  IdentityPayload,
  IdentityUnlinkInput,
  SessionEndInput,
  SessionEndPayload,
  SsoBeginInput,
  SsoBeginPayload,
  SsoCompleteInput,
  SsoCompletePayload,
  SsoPreview,
} from '../schema/sso.js';
import { findEnabledConnection } from '../sso/find-connection.js';
import { previewLink } from '../sso/preview.js';
import { principalCase } from '../sso/link.js';
import { Refusal } from '../sso/refusal.js';
import { unlinkIdentity } from '../users/unlink-identity.js';
import { attempt, requireUuid } from './answers.js';

@Resolver()
export class SsoResolver {
  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => SsoPreview, {
    nullable: true,
    description: 'What a sign-in with these claims would do now. Writes nothing.',
  })
  async ssoPreview(
    @Ctx() context: GraphQLContext,
    @Arg('connection', () => String, { description: 'The slug of the connection.' }) slug: string,
    @Arg('claims', () => JSONObject, { description: 'Claims as the provider gives them: sub, email, siret, acr, …' })
    claims: Record<string, unknown>,
  ) {
    const { loaders, tenant } = context;
    const connection = await loaders.connections.bySlug(tenant.id, slug);
    if (!connection) throw badInput('There is no connection of this slug.', 'connection');
    try {
      const preview = await previewLink(context, { ...connection, id: connection.uuid }, claims);
      const { case: row, cases, refusal, userId, organizationId, createsUser, createsOrganization, leaves } = preview;
      return {
        result: { case: row, cases, refusal },
        user: userId && loaders.users.byId(tenant.id, userId),
        createsUser,
        organization: organizationId && loaders.organizations.byId(tenant.id, organizationId),
        createsOrganization,
        leaves: Promise.all(leaves.map((id) => loaders.organizations.byId(tenant.id, id))),
      };
    } catch (error) {
      if (error instanceof Refusal) throw badInput('claims.sub is 1 to 255 characters.', 'claims');
      throw error;
    }
  }

  @Auth('PUBLIC')
  @Mutation(() => SsoBeginPayload, {
    description: 'Begins to sign in, or to link an account, from a single-page or native client.',
  })
  async ssoBegin(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SsoBeginInput, { description: 'The trip.' }) input: SsoBeginInput,
  ) {
    try {
      const connection = await findEnabledConnection(context.database, context.tenant.id, input.connection);
      if (!connection.redirectUris.includes(input.redirectUri)) {
        const message = "redirectUri is not one of the connection's redirectUris: an administrator can add it.";
        return {
          authorizationUrl: null,
          binding: null,
          userErrors: [fault(UserErrorCode.INVALID, message, 'redirectUri')],
        };
      }
      if ((input.loginHint ?? '').length > 256)
        throw badInput('loginHint is at most 256 characters.', 'input.loginHint');
      if (input.intent === LoginIntent.LINK) refuseStaleSession(context);
      const binding = createSecret();
      const url = await beginLogin(context, {
        connection,
        binding,
        intent: input.intent,
        redirectUri: input.redirectUri,
        returnTo: safeReturnTo(input.returnTo),
        loginHint: input.loginHint ?? undefined,
        invitation: input.invitation ?? undefined,
        sessionId: input.intent === LoginIntent.LINK ? sessionOf(context)?.sessionId : undefined,
      });
      return { authorizationUrl: url.href, binding, userErrors: [] };
    } catch (error) {
      return { authorizationUrl: null, binding: null, userErrors: [refusalFault(context, error)] };
    }
  }

  @Auth('PUBLIC')
  @Mutation(() => SsoCompletePayload, {
    description: 'Finishes to sign in: opens a session for the client that began.',
  })
  async ssoComplete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SsoCompleteInput, { description: "The provider's answer." }) input: SsoCompleteInput,
  ) {
    try {
      const signedIn = await completeSignIn(context, readAnswer(input), input.transport);
      const { outcome, token, expiresAt, returnTo, invitation } = signedIn;
      const { tenant, loaders } = context;
      if (signedIn.syncsSources) await syncOnLogin(context, outcome.userId, context.loginSyncMilliseconds);
      context.viewer = (await context.findSession(tenant.id, token))?.viewer ?? null;
      if (input.transport === SessionTransport.COOKIE) context.setSessionCookie(token, expiresAt);
      return {
        result: { case: outcome.case, cases: outcome.cases, refusal: null },
        user: loaders.users.byId(tenant.id, outcome.userId),
        organization: outcome.organizationId && loaders.organizations.byId(tenant.id, outcome.organizationId),
        token: input.transport === SessionTransport.TOKEN ? token : null,
        expiresAt,
        returnTo,
        invitation: invitation && {
          invitation: invitation.id && loaders.invitations.byId(tenant.id, invitation.id),
          userErrors: invitation.faults,
        },
        userErrors: [],
      };
    } catch (error) {
      const userErrors = [refusalFault(context, error)];
      const { code, cases } = error as Refusal;
      return { result: { case: principalCase(cases), cases, refusal: code }, userErrors };
    }
  }

  @Auth('SIGNED_IN')
  @Mutation(() => IdentityPayload, {
    description: 'Finishes to link another provider account to yours. Your other sessions end.',
  })
  async identityLink(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => IdentityLinkInput, { description: "The provider's answer." }) input: IdentityLinkInput,
  ) {
    const { loaders, tenant, viewer } = context;
    const user = () => viewer?.userId && loaders.users.byId(tenant.id, viewer.userId);
    try {
      const { identityId } = await completeLink(context, readAnswer(input));
      return { identity: loaders.users.identityById(tenant.id, identityId), user: user(), userErrors: [] };
    } catch (error) {
      return { identity: null, user: user(), userErrors: [refusalFault(context, error)] };
    }
  }

  @Auth('SELF')
  @Mutation(() => IdentityPayload, {
    description:
      'Takes a provider account from its user and ends the sessions opened with it. Your own needs a recent sign-in.',
  })
  async identityUnlink(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => IdentityUnlinkInput, { description: 'The provider account.' }) input: IdentityUnlinkInput,
  ) {
    const { loaders, tenant, viewer } = context;
    const id = requireUuid('Identity', input.id, 'input.id');
    const identity = (await loaders.node(tenant.id, input.id)) as IdentityRow;
    try {
      if (identity.userUuid === viewer!.userId) refuseStaleSession(context);
      const { userErrors } = await attempt(() => unlinkIdentity(context, { id, userId: identity.userUuid }));
      return {
        identity: userErrors.length ? identity : null,
        user: loaders.users.byId(tenant.id, identity.userUuid),
        userErrors,
      };
    } catch (error) {
      return {
        identity,
        user: loaders.users.byId(tenant.id, identity.userUuid),
        userErrors: [refusalFault(context, error)],
      };
    }
  }

  @Auth('SELF')
  @Mutation(() => SessionEndPayload, {
    description: 'Ends a session: yours, or any of a user for administrators of the tenant.',
  })
  async sessionEnd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => SessionEndInput, { description: 'The session.' }) input: SessionEndInput,
  ) {
    const sessionId = requireUuid('Session', input.id, 'input.id');
    const ended = await endSessionsNow(context, writerOf(context, 'sessionEnd').actor, { sessionId });
    if (sessionId === context.viewer!.sessionId) context.clearSessionCookie();
    return {
      endedId: ended ? input.id : null,
      userErrors: ended ? [] : [fault(UserErrorCode.NOT_FOUND, 'This session has ended already.', 'id')],
    };
  }
}

/** What a provider added to the redirect address. */
function readAnswer({ binding, callbackUrl }: { binding: string; callbackUrl: string }) {
  if (!URL.canParse(callbackUrl))
    throw badInput('callbackUrl is the whole address that the provider sent the browser to.', 'input.callbackUrl');
  const answeredAt = new URL(callbackUrl);
  return { answer: answeredAt.searchParams, binding, answeredAt };
}

/** A refused sign-in is expected: it comes back as a user error, with its reason in the log alone. */
function refusalFault({ log }: GraphQLContext, error: unknown): Fault {
  if (!(error instanceof Refusal)) throw error;
  log.info({ code: error.code, reason: error.reason }, 'a sign-in was refused');
  return fault(UserErrorCode.SIGN_IN_REFUSED, `${error.message} (${error.code})`);
}
