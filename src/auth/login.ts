import { v7 } from 'uuid';
import type { OperationContext } from '../context.js';
import { ConnectionPreset, LoginIntent } from '../entities/enums.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { CONNECTION_SETTINGS } from '../database/loaders/connections.js';
import { isUsableSubject } from '../sso/claims.js';
import { Refusal } from '../sso/refusal.js';
import { buildAuthorizationUrl, exchangeCode, type OpenIdAnswer } from '../openid-client.js';
import { createSecret, hashSecret } from '../secret.js';
import { type Providers, refusalOf } from './provider.js';

const LIFE_MILLISECONDS = 10 * 60_000;

type LoginContext = Pick<OperationContext, 'database' | 'tenant' | 'clock'> & { providers: Providers };

export interface LoginRequest {
  connection: ConnectionSettings;
  intent: LoginIntent;
  /** The secret of the browser or client that begins: only it can finish. */
  binding: string;
  redirectUri: string;
  /** Already checked by `safeReturnTo`. */
  returnTo: string;
  sessionId?: string | undefined;
  loginHint?: string | undefined;
  /** The token of an invitation that is accepted on the way back, if it is for the person who comes. */
  invitation?: string | undefined;
  /** Asks the person to sign in, though they may be signed in at the provider. */
  asksAnew?: boolean | undefined;
  /** Levels of assurance that would be welcome. */
  acrValues?: string | undefined;
  /** Fails rather than asks when the person is not signed in at the provider. */
  isSilent?: boolean | undefined;
}

/**
 * Begins a trip to the provider and gives the address to send the browser to. Nonce and code verifier are derived from
 * the binding and the state, so that the database holds hashes alone: who reads it can finish nobody's sign-in.
 */
export async function beginLogin(context: LoginContext, request: LoginRequest): Promise<URL> {
  const { connection, binding } = request;
  const configuration = await context.providers.find(connection);
  const state = createSecret();
  await storeTransaction(context, request, state);
  const parameters: Record<string, string> = { scope: connection.scopes.join(' ') };
  const claims = requestedClaims(connection);
  if (claims) parameters.claims = JSON.stringify(claims);
  if (request.loginHint) parameters.login_hint = request.loginHint;
  if (request.asksAnew) parameters.prompt = 'login';
  if (request.acrValues) parameters.acr_values = request.acrValues;
  if (request.isSilent) parameters.prompt = 'none';
  const { redirectUri } = request;
  return buildAuthorizationUrl(
    configuration,
    { redirectUri, state, binding, usesPkce: connection.usesPkce },
    parameters,
  );
}

/** Writes a transaction down: used for sign-ins and for the way back from a logout at the provider. */
export async function storeTransaction(
  { database, tenant, clock }: Pick<OperationContext, 'database' | 'tenant' | 'clock'>,
  request: Omit<LoginRequest, 'connection'> & { connection: Pick<ConnectionSettings, 'id' | 'issuer'> },
  state: string,
): Promise<void> {
  const now = clock();
  await database.read(
    tenant.id,
    `insert into login_transactions (
       id, tenant_id, connection_id, intent, state_hash, binding_hash, issuer, redirect_uri, return_to, session_id,
       created_at, expires_at, invitation_hash
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      v7(),
      tenant.id,
      request.connection.id,
      request.intent,
      hashSecret(state),
      hashSecret(request.binding),
      request.connection.issuer,
      request.redirectUri,
      request.returnTo,
      request.sessionId ?? null,
      now,
      new Date(now.getTime() + LIFE_MILLISECONDS),
      request.invitation ? hashSecret(request.invitation) : null,
    ],
  );
}

export interface TakenTransaction {
  intent: LoginIntent;
  issuer: string;
  redirectUri: string;
  returnTo: string;
  sessionId: string | null;
  /** The hash of the token of an invitation that came along. */
  invitationHash: string | null;
  connection: ConnectionSettings;
}

/**
 * Takes the transaction of this state away, so that it serves once. Refuses LOGIN_EXPIRED when it is not there, too
 * old, or another browser's; in the last case it stays for the browser that it belongs to.
 */
export async function takeTransaction(
  { database, tenant, clock }: Pick<OperationContext, 'database' | 'tenant' | 'clock'>,
  state: unknown,
  binding: unknown,
): Promise<TakenTransaction> {
  if (typeof state !== 'string' || typeof binding !== 'string') throw new Refusal('LOGIN_EXPIRED');
  const [row] = await database.read<
    ConnectionSettings & Omit<TakenTransaction, 'connection'> & { begunIssuer: string; isCurrent: boolean }
  >(
    tenant.id,
    `with taken as (
       delete from login_transactions where tenant_id = $1 and state_hash = $2 and binding_hash = $3 returning *
     )
     select ${CONNECTION_SETTINGS}, taken.intent, taken.issuer as "begunIssuer", taken.redirect_uri as "redirectUri",
       taken.return_to as "returnTo", taken.session_id as "sessionId",
       taken.invitation_hash as "invitationHash", taken.expires_at > $4 as "isCurrent"
     from taken join connections c on c.tenant_id = taken.tenant_id and c.id = taken.connection_id`,
    [tenant.id, hashSecret(state), hashSecret(binding), clock()],
  );
  if (!row?.isCurrent || row.begunIssuer !== row.issuer) throw new Refusal('LOGIN_EXPIRED');
  const { intent, redirectUri, returnTo, sessionId, invitationHash, begunIssuer, isCurrent: _, ...connection } = row;
  if (intent !== LoginIntent.LOGOUT && connection.status !== 'ENABLED') throw new Refusal('CONNECTION_UNKNOWN');
  return { intent, redirectUri, returnTo, sessionId, invitationHash, issuer: begunIssuer, connection };
}

/** Exchanges the provider's answer for verified claims, as {@link exchangeCode} does. Every failure is a Refusal. */
export async function exchangeAnswer(
  providers: Providers,
  { connection, redirectUri }: TakenTransaction,
  answer: URLSearchParams,
  binding: string,
): Promise<OpenIdAnswer> {
  const configuration = await providers.find(connection);
  const trip = { redirectUri, state: answer.get('state')!, binding, usesPkce: connection.usesPkce };
  try {
    const answered = await exchangeCode(configuration, trip, answer);
    if (!isUsableSubject(answered.claims.sub)) throw new Refusal('INVALID_CLAIMS', [], 'unusable sub');
    return answered;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** ProConnect gives `amr` only when asked, and refuses at the source what lacks the assurance that is asked for. */
function requestedClaims({ preset, requiredAcr, requiredAmr }: ConnectionSettings): object | null {
  const asksAmr = preset === ConnectionPreset.PROCONNECT || requiredAmr.length > 0;
  if (!asksAmr && !requiredAcr.length) return null;
  return {
    id_token: {
      ...(asksAmr ? { amr: { essential: true } } : {}),
      ...(requiredAcr.length ? { acr: { essential: true, values: requiredAcr } } : {}),
    },
  };
}
