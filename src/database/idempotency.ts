import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { fault, Faults, UserErrorCode } from '../faults.js';
import type { Actor } from '../context.js';
import { runSql } from './transact.js';

/**
 * Takes the key of a creating mutation in its transaction. Null: the key is new, go on and make `objectId`. Otherwise
 * the id of what was made under it. The same key with another input is refused. A second request that comes while the
 * first is under way waits for it.
 */
export async function takeIdempotencyKey(
  manager: EntityManager,
  request: {
    tenantId: string;
    /** Who calls; an operator at the command line has no keys. */
    caller: Pick<Actor, 'userId' | 'applicationId'>;
    at: Date;
    operation: string;
    key: string | null | undefined;
    input: object;
    objectId: string;
  },
): Promise<string | null> {
  const { tenantId, caller, at, operation, key, input, objectId } = request;
  const { userId, applicationId = null } = caller;
  if (key === null || key === undefined || !(userId ?? applicationId)) return null;
  if (!/^[\x21-\x7e]{1,128}$/.test(key)) {
    throw new Faults([
      fault(UserErrorCode.INVALID, 'idempotencyKey is 1 to 128 visible ASCII characters.', 'idempotencyKey'),
    ]);
  }
  const inputHash = createHash('sha256').update(canonicalJson(input)).digest('base64url');
  const taken = await runSql(
    manager,
    `insert into idempotency_keys
       (id, tenant_id, user_id, application_id, key, operation, input_hash, object_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning id`,
    [v7(), tenantId, userId, applicationId, key, operation, inputHash, objectId, at],
  );
  if (taken.length) return null;
  const [known] = await runSql<{ operation: string; inputHash: string; objectId: string }>(
    manager,
    `select operation, input_hash as "inputHash", object_id as "objectId" from idempotency_keys
     where tenant_id = $1 and ${userId ? 'user_id' : 'application_id'} = $2 and key = $3`,
    [tenantId, userId ?? applicationId, key],
  );
  if (known?.operation === operation && known.inputHash === inputHash) return known.objectId;
  throw new Faults([
    fault(
      UserErrorCode.IDEMPOTENCY_KEY_REUSED,
      'This idempotencyKey was used with another input: take a new one.',
      'idempotencyKey',
    ),
  ]);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)))
      : item,
  );
}
