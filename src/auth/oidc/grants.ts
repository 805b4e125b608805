import { errors } from 'oidc-provider';
import { toGlobalId, uuidOf } from '../../database/loaders/ids.js';
import { hashSecret } from '../../secret.js';
import type { RecordsContext } from './records.js';
import { findAccount } from './accounts.js';
import { Denied, grantScopes, issueToken, requireRights, type TokenContext } from './organization-token.js';
import { readTarget } from './requested-target.js';
import { administersTenant, findApplicationRights, findUserRights, type SignInFacts } from './rights.js';
import { ORGANIZATIONS_SCOPE } from './scopes.js';
import { methodsOf } from './sessions.js';
import { ADMINISTER_TENANT, type Target } from './target.js';

export type GrantContext = RecordsContext & { tenantId: string };

/** The uuid of the application that asks. */
export function applicationOf(ctx: TokenContext): string {
  return uuidOf('Application', ctx.oidc.client.clientId)!;
}

/** client_credentials: an application's token for an organization that it is in, or for the tenant that it administers. */
export async function grantToApplication(context: GrantContext, ctx: TokenContext): Promise<void> {
  const target = readTarget(ctx.oidc.params);
  if (!target) throw new errors.InvalidTarget('name an organization: urn:vestibule:organization:<id>');
  const permissions = await findApplicationPermissions(context, applicationOf(ctx), target);
  const token = new ctx.oidc.provider.ClientCredentials({ client: ctx.oidc.client });
  ctx.oidc.entity('ClientCredentials', token);
  await issueToken(ctx, token, target, { scopes: grantScopes(ctx.oidc.params.scope, permissions) });
}

async function findApplicationPermissions(
  { database, tenantId }: GrantContext,
  applicationId: string,
  { organizationId }: Target,
): Promise<string[]> {
  if (organizationId === null) {
    if (await administersTenant(database, tenantId, applicationId)) return [ADMINISTER_TENANT];
    throw new Denied('the application does not administer the tenant');
  }
  const rights = await findApplicationRights(database, tenantId, organizationId, applicationId);
  return requireRights(rights, 'the application').permissions;
}

/** Whether a refresh asks for an organization's token, which {@link refreshForOrganization} answers. */
export function asksForOrganization({ oidc: { params } }: TokenContext): boolean {
  return params.resource !== undefined || params.organization_id !== undefined;
}

/**
 * refresh_token for an organization: a token with what the person may do there at this moment. It is decided before the
 * refresh token is touched: what is refused leaves it as it was. As everywhere, one that is used twice is revoked with
 * all that came of it.
 */
export async function refreshForOrganization(
  context: GrantContext,
  ctx: TokenContext,
  rotates: (ctx: TokenContext) => boolean,
): Promise<void> {
  const { provider, client, params } = ctx.oidc;
  const target = readTarget(params)!;
  if (target.organizationId === null) throw new errors.InvalidTarget('people get tokens for organizations');
  if (typeof params.refresh_token !== 'string') throw new errors.InvalidRequest('refresh_token is missing');
  const found = await provider.RefreshToken.find(params.refresh_token, { ignoreExpiration: true });
  if (!found || found.clientId !== client.clientId || found.isExpired) throw invalidGrant('refresh token not found');
  const grant = await provider.Grant.find(found.grantId!);
  const account = await findAccount(context, context.tenantId, found.accountId);
  if (!grant || grant.clientId !== client.clientId || grant.accountId !== found.accountId || !account)
    throw invalidGrant('the grant does not stand any more');
  if (found.consumed) {
    await found.adapter.consume(found.jti);
    throw invalidGrant('refresh token already used');
  }
  if (!found.scopes.has(ORGANIZATIONS_SCOPE))
    throw new errors.InsufficientScope('the refresh token lacks a scope', ORGANIZATIONS_SCOPE);

  const facts = signInFactsOf(found);
  const userId = uuidOf('User', found.accountId)!;
  const { organizationId } = target;
  const rights = await findUserRights(context.database, context.tenantId, organizationId, userId, facts);
  const { permissions, hasMfa } = requireRights(rights, 'the person');

  ctx.oidc.entity('RefreshToken', found);
  ctx.oidc.entity('Grant', grant);
  ctx.oidc.entity('Account', account);
  const next = rotates(ctx) ? await rotate(ctx, found) : params.refresh_token;
  const token = new provider.AccessToken({
    accountId: found.accountId,
    client,
    grantId: found.grantId!,
    gty: 'refresh_token',
  });
  await issueToken(ctx, token, target, {
    scopes: grantScopes(params.scope, permissions),
    claims: signInClaims({
      grantKey: hashSecret(found.grantId!),
      sessionId: found.expiresWithSession ? facts.sessionId : null,
      authTime: found.authTime,
      acr: found.acr,
      amr: found.amr,
      hasMfa,
    }),
    answer: { refresh_token: next },
  });
}

type RefreshToken = InstanceType<TokenContext['oidc']['provider']['RefreshToken']>;

/** Replaces a refresh token by another of the same rights. */
async function rotate(ctx: TokenContext, found: RefreshToken): Promise<string> {
  const { provider, client } = ctx.oidc;
  await found.consume();
  ctx.oidc.entity('RotatedRefreshToken', found);
  const next = new provider.RefreshToken({
    accountId: found.accountId,
    acr: found.acr,
    amr: found.amr,
    authTime: found.authTime,
    claims: found.claims,
    client,
    expiresWithSession: found.expiresWithSession,
    grantId: found.grantId!,
    gty: 'refresh_token',
    iiat: found.iiat,
    nonce: found.nonce,
    rotations: (found.rotations ?? 0) + 1,
    scope: found.scope!,
    sessionUid: found.sessionUid,
    sid: found.sid,
  });
  ctx.oidc.entity('RefreshToken', next);
  return next.save();
}

/** How the person signed in, and what the token ends with, as its claims say it. */
export function signInClaims(facts: {
  grantKey: string | null;
  sessionId: string | null;
  authTime: number | undefined;
  acr: string | null | undefined;
  amr: string[] | undefined;
  hasMfa: boolean;
}): Record<string, unknown> {
  const { grantKey, sessionId, authTime, acr } = facts;
  const amr = methodsOf(facts.amr, facts.hasMfa);
  return {
    ...(grantKey ? { grant: grantKey } : {}),
    ...(sessionId ? { session_id: toGlobalId('Session', sessionId) } : {}),
    ...(authTime ? { auth_time: authTime } : {}),
    ...(acr ? { acr } : {}),
    ...(amr.length ? { amr } : {}),
  };
}

/** `mfa` among the methods (RFC 8176) says that the sign-in showed a second factor. */
export function mfaOf({ amr, authTime }: { amr?: string[] | undefined; authTime?: number | undefined }): Date | null {
  return amr?.includes('mfa') && authTime ? new Date(authTime * 1000) : null;
}

/** What a code or token says of the sign-in that it came of; opaque access tokens keep it beside them. */
export function signInFactsOf(source: object): SignInFacts {
  const { amr, authTime, extra, sessionUid } = source as {
    amr?: string[];
    authTime?: number;
    extra?: { amr?: string[]; auth_time?: number };
    sessionUid?: string;
  };
  const said = { amr: amr ?? extra?.amr, authTime: authTime ?? extra?.auth_time };
  return { mfaAt: mfaOf(said), sessionId: uuidOrNull(sessionUid) };
}

function uuidOrNull(uid: string | undefined): string | null {
  return uid && /^[0-9a-f-]{36}$/.test(uid) ? uid : null;
}

/** What is wrong with the grant is for the log alone. */
function invalidGrant(detail: string) {
  return new errors.InvalidGrant(detail);
}
