import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../../actor.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { EnrollmentFlow } from '../../entities/enrollment-flow.js';
import { FlowStatus, type FlowTemplateName } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { recordEvents } from '../../events/record.js';
import { checkText, type Fault, fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { lockOwner } from '../lock-owner.js';
import { checkFlow } from './check-flow.js';
import { checkReferences } from './check-references.js';
import { changeSettings, DEFAULT_SETTINGS, type SettingsChanges } from './default-settings.js';
import { type FlowContext, readPlace, readVersion } from './read-flow.js';
import { settingsOfTemplate, shippedTemplate } from './templates.js';

/** How many flows the tenant has of its own, and each organization. */
const MOST_FLOWS = 200;

/** Ids are uuids. Who may copy a flow is asked before. */
export interface CreateFlow {
  idempotencyKey?: string | null;
  /** Absent: the tenant's. */
  organizationId?: string | null;
  name: string;
  /** Absent: that of what is copied. */
  description?: string | null;
  /** Absent: SUSPENDED. */
  status?: FlowStatus | null;
  /** Another flow that the settings begin with; or a shipped template; absent: the default settings. */
  copyOf?: string | null;
  template?: FlowTemplateName | null;
  settings?: SettingsChanges | null;
}

/**
 * Makes a flow with its first version, and gives its id. Throws Faults with all that keeps it from working, whatever its
 * status: REQUIRED, INVALID, TOO_LONG, NOT_FOUND, IDEMPOTENCY_KEY_REUSED.
 */
export async function createFlow(context: FlowContext, { idempotencyKey: key, ...input }: CreateFlow): Promise<string> {
  const writer = writerOf(context, 'enrollmentFlowCreate');
  const { tenantId, at } = writer;
  const organizationId = input.organizationId ?? null;
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'enrollmentFlowCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return made;
    await lockOwner(manager, tenantId, organizationId, { table: 'enrollment_flows', most: MOST_FLOWS });
    const { base, description } = await readBase(manager, tenantId, input);
    const settings = changeSettings(base, input.settings ?? {});
    refuseFaults([
      ...checkNames({ ...input, description }),
      ...(await checkSettings(manager, context, settings, organizationId)),
    ]);
    const status = input.status ?? FlowStatus.SUSPENDED;
    const name = input.name.trim();
    const currentVersionId = v7();
    manager.create(EnrollmentFlow, { id, tenantId, organizationId, name, description, status, currentVersionId });
    await manager.flush();
    await insertVersion(manager, writer, { id: currentVersionId, flowId: id, number: 1, name, settings });
    const after = {
      ...{ name, description, status, number: 1 },
      organizationId: organizationId && toGlobalId('Organization', organizationId),
      copyOf: input.copyOf ? toGlobalId('EnrollmentFlow', input.copyOf) : null,
      template: input.template ?? null,
    };
    await recordEvents(manager, writer, [{ type: 'enrollment_flow.created', organizationId, objectId: id, after }]);
    return id;
  });
}

/** What a flow begins with. Throws Faults: INVALID, NOT_FOUND. */
export async function readBase(
  manager: EntityManager,
  tenantId: string,
  {
    copyOf,
    template,
    description,
    organizationId,
  }: Pick<CreateFlow, 'copyOf' | 'template' | 'description' | 'organizationId'>,
): Promise<{ base: FlowSettings; description: string | null }> {
  const given = description?.trim() || null;
  refuseFaults([
    Boolean(copyOf && template) && fault(UserErrorCode.INVALID, 'Give copyOf or template, and not both.', 'template'),
  ]);
  if (template) {
    const shipped = shippedTemplate(template);
    const base = settingsOfTemplate(template, organizationId);
    return { base, description: description === undefined ? shipped.description : given };
  }
  if (!copyOf) return { base: { ...DEFAULT_SETTINGS }, description: given };
  const flow = await manager.findOne(EnrollmentFlow, { id: copyOf });
  refuseFaults([!flow && fault(UserErrorCode.NOT_FOUND, 'There is no such enrollment flow.', 'copyOf')]);
  const { settings } = await readVersion(manager, tenantId, flow!.currentVersionId);
  return { base: settings, description: description === undefined ? (flow!.description ?? null) : given };
}

export function checkNames({ name, description }: { name?: string | null; description?: string | null }): Fault[] {
  return [
    checkText(name, { isRequired: true, longest: 128 }, 'name'),
    checkText(description, { longest: 256 }, 'description'),
  ].filter((found) => found !== null);
}

/** Everything that keeps settings from working, with paths that begin at `settings`. */
export async function checkSettings(
  manager: EntityManager,
  context: FlowContext,
  settings: FlowSettings,
  organizationId: string | null,
): Promise<Fault[]> {
  const { faults } = checkFlow(settings, await readPlace(manager, context, organizationId));
  const missing = await checkReferences(manager, context.tenant.id, settings, organizationId);
  return [...faults, ...missing].map((found) => ({ ...found, field: ['settings', ...(found.field ?? [])] }));
}

/** Adds a version of a flow; versions are never changed. */
export async function insertVersion(
  manager: EntityManager,
  { tenantId, at, actor }: Writer,
  version: { id: string; flowId: string; number: number; name: string; settings: FlowSettings },
): Promise<void> {
  await runSql(
    manager,
    `insert into enrollment_flow_versions
       (id, tenant_id, flow_id, number, name, settings, created_at, created_by_user_id)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)`,
    [
      ...[version.id, tenantId, version.flowId, version.number, version.name],
      ...[JSON.stringify(version.settings), at, actor.userId],
    ],
  );
}
