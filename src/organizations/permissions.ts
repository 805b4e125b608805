import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { brokenConstraint, runSql, transact } from '../database/transact.js';
import { Permission } from '../entities/permission.js';
import { recordEvents } from '../events/record.js';
import { checkText, checkVersion, type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../faults.js';

/** Scopes that OpenID Connect gives a meaning of its own, and the beginnings of those that Vestibule does. */
const RESERVED = ['openid', 'profile', 'email', 'offline_access', 'address', 'phone'];
const RESERVED_BEGINNINGS = ['urn:vestibule:'];

/** A scope token of OAuth 2.0 (RFC 6749, 3.3). */
const SCOPE = /^[!#-[\]-~]+$/;
const LONGEST_NAME = 128;

export interface CreatePermission {
  idempotencyKey?: string | null;
  name: string;
  description?: string | null;
}

/** Makes a permission and gives its id. Throws Faults: REQUIRED, INVALID, TOO_LONG, TAKEN, IDEMPOTENCY_KEY_REUSED. */
export async function createPermission(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreatePermission,
): Promise<string> {
  refuseFaults([checkName(input.name), checkText(input.description, { longest: 256 }, 'description')]);
  const writer = writerOf(context, 'permissionCreate');
  const { tenantId, at } = writer;
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'permissionCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return made;
    const after = { name: input.name, description: input.description?.trim() ?? '' };
    manager.create(Permission, { id, tenantId, ...after, createdAt: at });
    await manager.flush().catch(refuseTakenName);
    await recordEvents(manager, writer, [{ type: 'permission.created', objectId: id, after }]);
    return id;
  });
}

/** What is absent stays; null clears the description. */
export interface UpdatePermission {
  id: string;
  expectedVersion?: number | null;
  name?: string | null;
  description?: string | null;
}

/** Edits a permission. Throws Faults: NOT_FOUND, STALE_VERSION, BUILT_IN, REQUIRED, INVALID, TOO_LONG, TAKEN. */
export async function updatePermission(context: OperationContext, input: UpdatePermission): Promise<void> {
  const writer = writerOf(context, 'permissionUpdate');
  await transact(context.database, writer.tenantId, async (manager) => {
    const permission = await lockPermission(manager, input.id);
    refuseFaults([
      checkVersion(input.expectedVersion, permission.version),
      refuseBuiltIn(permission),
      checkName(input.name),
      checkText(input.description, { longest: 256 }, 'description'),
    ]);
    const wanted = {
      ...(input.name ? { name: input.name } : {}),
      ...(input.description === undefined ? {} : { description: input.description?.trim() ?? '' }),
    };
    const changed = (Object.keys(wanted) as (keyof typeof wanted)[]).filter((key) => permission[key] !== wanted[key]);
    if (!changed.length) return;
    const pick = (from: typeof wanted) => Object.fromEntries(changed.map((key) => [key, from[key]]));
    const before = pick(permission);
    Object.assign(permission, wanted);
    await manager.flush().catch(refuseTakenName);
    await recordEvents(manager, writer, [
      { type: 'permission.updated', objectId: permission.id, before, after: pick(wanted) },
    ]);
  });
}

/** Deletes a permission: no role grants it any more. Throws Faults: NOT_FOUND, STALE_VERSION, BUILT_IN. */
export async function deletePermission(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'permissionDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const permission = await lockPermission(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, permission.version), refuseBuiltIn(permission)]);
    const { id, name, description } = permission;
    const granted = await runSql(
      manager,
      'delete from role_permissions where tenant_id = $1 and permission_id = $2 returning role_id',
      [tenantId, id],
    );
    await runSql(manager, 'delete from permissions where tenant_id = $1 and id = $2', [tenantId, id]);
    const before = { name, description, roles: granted.length };
    await recordEvents(manager, writer, [{ type: 'permission.deleted', objectId: id, before }]);
  });
}

async function lockPermission(manager: EntityManager, id: string): Promise<Permission> {
  const permission = await manager.findOne(Permission, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!permission && fault(UserErrorCode.NOT_FOUND, 'There is no such permission.', 'id')]);
  return permission!;
}

function refuseBuiltIn({ isBuiltIn, name }: Permission): Fault | null {
  return isBuiltIn ? fault(UserErrorCode.BUILT_IN, `${name} comes with Vestibule and stays as it is.`, 'id') : null;
}

function checkName(name: string | null | undefined): Fault | null {
  if (name === undefined) return null;
  if (!name) return fault(UserErrorCode.REQUIRED, 'name cannot be empty.', 'name');
  if (name.length > LONGEST_NAME)
    return fault(UserErrorCode.TOO_LONG, `name is at most ${LONGEST_NAME} characters.`, 'name');
  if (!SCOPE.test(name)) {
    return fault(UserErrorCode.INVALID, 'name is visible ASCII characters without blanks, but for " and \\.', 'name');
  }
  const folded = name.toLowerCase();
  const isReserved = RESERVED.includes(folded) || RESERVED_BEGINNINGS.some((beginning) => folded.startsWith(beginning));
  return isReserved ? fault(UserErrorCode.INVALID, `${name} is reserved for OpenID and Vestibule.`, 'name') : null;
}

function refuseTakenName(error: unknown): never {
  if (brokenConstraint(error) !== 'permissions_tenant_id_name_key') throw error;
  throw new Faults([fault(UserErrorCode.TAKEN, 'Another permission has this name.', 'name')]);
}
