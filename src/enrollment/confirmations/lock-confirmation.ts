import { timingSafeEqual } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';
import { hashSecret } from '../../secret.js';
import { type LockedPetition, lockPetition } from '../petitions/locked-petition.js';

/** The open link of a petition, whose row is locked. */
export interface Confirmation {
  petition: LockedPetition;
  sentAt: Date;
  expiresAt: Date;
}

interface Row {
  tokenHash: string;
  sentAt: Date | string;
  expiresAt: Date | string;
}

/**
 * Finds the petition whose link has this token, and locks it; null alike for a token that was never made, was used or
 * replaced, or is none at all. Whoever waited for the lock looks again, so that a token serves once.
 */
export async function lockConfirmation(
  manager: EntityManager,
  tenantId: string,
  token: string,
): Promise<Confirmation | null> {
  const hash = hashSecret(token);
  const [found] = await runSql<{ petitionId: string }>(
    manager,
    'select petition_id as "petitionId" from petition_confirmations where tenant_id = $1 and token_hash = $2',
    [tenantId, hash],
  );
  const petition = found ? await lockPetition(manager, tenantId, found.petitionId) : null;
  if (!petition) return null;
  const [open] = await runSql<Row>(
    manager,
    `select token_hash as "tokenHash", created_at as "sentAt", expires_at as "expiresAt" from petition_confirmations
     where tenant_id = $1 and petition_id = $2`,
    [tenantId, petition.id],
  );
  if (!open || !timingSafeEqual(Buffer.from(open.tokenHash), Buffer.from(hash))) return null;
  return { petition, sentAt: new Date(open.sentAt), expiresAt: new Date(open.expiresAt) };
}
