import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { PetitionStatus } from '../../entities/enums.js';
import type { LockedPetition } from '../petitions/locked-petition.js';

// Who has approved and then denies has one row: what they decided in the end. The history has both.
const RECORD = `
insert into petition_decisions (id, tenant_id, petition_id, approver_user_id, is_approval, comment, at)
values ($2, $1, $3, $4, $5, $6, $7)
on conflict (tenant_id, petition_id, approver_user_id)
do update set is_approval = excluded.is_approval, comment = excluded.comment, at = excluded.at`;

const DECIDE = `update petitions set decided_by_user_id = $3, decided_at = $4, decision_comment = $5
  where tenant_id = $1 and id = $2`;

/**
 * Writes down what an approver decided on a petition that the caller has locked, and, where that settles it, as the
 * decision on the petition. `petition.state` is what the decision led to.
 */
export async function recordDecision(
  manager: EntityManager,
  { tenantId, at, actor }: Writer,
  { id, state }: LockedPetition,
  { isApproval, comment }: { isApproval: boolean; comment: string | null },
): Promise<void> {
  const said = comment?.trim() || null;
  await runSql(manager, RECORD, [tenantId, v7(), id, actor.userId, isApproval, said, at]);
  if (state.status === PetitionStatus.PENDING_APPROVAL) return;
  await runSql(manager, DECIDE, [tenantId, id, actor.userId, at, said]);
}
