import { hasRecentSession, sessionOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { rotateSessionsOf } from '../database/rotate-sessions.js';
import { transact } from '../database/transact.js';
import { ActorKind, FactorKind, LoginIntent, type SessionTransport } from '../entities/enums.js';
import { noticeUser } from '../events/notices.js';
import { recordEvents } from '../events/record.js';
import { lacksProof } from '../factors/own-factors.js';
import { provesSecondFactor } from '../factors/provider-proof.js';
import { acceptFor, type Answered } from '../joining/invitations/answer.js';
import { isUsableSubject, readClaims } from '../sso/claims.js';
import { joinByLinking } from '../sso/join.js';
import { link, type LinkOutcome } from '../sso/link.js';
import type { NameLookup } from '../sso/name-lookup.js';
import { Refusal } from '../sso/refusal.js';
import { insertIdentity } from '../sso/write.js';
import { exchangeAnswer, type TakenTransaction, takeTransaction } from './login.js';
import type { Providers } from './provider.js';
import { endSessions, openSession } from './session.js';

export type SignInContext = OperationContext & { providers: Providers; nameLookup: NameLookup };

export interface ProviderResponse {
  /** The parameters with which the provider sent the browser back. */
  answer: URLSearchParams;
  /** The secret of the browser or client that began. */
  binding: string | undefined;
  /** The address that the answer came to. */
  answeredAt: URL;
}

export interface SignedIn {
  outcome: LinkOutcome & { admitted: true };
  token: string;
  expiresAt: Date;
  returnTo: string;
  /** What came of the invitation that came along; null when none did. */
  invitation: Answered | null;
  /** Whether a source that syncs on login knows the user. */
  syncsSources: boolean;
}

/**
 * Finishes a sign-in: takes the transaction, asks the provider, links, and opens a session in the same transaction as
 * the link. A session that the caller had is ended by it. Throws {@link Refusal}; then there is no session.
 */
export async function completeSignIn(
  context: SignInContext,
  response: ProviderResponse,
  transport: SessionTransport,
): Promise<SignedIn> {
  return finishSignIn(context, await take(context, response, [LoginIntent.SIGN_IN]), response, transport);
}

/** Finishes whatever this browser began, a sign-in or a link: for the one address that providers send browsers to. */
export async function completeTrip(
  context: SignInContext,
  response: ProviderResponse,
  transport: SessionTransport,
): Promise<SignedIn | Linked> {
  const transaction = await take(context, response, [LoginIntent.SIGN_IN, LoginIntent.LINK]);
  return transaction.intent === LoginIntent.LINK
    ? finishLink(context, transaction, response)
    : finishSignIn(context, transaction, response, transport);
}

async function finishSignIn(
  context: SignInContext,
  transaction: TakenTransaction,
  response: ProviderResponse,
  transport: SessionTransport,
): Promise<SignedIn> {
  const { connection } = transaction;
  const { claims: raw, idToken } = await exchangeAnswer(
    context.providers,
    transaction,
    response.answer,
    response.binding!,
  );
  const claims = readClaims(raw, connection.claimNames);
  const previous = sessionOf(context);
  let session: Awaited<ReturnType<typeof openSession>> | undefined;
  let invitation: Answered | null = null;
  const outcome = await link(context, connection, claims, context.nameLookup, async (manager, admitted) => {
    const writer = { tenantId: context.tenant.id, at: context.clock(), actor: signInActor(context, admitted.userId) };
    if (admitted.endsOtherSessions) await endSessions(manager, writer, { userId: admitted.userId });
    else if (previous) await endSessions(manager, writer, { sessionId: previous.sessionId });
    const { invitationHash: tokenHash } = transaction;
    // One that cannot be accepted keeps nobody out: the answer says why.
    invitation = tokenHash ? await acceptFor(manager, writer, admitted.userId, { tokenHash }) : null;
    const isProven = provesSecondFactor(claims, connection.mfaAcr);
    session = await openSession(manager, context, {
      userId: admitted.userId,
      connectionId: connection.id,
      identityId: admitted.identityId,
      organizationId: admitted.organizationId ?? invitation?.organizationId ?? null,
      transport,
      minutes: connection.sessionMinutes,
      acr: claims.acr,
      amr: claims.amr,
      isProven,
      providerSessionId: isUsableSubject(raw.sid) ? raw.sid : null,
      idToken,
      email: claims.email?.value ?? null,
      cases: admitted.cases,
    });
    if (session.addedFactorId) {
      const after = { kind: FactorKind.PROVIDER, name: null, connection: connection.slug };
      const about = { userId: admitted.userId, objectId: session.addedFactorId };
      await recordEvents(manager, writer, [{ type: 'factor.added', ...about, after }]);
    }
  });
  if (!outcome.admitted) throw new Refusal(outcome.code, outcome.cases);
  const { token, expiresAt, syncsSources } = session!;
  return { outcome, token, expiresAt, returnTo: transaction.returnTo, invitation, syncsSources };
}

export interface Linked {
  identityId: string;
  returnTo: string;
}

/**
 * Finishes the linking of another provider account to the user who is signed in. It must be the session that began, and
 * that session's sign-in must be recent, with a second factor shown where the user has one. Other sessions of the user end, and the user is told.
 */
export async function completeLink(context: SignInContext, response: ProviderResponse): Promise<Linked> {
  return finishLink(context, await take(context, response, [LoginIntent.LINK]), response);
}

async function finishLink(
  context: SignInContext,
  transaction: TakenTransaction,
  response: ProviderResponse,
): Promise<Linked> {
  const { tenant } = context;
  const viewer = sessionOf(context);
  if (!viewer || viewer.sessionId !== transaction.sessionId) throw new Refusal('LOGIN_EXPIRED');
  refuseStaleSession(context);
  const { connection } = transaction;
  const { claims: raw } = await exchangeAnswer(context.providers, transaction, response.answer, response.binding!);
  const claims = readClaims(raw, connection.claimNames);
  const identityId = await transact(context.database, tenant.id, async (manager) => {
    const at = context.clock();
    if (await lacksProof(manager, tenant.id, viewer)) throw new Refusal('FACTOR_PROOF_REQUIRED');
    const id = await insertIdentity(manager, tenant.id, at, connection.id, viewer.userId, claims);
    if (!id) throw new Refusal('IDENTITY_IN_USE');
    const actor = { kind: ActorKind.USER, userId: viewer.userId, via: 'identityLink', origin: context.origin };
    const writer = { tenantId: tenant.id, at, actor };
    const after = { connection: connection.slug, issuer: claims.issuer, subject: claims.subject };
    const joined = await joinByLinking(manager, writer, { userId: viewer.userId, connection, claims });
    const linked = { type: 'identity.linked' as const, userId: viewer.userId, objectId: id, after };
    await recordEvents(manager, writer, [linked, ...joined]);
    if (joined.length) await rotateSessionsOf(manager, tenant.id, at, viewer.userId);
    await endSessions(manager, writer, { userId: viewer.userId, except: viewer.sessionId });
    const data = { connection: connection.name, email: claims.email?.value };
    await noticeUser(manager, tenant.id, at, viewer.userId, 'IDENTITY_LINKED', data);
    return id;
  });
  return { identityId, returnTo: transaction.returnTo };
}

/** Linking and unlinking change how an account is entered: they need a sign-in of the last ten minutes. */
export function refuseStaleSession(context: OperationContext): void {
  if (!hasRecentSession(context)) throw new Refusal('REAUTHENTICATION_REQUIRED');
}

async function take(
  context: SignInContext,
  response: ProviderResponse,
  intents: LoginIntent[],
): Promise<TakenTransaction> {
  const transaction = await takeTransaction(context, response.answer.get('state'), response.binding);
  const isElsewhere = placeOf(response.answeredAt) !== placeOf(new URL(transaction.redirectUri));
  if (!intents.includes(transaction.intent) || isElsewhere) throw new Refusal('LOGIN_EXPIRED');
  return transaction;
}

function placeOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

function signInActor({ origin }: OperationContext, userId: string) {
  return { kind: ActorKind.SIGN_IN, userId, via: 'signIn', origin };
}
