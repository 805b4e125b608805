import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { v7 } from 'uuid';
import { sessionOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { transact, runSql } from '../database/transact.js';
import { ActorKind, LoginIntent } from '../entities/enums.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { CONNECTION_SETTINGS } from '../database/loaders/connections.js';
import { storeTransaction } from './login.js';
import { isUsableSubject } from '../sso/claims.js';
import type { Providers } from './provider.js';
import { endSessions } from './session.js';
import { createSecret } from '../secret.js';

type LogoutContext = OperationContext & { providers: Providers };

/**
 * Ends the caller's session, first here and then at the provider: gives the address of the provider's logout, or null
 * when there is none to go to. The provider sends the browser back to `postLogoutUri` with the state that is kept here.
 */
export async function logOut(
  context: LogoutContext,
  request: { binding: string; returnTo: string; postLogoutUri: string },
): Promise<URL | null> {
  const { tenant, database, sealing, clock, log } = context;
  const viewer = sessionOf(context);
  if (!viewer) return null;
  const [session] = await database.read<ConnectionSettings & { sealedIdToken: string | null }>(
    tenant.id,
    `select ${CONNECTION_SETTINGS}, s.sealed_id_token as "sealedIdToken"
     from sessions s join connections c on c.tenant_id = s.tenant_id and c.id = s.connection_id
     where s.tenant_id = $1 and s.id = $2`,
    [tenant.id, viewer.sessionId],
  );
  const actor = { kind: ActorKind.USER, userId: viewer.userId, via: 'logout', origin: context.origin };
  await transact(database, tenant.id, (manager) =>
    endSessions(manager, { tenantId: tenant.id, at: clock(), actor }, { sessionId: viewer.sessionId }),
  );
  if (!session?.sealedIdToken) return null;
  try {
    const configuration = await context.providers.find(session);
    if (!configuration.serverMetadata().end_session_endpoint) return null;
    const state = createSecret();
    await storeTransaction(
      context,
      {
        connection: session,
        intent: LoginIntent.LOGOUT,
        binding: request.binding,
        redirectUri: request.postLogoutUri,
        returnTo: request.returnTo,
      },
      state,
    );
    return openid.buildEndSessionUrl(configuration, {
      id_token_hint: sealing.open(session.sealedIdToken, `sessions.${viewer.sessionId}.id_token`),
      post_logout_redirect_uri: request.postLogoutUri,
      state,
    });
  } catch (error) {
    log.warn({ connection: session.slug, reason: (error as Error).message }, 'the provider was not told of a logout');
    return null;
  }
}

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const ACCEPTED_AGE_SECONDS = 5 * 60;
const CLOCK_TOLERANCE_SECONDS = 30;

/** A logout token that must not be acted upon. The message is for the provider's operator. */
export class LogoutTokenError extends Error {}

/**
 * OpenID Connect Back-Channel Logout 1.0, section 2.6: verifies the provider's logout token and ends the sessions of
 * its `sid`, or of its `sub` when it names no session. A token serves once. Returns how many sessions ended.
 */
export async function acceptLogoutToken(
  context: LogoutContext,
  connection: ConnectionSettings,
  token: unknown,
): Promise<number> {
  if (typeof token !== 'string') throw new LogoutTokenError('logout_token is missing');
  const { tenant, clock } = context;
  const configuration = await context.providers.find(connection);
  const keys = context.providers.findKeys(configuration);
  const { issuer } = configuration.serverMetadata();
  const { sub, sid, jti } = await verifyLogoutToken(keys, issuer, connection, token, clock());
  return transact(context.database, tenant.id, async (manager) => {
    // Remembered for as long as it could be accepted: it may have come from a clock that is ahead of ours.
    const expiresAt = new Date(clock().getTime() + (ACCEPTED_AGE_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS) * 1000);
    const fresh = await runSql(
      manager,
      `insert into logout_tokens (id, tenant_id, connection_id, token_id, expires_at) values ($1, $2, $3, $4, $5)
       on conflict (tenant_id, connection_id, token_id) do nothing returning id`,
      [v7(), tenant.id, connection.id, jti, expiresAt],
    );
    if (!fresh.length) throw new LogoutTokenError('this logout token was used already');
    const actor = { kind: ActorKind.PROVIDER, userId: null, via: 'backChannelLogout', origin: context.origin };
    const filter = sid ? { providerSessionId: sid } : { subject: sub! };
    return endSessions(
      manager,
      { tenantId: tenant.id, at: clock(), actor },
      { connectionId: connection.id, ...filter },
    );
  });
}

async function verifyLogoutToken(
  keys: JWTVerifyGetKey | null,
  issuer: string,
  connection: ConnectionSettings,
  token: string,
  now: Date,
) {
  if (!keys) throw new LogoutTokenError('the provider publishes no keys');
  const { payload } = await jwtVerify<{ events?: Record<string, unknown>; sid?: string; nonce?: string }>(token, keys, {
    issuer,
    audience: connection.clientId,
    algorithms: [connection.idTokenAlgorithm],
    maxTokenAge: ACCEPTED_AGE_SECONDS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: now,
    requiredClaims: ['iat', 'jti'],
  }).catch((error: unknown) => {
    throw error instanceof errors.JOSEError ? new LogoutTokenError(error.message) : error;
  });
  const { events, nonce, sub, sid, jti } = payload;
  if (nonce !== undefined) throw new LogoutTokenError('a logout token has no nonce');
  if (typeof events !== 'object' || !events || typeof events[LOGOUT_EVENT] !== 'object' || !events[LOGOUT_EVENT]) {
    throw new LogoutTokenError('the token is not a logout token');
  }
  if (sid === undefined && sub === undefined) throw new LogoutTokenError('a logout token names sub or sid');
  for (const [name, value] of Object.entries({ sub, sid, jti })) {
    if (value !== undefined && !isUsableSubject(value)) throw new LogoutTokenError(`${name} is not usable`);
  }
  return { sub, sid, jti: jti! };
}
