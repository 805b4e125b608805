import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { runSql, transact } from '../database/transact.js';
import { ApplicationKind } from '../entities/enums.js';
import type { FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { createSecret, hashSecret } from '../secret.js';
import { lockApplication } from './lock-application.js';

/** How many secrets of an application are valid at once: enough to replace one in several places, one by one. */
const MOST_SECRETS = 5;

/** What tells whoever finds a secret somewhere that it is one of an application of Vestibule. */
const PREFIX = 'vas_';
const HINT_LENGTH = 4;

/** Whether an application of this kind proves itself by a secret. What runs at people's has none: it uses PKCE. */
export function keepsSecret(kind: ApplicationKind): boolean {
  return kind === ApplicationKind.MACHINE || kind === ApplicationKind.WEB;
}

/** `id` is the uuid of the application. */
export interface CreateSecret {
  idempotencyKey?: string | null;
  id: string;
  expiresAt?: Date | null;
}

/**
 * Gives an application one more secret, which is answered here and never again: null when the idempotency key was used
 * before. Those that have expired are deleted. Throws Faults: NOT_FOUND, INVALID, IDEMPOTENCY_KEY_REUSED.
 */
export async function addSecret(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreateSecret,
): Promise<{ id: string; secret: string | null }> {
  const writer = writerOf(context, 'applicationSecretCreate');
  const { tenantId, at } = writer;
  const expiresAt = input.expiresAt ?? null;
  return transact(context.database, tenantId, async (manager) => {
    const application = await lockApplication(manager, input.id);
    refuseFaults([
      !keepsSecret(application.kind) &&
        fault(UserErrorCode.INVALID, `An application of kind ${application.kind} keeps no secret: it uses PKCE.`, 'id'),
    ]);
    const id = v7();
    const request = { tenantId, at, operation: 'applicationSecretCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return { id: made, secret: null };
    // Only now: what was in the future when the key was first used may be over.
    refuseFaults([
      expiresAt && expiresAt <= at && fault(UserErrorCode.INVALID, 'expiresAt lies in the future.', 'expiresAt'),
    ]);
    const expired = await removeSecrets(manager, tenantId, 'application_id = $2 and expires_at <= $3', [input.id, at]);
    const [counted] = await runSql<{ count: number }>(
      manager,
      'select count(*)::int as count from application_secrets where tenant_id = $1 and application_id = $2',
      [tenantId, input.id],
    );
    refuseFaults([
      counted!.count >= MOST_SECRETS &&
        fault(UserErrorCode.INVALID, `An application has at most ${MOST_SECRETS} secrets: delete one first.`, 'id'),
    ]);
    await recordEvents(manager, writer, expired);
    return insertSecret(manager, writer, input.id, expiresAt, id);
  });
}

/** Deletes a secret, also the last one. `id` is its uuid; gives that of the application. Throws Faults: NOT_FOUND. */
export async function deleteSecret(context: OperationContext, input: { id: string }): Promise<string> {
  const writer = writerOf(context, 'applicationSecretDelete');
  return transact(context.database, writer.tenantId, async (manager) => {
    const facts = await removeSecrets(manager, writer.tenantId, 'id = $2', [input.id]);
    refuseFaults([!facts.length && fault(UserErrorCode.NOT_FOUND, 'There is no such secret.', 'id')]);
    await recordEvents(manager, writer, facts);
    return facts[0]!.objectId!;
  });
}

/** Makes a secret of an application, with its event. */
export async function insertSecret(
  manager: EntityManager,
  writer: Writer,
  applicationId: string,
  expiresAt: Date | null,
  id = v7(),
): Promise<{ id: string; secret: string }> {
  const secret = PREFIX + createSecret();
  const hint = secret.slice(-HINT_LENGTH);
  await runSql(
    manager,
    `insert into application_secrets (id, tenant_id, application_id, secret_hash, hint, created_at, expires_at)
     values ($2, $1, $3, $4, $5, $6, $7)`,
    [writer.tenantId, id, applicationId, hashSecret(secret), hint, writer.at, expiresAt],
  );
  const after = { hint, expiresAt: expiresAt?.toISOString() ?? null };
  await recordEvents(manager, writer, [{ type: 'application.secret_created', objectId: applicationId, after }]);
  return { id, secret };
}

async function removeSecrets(
  manager: EntityManager,
  tenantId: string,
  condition: string,
  values: unknown[],
): Promise<FactOf<'application.secret_deleted'>[]> {
  const gone = await runSql<{ applicationId: string; hint: string; expiresAt: string | null }>(
    manager,
    `delete from application_secrets where tenant_id = $1 and ${condition}
     returning application_id as "applicationId", hint, expires_at as "expiresAt"`,
    [tenantId, ...values],
  );
  return gone.map(({ applicationId, hint, expiresAt }) => ({
    type: 'application.secret_deleted',
    objectId: applicationId,
    before: { hint, expiresAt: expiresAt && new Date(expiresAt).toISOString() },
  }));
}
