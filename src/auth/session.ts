import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Actor, OperationContext } from '../context.js';
import { RetryTransaction, runSql, transact } from '../database/transact.js';
import { FactorKind, type LinkCase, type SessionTransport } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { isBarredSql } from '../factors/organization-mfa.js';
import { createSecret, hashSecret } from '../secret.js';

/** A cookie's token is replaced once an hour, and after every sign-in or change of rights. */
const ROTATION_MILLISECONDS = 60 * 60_000;
/** How long requests that were under way at a rotation may still come with the old token. */
const OVERLAP_MILLISECONDS = 60_000;

export interface NewSession {
  userId: string;
  connectionId: string;
  identityId: string;
  organizationId: string | null;
  transport: SessionTransport;
  minutes: number;
  acr: string | null;
  amr: string[];
  /** The provider says that it asked for a second factor. */
  isProven: boolean;
  providerSessionId: string | null;
  idToken: string | null;
  /** The address that the provider reported. */
  email: string | null;
  cases: LinkCase[];
}

const IS_BARRED = isBarredSql({ organization: 'o', tenantId: '$2', userId: '$3', mfaAt: 'null' });

/**
 * The provider's second factor is kept as one of the user's, where factors of providers count in the tenant. An
 * organization that asks for a second factor, and gets none, does not become the active one.
 */
const OPEN = `
with seen as (
  update identities set last_sign_in_at = $7, email = coalesce($16, email) where tenant_id = $2 and id = $5
), proven as (
  insert into user_factors (id, tenant_id, user_id, kind, connection_id, created_at, confirmed_at, last_used_at)
  select $18, $2, $3, '${FactorKind.PROVIDER}', $4, $7, $7, $7 from tenants t
  where $19::boolean and t.id = $2 and '${FactorKind.PROVIDER}' = any(t.mfa_factors)
  on conflict (tenant_id, user_id, connection_id) where kind = '${FactorKind.PROVIDER}'
  do update set last_used_at = excluded.last_used_at
  returning id, last_used_at
)
insert into sessions (
  id, tenant_id, user_id, connection_id, identity_id, token_hash, rotate_at, transport, authenticated_at, created_at,
  expires_at, active_organization_id, acr, amr, provider_session_id, sealed_id_token, cases, mfa_at, mfa_factor_id
)
select $1, $2, u.id, $4, $5, $6, $8::timestamptz, $9, $7, $7, $10::timestamptz,
  (select o.id from organizations o
   where o.tenant_id = $2 and o.id = $11::uuid and (exists (select 1 from proven) or not ${IS_BARRED})),
  $12, $13::text[], $14, $15, $17::text[], (select last_used_at from proven), (select id from proven)
from users u where u.tenant_id = $2 and u.id = $3 and u.status = 'ACTIVE' for share
returning mfa_factor_id as "factorId", exists (
  select 1 from source_records r join sources s on s.tenant_id = $2 and s.id = r.source_id
  where r.tenant_id = $2 and r.user_id = $3 and s.syncs_on_login and s.status = 'ACTIVE') as "syncsSources"`;

/**
 * Opens a session and notes the sign-in on the identity, in one statement. The token is returned here alone. A user
 * who was suspended in the meantime gets none: the transaction is run again and refuses.
 */
export async function openSession(
  manager: EntityManager,
  { tenant, clock, sealing }: Pick<OperationContext, 'tenant' | 'clock' | 'sealing'>,
  session: NewSession,
): Promise<{
  token: string;
  sessionId: string;
  expiresAt: Date;
  addedFactorId: string | null;
  /** Whether a source that syncs on login knows the user. */
  syncsSources: boolean;
}> {
  const id = v7();
  const factorId = v7();
  const token = createSecret();
  const now = clock();
  const expiresAt = new Date(now.getTime() + session.minutes * 60_000);
  const [opened] = await runSql<{ factorId: string | null; syncsSources: boolean }>(manager, OPEN, [
    id,
    tenant.id,
    session.userId,
    session.connectionId,
    session.identityId,
    hashSecret(token),
    now,
    new Date(now.getTime() + ROTATION_MILLISECONDS),
    session.transport,
    expiresAt,
    session.organizationId,
    session.acr,
    session.amr,
    session.providerSessionId,
    session.idToken && sealing.seal(session.idToken, `sessions.${id}.id_token`),
    session.email,
    session.cases,
    factorId,
    session.isProven,
  ]);
  if (!opened) throw new RetryTransaction();
  const addedFactorId = opened.factorId === factorId ? factorId : null;
  return { token, sessionId: id, expiresAt, addedFactorId, syncsSources: opened.syncsSources };
}

/** Replaces the token of a cookie session; null when another request has just done so. */
export async function rotateSession(
  { database, tenant, clock }: Pick<OperationContext, 'database' | 'tenant' | 'clock'>,
  sessionId: string,
  token: string,
): Promise<string | null> {
  const next = createSecret();
  const now = clock().getTime();
  const rows = await database.read(
    tenant.id,
    `update sessions set previous_token_hash = token_hash, previous_until = $5, token_hash = $4, rotate_at = $6
     where tenant_id = $1 and id = $2 and token_hash = $3 returning id`,
    [
      tenant.id,
      sessionId,
      hashSecret(token),
      hashSecret(next),
      new Date(now + OVERLAP_MILLISECONDS),
      new Date(now + ROTATION_MILLISECONDS),
    ],
  );
  return rows.length ? next : null;
}

/** Which sessions to end: one, or all of a user, an identity or a provider's session, but for `except`. */
export interface SessionFilter {
  sessionId?: string;
  userId?: string;
  identityId?: string;
  connectionId?: string;
  providerSessionId?: string;
  subject?: string;
  except?: string;
}

/** Ends sessions in the transaction of what ends them, with one event each; returns how many. */
export async function endSessions(
  manager: EntityManager,
  { tenantId, at, actor }: { tenantId: string; at: Date; actor: Actor },
  filter: SessionFilter,
): Promise<number> {
  if (!Object.keys(filter).some((key) => key !== 'except')) throw new Error('Name the sessions to end.');
  const ended = await runSql<{ id: string; userId: string }>(
    manager,
    `delete from sessions s
     where s.tenant_id = $1
       and ($2::uuid is null or s.id = $2) and ($3::uuid is null or s.user_id = $3)
       and ($4::uuid is null or s.identity_id = $4) and ($5::uuid is null or s.connection_id = $5)
       and ($6::text is null or s.provider_session_id = $6)
       and ($7::text is null or s.identity_id in (
         select i.id from identities i where i.tenant_id = $1 and i.connection_id = $5 and i.subject = $7))
       and ($8::uuid is null or s.id <> $8)
     returning s.id, s.user_id as "userId"`,
    [
      tenantId,
      filter.sessionId ?? null,
      filter.userId ?? null,
      filter.identityId ?? null,
      filter.connectionId ?? null,
      filter.providerSessionId ?? null,
      filter.subject ?? null,
      filter.except ?? null,
    ],
  );
  const facts = ended.map(({ id, userId }) => ({ type: 'session.ended' as const, userId, objectId: id }));
  await recordEvents(manager, { tenantId, at, actor }, facts);
  return ended.length;
}

/** Ends sessions in a transaction of their own. */
export async function endSessionsNow(
  { database, tenant, clock }: Pick<OperationContext, 'database' | 'tenant' | 'clock'>,
  actor: Actor,
  filter: SessionFilter,
): Promise<number> {
  return transact(database, tenant.id, (manager) =>
    endSessions(manager, { tenantId: tenant.id, at: clock(), actor }, filter),
  );
}
