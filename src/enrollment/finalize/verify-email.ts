import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { recordEvents } from '../../events/record.js';
import type { LockedPetition } from '../petitions/locked-petition.js';

const VERIFY = `
update users u set is_email_verified = true, updated_at = $4, version = u.version + 1
where u.tenant_id = $1 and u.id = $2 and u.email_normalized = $3 and not u.is_email_verified
  and ($5 or not exists (select 1 from identities i where i.tenant_id = $1 and i.user_id = u.id))
returning u.id`;

/**
 * The address of a petition was proven: where it is what the enrollee's account has, the account says so from now on. Only
 * whoever is signed in with the account proves anything about it, unless nobody can sign in to it: somebody could give
 * another's address to their own account, and have that person confirm it.
 */
export async function verifyEmail(
  manager: EntityManager,
  writer: Writer,
  { state }: Pick<LockedPetition, 'state'>,
): Promise<void> {
  const { enrolleeUserId: userId, email } = state;
  const { tenantId, at, actor } = writer;
  if (!userId || !email) return;
  const isTheirs = actor.userId === userId && !actor.applicationId;
  const verified = await runSql(manager, VERIFY, [tenantId, userId, email, at, isTheirs]);
  if (!verified.length) return;
  const [before, after] = [{ isEmailVerified: false }, { isEmailVerified: true }];
  await recordEvents(manager, writer, [{ type: 'user.updated', userId, objectId: userId, before, after }]);
}
