import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import type { Database } from '../database/database.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { runSql, transact } from '../database/transact.js';
import { ConnectionStatus } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { checkText, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { createSecret, hashSecret } from '../secret.js';
import type { DirectoryConnection } from './context.js';

const MOST_TOKENS = 10;
const USED_AGAIN_MILLISECONDS = 60_000;

/** `id` is the uuid of the connection. */
export interface CreateToken {
  idempotencyKey?: string | null;
  id: string;
  name: string;
  expiresAt?: Date | null;
}

/**
 * Makes a token for the directory of a connection. It is given here and never again: null when the idempotency key was
 * used before. Several tokens of a connection are good at a time, so that one can take over from another. Throws Faults:
 * REQUIRED, TOO_LONG, INVALID, NOT_FOUND, IDEMPOTENCY_KEY_REUSED.
 */
export async function createToken(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreateToken,
): Promise<{ id: string; token: string | null }> {
  const writer = writerOf(context, 'connectionScimTokenCreate');
  const { tenantId, at } = writer;
  const expiresAt = input.expiresAt ?? null;
  const faults = [
    checkText(input.name, { isRequired: true, longest: 128 }, 'name'),
    expiresAt && expiresAt <= at && fault(UserErrorCode.INVALID, 'expiresAt is in the past.', 'expiresAt'),
  ];
  const name = input.name.trim();
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'connectionScimTokenCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return { id: made, token: null };
    // Only now: what was in the future when the key was first used may be over.
    refuseFaults(faults);
    const [connection] = await runSql<{ slug: string }>(
      manager,
      'select slug from connections where tenant_id = $1 and id = $2 for no key update',
      [tenantId, input.id],
    );
    refuseFaults([!connection && fault(UserErrorCode.NOT_FOUND, 'There is no such connection.', 'id')]);
    const [counted] = await runSql<{ count: number }>(
      manager,
      'select count(*)::int as count from scim_tokens where tenant_id = $1 and connection_id = $2',
      [tenantId, input.id],
    );
    refuseFaults([
      counted!.count >= MOST_TOKENS &&
        fault(UserErrorCode.INVALID, `The connection has ${MOST_TOKENS} tokens already: delete one first.`, 'id'),
    ]);
    const token = `scim_${createSecret()}`;
    await runSql(
      manager,
      `insert into scim_tokens
         (id, tenant_id, connection_id, name, token_hash, hint, created_by_user_id, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [id, tenantId, input.id, name, hashSecret(token), token.slice(-4), writer.actor.userId, at, expiresAt],
    );
    const after = { connection: connection!.slug, name, expiresAt: expiresAt?.toISOString() ?? null };
    await recordEvents(manager, writer, [{ type: 'scim_token.created', objectId: id, after }]);
    return { id, token };
  });
}

/** Takes a token back: the next request by it is refused. Throws Faults: NOT_FOUND. */
export async function deleteToken(context: OperationContext, input: { id: string }): Promise<void> {
  const writer = writerOf(context, 'connectionScimTokenDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const [gone] = await runSql<{ name: string; slug: string; expiresAt: string | Date | null }>(
      manager,
      `delete from scim_tokens t using connections c
       where t.tenant_id = $1 and t.id = $2 and c.tenant_id = $1 and c.id = t.connection_id
       returning t.name, c.slug, t.expires_at as "expiresAt"`,
      [tenantId, input.id],
    );
    refuseFaults([!gone && fault(UserErrorCode.NOT_FOUND, 'There is no such token.', 'id')]);
    const { name, slug, expiresAt } = gone!;
    const before = { connection: slug, name, expiresAt: expiresAt && new Date(expiresAt).toISOString() };
    await recordEvents(manager, writer, [{ type: 'scim_token.deleted', objectId: input.id, before }]);
  });
}

/** What a token lets in: a connection, which may be disabled; null for a token that is none, or no longer. */
export async function findDirectory(
  database: Database,
  tenantId: string,
  token: string,
  at: Date,
): Promise<(DirectoryConnection & { isEnabled: boolean }) | null> {
  const [found] = await database.read<
    DirectoryConnection & { tokenId: string; status: string; expiresAt: string | null; lastUsedAt: string | null }
  >(
    tenantId,
    `select t.id as "tokenId", t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt", c.id, c.slug, c.status,
       c.email_trust as "emailTrust", c.email_domains as "emailDomains"
     from scim_tokens t join connections c on c.tenant_id = $1 and c.id = t.connection_id
     where t.tenant_id = $1 and t.token_hash = $2`,
    [tenantId, hashSecret(token)],
  );
  if (!found || (found.expiresAt !== null && new Date(found.expiresAt) <= at)) return null;
  const { id, slug, emailTrust, emailDomains, tokenId, lastUsedAt } = found;
  // Once a minute is enough to see whether a token is still in use.
  if (lastUsedAt === null || at.getTime() - new Date(lastUsedAt).getTime() >= USED_AGAIN_MILLISECONDS) {
    await database.read(tenantId, 'update scim_tokens set last_used_at = $3 where tenant_id = $1 and id = $2', [
      tenantId,
      tokenId,
      at,
    ]);
  }
  return { id, slug, emailTrust, emailDomains, isEnabled: found.status === ConnectionStatus.ENABLED };
}
