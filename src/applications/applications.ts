import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { runSql, transact } from '../database/transact.js';
import { Application } from '../entities/application.js';
import type { ApplicationKind, ApplicationStatus } from '../entities/enums.js';
import type { FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { type ApplicationSettings, checkApplication } from './check-application.js';
import { lockApplication } from './lock-application.js';
import { removeApplications } from './organization-rows.js';
import { insertSecret, keepsSecret } from './secrets.js';

export interface CreateApplication extends ApplicationSettings {
  idempotencyKey?: string | null;
  name: string;
  kind: ApplicationKind;
}

/**
 * Makes an application. Its first secret, where its kind has one, is given here and never again: null when the
 * idempotency key was used before. Throws Faults: REQUIRED, TOO_LONG, INVALID, IDEMPOTENCY_KEY_REUSED.
 */
export async function createApplication(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreateApplication,
): Promise<{ id: string; secret: string | null }> {
  const { kind, name, description, isTenantAdministrator } = input;
  const redirectUris = [...new Set(input.redirectUris ?? [])];
  const postLogoutRedirectUris = [...new Set(input.postLogoutRedirectUris ?? [])];
  refuseFaults(
    checkApplication(kind, {
      name,
      description,
      redirectUris,
      postLogoutRedirectUris,
      isTenantAdministrator: isTenantAdministrator ?? false,
    }),
  );
  const writer = writerOf(context, 'applicationCreate');
  const { tenantId, at } = writer;
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'applicationCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return { id: made, secret: null };
    const application = manager.create(Application, {
      ...{ id, tenantId, kind, redirectUris, postLogoutRedirectUris },
      name: name.trim(),
      description: description?.trim() || null,
      isTenantAdministrator: isTenantAdministrator ?? false,
      createdByUserId: writer.actor.userId,
      createdAt: at,
      updatedAt: at,
    });
    await manager.flush();
    const after = published(application);
    await recordEvents(manager, writer, [{ type: 'application.created', objectId: id, after }]);
    return { id, secret: keepsSecret(kind) ? (await insertSecret(manager, writer, id, null)).secret : null };
  });
}

/** What is absent stays; null clears the description. */
export interface UpdateApplication extends ApplicationSettings {
  id: string;
  expectedVersion?: number | null;
  status?: ApplicationStatus | null;
}

/** Edits an application, enables or disables it. Throws Faults: NOT_FOUND, STALE_VERSION, REQUIRED, TOO_LONG, INVALID. */
export async function updateApplication(context: OperationContext, input: UpdateApplication): Promise<void> {
  const writer = writerOf(context, 'applicationUpdate');
  await transact(context.database, writer.tenantId, async (manager) => {
    const application = await lockApplication(manager, input.id);
    refuseFaults([
      checkVersion(input.expectedVersion, application.version),
      ...checkApplication(application.kind, input),
      input.status === null && fault(UserErrorCode.REQUIRED, 'status cannot be cleared.', 'status'),
    ]);
    const known = published(application);
    Object.assign(application, changesOf(input));
    const wanted = published(application);
    const changed = (Object.keys(wanted) as (keyof Published)[]).filter(
      (name) => JSON.stringify(known[name]) !== JSON.stringify(wanted[name]),
    );
    if (!changed.length) return;
    await manager.flush();
    const pick = (from: Published): FactOf<'application.updated'>['after'] =>
      Object.fromEntries(changed.map((name) => [name, from[name]]));
    await recordEvents(manager, writer, [
      { type: 'application.updated', objectId: application.id, before: pick(known), after: pick(wanted) },
    ]);
  });
}

/**
 * Deletes an application with its secrets, and takes it from every organization: one event tells each of them. Throws
 * Faults: NOT_FOUND, STALE_VERSION.
 */
export async function deleteApplication(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'applicationDelete');
  await transact(context.database, writer.tenantId, async (manager) => {
    // Whoever adds it to an organization waits for this lock, and finds it gone then.
    const application = await lockApplication(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, application.version)]);
    const removed = await removeApplications(manager, writer, { applicationId: application.id });
    const before = published(application);
    await runSql(manager, 'delete from applications where tenant_id = $1 and id = $2', [writer.tenantId, input.id]);
    await recordEvents(manager, writer, [
      ...removed.facts,
      { type: 'application.deleted', objectId: application.id, before },
    ]);
  });
}

function changesOf(input: UpdateApplication): Partial<Application> {
  const { name, description, redirectUris, postLogoutRedirectUris, isTenantAdministrator, status } = input;
  return {
    ...(name ? { name: name.trim() } : {}),
    ...(description === undefined ? {} : { description: description?.trim() || null }),
    ...(redirectUris ? { redirectUris: [...new Set(redirectUris)] } : {}),
    ...(postLogoutRedirectUris ? { postLogoutRedirectUris: [...new Set(postLogoutRedirectUris)] } : {}),
    ...(typeof isTenantAdministrator === 'boolean' ? { isTenantAdministrator } : {}),
    ...(status ? { status } : {}),
  };
}

type Published = FactOf<'application.created'>['after'];

/** What events say of an application: nothing secret. */
function published(application: Omit<Application, symbol>): Published {
  const { name, description, kind, status, isTenantAdministrator } = application;
  const { redirectUris, postLogoutRedirectUris } = application;
  return {
    ...{ name, kind, status, isTenantAdministrator, redirectUris, postLogoutRedirectUris },
    description: description ?? null,
  };
}
