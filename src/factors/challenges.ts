import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { OperationContext, SessionViewer } from '../context.js';
import { runSql } from '../database/transact.js';

/** What a challenge is for. TOTP: the sealed secret of an app that is being set up. */
export type ChallengePurpose = 'TOTP' | 'PASSKEY' | 'PROVE';

const LIFE_MILLISECONDS = 5 * 60_000;

type ChallengeContext = Pick<OperationContext, 'database' | 'tenant' | 'clock'>;

/**
 * Keeps what a session is asked to answer within five minutes. Each session has one open question of a kind: a new one
 * takes the place of the one before.
 */
export async function askSession(
  { database, tenant, clock }: ChallengeContext,
  session: SessionViewer,
  purpose: ChallengePurpose,
  challenge: string,
  id = v7(),
): Promise<void> {
  const now = clock();
  await database.read(
    tenant.id,
    `insert into factor_challenges (id, tenant_id, user_id, session_id, purpose, challenge, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id, session_id, purpose) do update set
       id = excluded.id, challenge = excluded.challenge, created_at = excluded.created_at, expires_at = excluded.expires_at`,
    [
      id,
      tenant.id,
      session.userId,
      session.sessionId,
      purpose,
      challenge,
      now,
      new Date(now.getTime() + LIFE_MILLISECONDS),
    ],
  );
}

/** Takes a challenge of a session, whatever comes of the answer: it serves once. False when there is none. */
export async function takeChallenge(
  { database, tenant, clock }: ChallengeContext,
  session: SessionViewer,
  purpose: ChallengePurpose,
  challenge: string,
): Promise<boolean> {
  const taken = await database.read(
    tenant.id,
    `delete from factor_challenges
     where tenant_id = $1 and session_id = $2 and purpose = $3 and challenge = $4 and expires_at > $5 returning id`,
    [tenant.id, session.sessionId, purpose, challenge, clock()],
  );
  return taken.length > 0;
}

/** The open challenge of a session, locked until the transaction ends. */
export async function lockChallenge(
  manager: EntityManager,
  tenantId: string,
  session: SessionViewer,
  purpose: ChallengePurpose,
  at: Date,
): Promise<{ id: string; challenge: string } | undefined> {
  const [row] = await runSql<{ id: string; challenge: string }>(
    manager,
    `select id, challenge from factor_challenges
     where tenant_id = $1 and session_id = $2 and purpose = $3 and expires_at > $4 for update`,
    [tenantId, session.sessionId, purpose, at],
  );
  return row;
}

export async function removeChallenge(manager: EntityManager, tenantId: string, id: string): Promise<void> {
  await runSql(manager, 'delete from factor_challenges where tenant_id = $1 and id = $2', [tenantId, id]);
}
