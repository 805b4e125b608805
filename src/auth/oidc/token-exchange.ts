import { errors } from 'oidc-provider';
import type { TenantContext } from '../../context.js';
import { toGlobalId, uuidOf } from '../../database/loaders/ids.js';
import { SessionTransport } from '../../entities/enums.js';
import { hashSecret } from '../../secret.js';
import type { ViewerLoader } from '../viewer.js';
import { type TokenViewerLoader, verifyAccessToken } from './access-token.js';
import { applicationOf, type GrantContext, mfaOf, signInClaims } from './grants.js';
import type { SigningKeys } from './keys.js';
import {
  Denied,
  grantScopes,
  issueToken,
  requireRights,
  TOKEN_SECONDS,
  type TokenContext,
} from './organization-token.js';
import { readTarget } from './requested-target.js';
import { findApplicationRights, findUserRights } from './rights.js';
import { ORGANIZATIONS_SCOPE } from './scopes.js';

export type ExchangeContext = GrantContext & {
  tenant: TenantContext;
  keys: SigningKeys;
  findTokenViewer: TokenViewerLoader;
  findSession: ViewerLoader;
};

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
/** The token of a session that a client carries itself (transport TOKEN). */
export const SESSION_TOKEN = 'urn:vestibule:token-type:session';

export const EXCHANGE_PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'actor_token',
  'resource',
  'organization_id',
  'scope',
];

/** The person that a token speaks for, and how far. */
interface Subject {
  userId: string;
  /** The application that the token was issued to; null for a session's. */
  applicationId: string | null;
  /** The only organization that it is for; null: for those that the person is in. */
  organizationId: string | null;
  /** What the token may do at most; null: what the person may. */
  scopes: string[] | null;
  sessionId: string | null;
  grantKey: string | null;
  authTime: number | undefined;
  acr: string | null | undefined;
  amr: string[] | undefined;
  mfaAt: Date | null;
  secondsLeft: number;
  act: unknown;
}

/**
 * Token exchange (RFC 8693): an application that somebody handed their token to gets one for an organization, to act for
 * them there. Whose token it is: the application's own, or another's where the application is in that organization
 * itself. The answer is never more than the person may, than the token may that was handed over, and lasts no longer.
 */
export async function exchangeToken(context: ExchangeContext, ctx: TokenContext): Promise<void> {
  const { params, client, provider } = ctx.oidc;
  const { database, tenantId } = context;
  if (params.actor_token !== undefined) throw new errors.InvalidRequest('actor_token is not supported');
  if (![undefined, ACCESS_TOKEN, JWT].includes(params.requested_token_type as string | undefined))
    throw new errors.InvalidRequest('only access tokens are given');
  const target = readTarget(params);
  if (!target?.organizationId) throw new errors.InvalidTarget('name an organization: urn:vestibule:organization:<id>');
  const { organizationId } = target;
  const subject = await readSubject(context, ctx);
  if (subject.organizationId && subject.organizationId !== organizationId)
    throw new errors.InvalidTarget('the token is for another organization');

  const applicationId = applicationOf(ctx);
  const isOwn = subject.applicationId === applicationId;
  if (!isOwn && !(await findApplicationRights(database, tenantId, organizationId, applicationId)))
    throw new Denied('the application is not in this organization');
  const rights = await findUserRights(database, tenantId, organizationId, subject.userId, subject);
  const { permissions, hasMfa } = requireRights(rights, 'the person');
  const possible = permissions.filter((name) => subject.scopes?.includes(name) ?? true);

  const token = new provider.AccessToken({
    accountId: toGlobalId('User', subject.userId),
    client,
    grantId: '',
    gty: 'token_exchange',
  });
  const act = isOwn ? subject.act : { sub: client.clientId, ...(subject.act ? { act: subject.act } : {}) };
  await issueToken(ctx, token, target, {
    scopes: grantScopes(params.scope, possible),
    seconds: Math.min(TOKEN_SECONDS, subject.secondsLeft),
    claims: { ...signInClaims({ ...subject, hasMfa }), ...(act ? { act } : {}) },
    answer: { issued_token_type: ACCESS_TOKEN },
  });
}

async function readSubject(context: ExchangeContext, ctx: TokenContext): Promise<Subject> {
  const { subject_token: token, subject_token_type: type } = ctx.oidc.params;
  if (typeof token !== 'string' || typeof type !== 'string')
    throw new errors.InvalidRequest('subject_token and subject_token_type are needed');
  if (![ACCESS_TOKEN, JWT, SESSION_TOKEN].includes(type))
    throw new errors.InvalidRequest('subject_token_type is none that is known');
  const read = type === SESSION_TOKEN ? readSession : token.includes('.') ? readStructured : readOpaque;
  const subject = await read(context, ctx, token);
  if (!subject || subject.secondsLeft < 1) throw new errors.InvalidGrant('the subject token serves nobody');
  return subject;
}

async function readStructured(context: ExchangeContext, _ctx: TokenContext, token: string): Promise<Subject | null> {
  const claims = await verifyAccessToken(context, context.tenant, token);
  const viewer = claims && (await context.findTokenViewer(context.tenantId, claims));
  // An application that calls for itself has its own tokens, and nobody to act for.
  if (!claims?.userId || !viewer) return null;
  return {
    ...claims,
    userId: claims.userId,
    organizationId: claims.target.organizationId,
    authTime: Math.floor(claims.authenticatedAt.getTime() / 1000),
    secondsLeft: secondsUntil(context, claims.expiresAt),
    act: claims.payload.act,
  };
}

async function readOpaque(context: ExchangeContext, ctx: TokenContext, value: string): Promise<Subject | null> {
  const { provider } = ctx.oidc;
  const token = await provider.AccessToken.find(value);
  const userId = uuidOf('User', token?.accountId);
  if (!token || !userId) return null;
  const grant = await provider.Grant.find(token.grantId);
  if (!grant || grant.clientId !== token.clientId || grant.accountId !== token.accountId) return null;
  if (!(await provider.Client.find(token.clientId!))) return null;
  if (!token.scopes.has(ORGANIZATIONS_SCOPE))
    throw new errors.InsufficientScope('the subject token lacks a scope', ORGANIZATIONS_SCOPE);
  const { auth_time: authTime, acr, amr } = (token.extra ?? {}) as { auth_time?: number; acr?: string; amr?: string[] };
  return {
    userId,
    applicationId: uuidOf('Application', token.clientId),
    organizationId: null,
    scopes: null,
    sessionId: token.expiresWithSession ? (token.sessionUid ?? null) : null,
    grantKey: hashSecret(token.grantId),
    authTime,
    acr,
    amr,
    mfaAt: mfaOf({ amr, authTime }),
    secondsLeft: token.remainingTTL,
    act: undefined,
  };
}

async function readSession(context: ExchangeContext, _ctx: TokenContext, token: string): Promise<Subject | null> {
  const found = await context.findSession(context.tenantId, token);
  if (found?.transport !== SessionTransport.TOKEN) return null;
  const { userId, sessionId, authenticatedAt, expiresAt } = found.viewer;
  return {
    userId,
    applicationId: null,
    organizationId: null,
    scopes: null,
    sessionId,
    grantKey: null,
    authTime: Math.floor(authenticatedAt.getTime() / 1000),
    acr: null,
    amr: undefined,
    mfaAt: null,
    secondsLeft: secondsUntil(context, expiresAt),
    act: undefined,
  };
}

function secondsUntil({ clock }: ExchangeContext, at: Date): number {
  return Math.floor((at.getTime() - clock().getTime()) / 1000);
}
