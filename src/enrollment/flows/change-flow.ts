import { v7 } from 'uuid';
import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { FlowStatus } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { recordEvents } from '../../events/record.js';
import { checkVersion, refuseFaults } from '../../faults.js';
import { checkNames, checkSettings, insertVersion } from './create-flow.js';
import { changeSettings, SETTING_NAMES, type SettingsChanges } from './default-settings.js';
import { type FlowContext, lockFlow, readVersion } from './read-flow.js';

/** What is absent stays. */
export interface UpdateFlow {
  id: string;
  expectedVersion?: number | null;
  name?: string | null;
  description?: string | null;
  settings?: SettingsChanges | null;
}

/**
 * Changes a flow. Petitions that were begun keep the version that they began with: another name or other settings make a
 * new one. Repeating it changes nothing. Throws Faults with all that keeps the flow from working: NOT_FOUND,
 * STALE_VERSION, REQUIRED, INVALID, TOO_LONG.
 */
export async function updateFlow(context: FlowContext, input: UpdateFlow): Promise<void> {
  const writer = writerOf(context, 'enrollmentFlowUpdate');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const flow = await lockFlow(manager, input.id);
    const { organizationId = null } = flow;
    const current = await readVersion(manager, tenantId, flow.currentVersionId);
    const settings = changeSettings(current.settings, input.settings ?? {});
    refuseFaults([
      checkVersion(input.expectedVersion, flow.version),
      ...checkNames(input),
      ...(await checkSettings(manager, context, settings, organizationId)),
    ]);
    const before = { name: flow.name, description: flow.description ?? null };
    const after = {
      name: input.name?.trim() ?? before.name,
      description: input.description === undefined ? before.description : input.description?.trim() || null,
    };
    const changed = SETTING_NAMES.filter((name) => !isSame(current.settings[name], settings[name]));
    const renamed = (['name', 'description'] as const).filter((name) => before[name] !== after[name]);
    if (!changed.length && !renamed.length) return;
    const isNewVersion = changed.length > 0 || renamed.includes('name');
    const number = current.number + (isNewVersion ? 1 : 0);
    if (isNewVersion) {
      const version = { id: v7(), flowId: flow.id, number, name: after.name, settings };
      await insertVersion(manager, writer, version);
      flow.currentVersionId = version.id;
    }
    Object.assign(flow, after);
    await manager.flush();
    const pick = (from: typeof before) => Object.fromEntries(renamed.map((name) => [name, from[name]]));
    await recordEvents(manager, writer, [
      {
        type: 'enrollment_flow.updated',
        organizationId,
        objectId: flow.id,
        before: { ...pick(before), number: current.number },
        after: { ...pick(after), number, settings: changed },
      },
    ]);
  });
}

/**
 * Activates a flow, suspends it, or makes it a template. To be activated it must work as it is now: what it needs may be
 * gone since it was saved. Repeating it changes nothing. Throws Faults: NOT_FOUND, STALE_VERSION, and all that keeps the
 * flow from working.
 */
export async function setFlowStatus(
  context: FlowContext,
  status: FlowStatus,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, VIA[status]);
  await transact(context.database, writer.tenantId, async (manager) => {
    const flow = await lockFlow(manager, input.id);
    const { organizationId = null } = flow;
    refuseFaults([checkVersion(input.expectedVersion, flow.version)]);
    if (flow.status === status) return;
    if (status === FlowStatus.ACTIVE) {
      const { settings } = await readVersion(manager, writer.tenantId, flow.currentVersionId);
      const faults = await checkSettings(manager, context, settings, organizationId);
      refuseFaults(faults.map((found) => ({ ...found, field: ['id'] })));
    }
    const before = { status: flow.status };
    flow.status = status;
    await manager.flush();
    await recordEvents(manager, writer, [
      { type: 'enrollment_flow.status_changed', organizationId, objectId: flow.id, before, after: { status } },
    ]);
  });
}

const VIA: Record<FlowStatus, string> = {
  ACTIVE: 'enrollmentFlowActivate',
  SUSPENDED: 'enrollmentFlowSuspend',
  TEMPLATE: 'enrollmentFlowMakeTemplate',
};

/**
 * Deletes a flow. Its petitions stay, with the versions that they began with; versions that none uses go with it. Throws
 * Faults: NOT_FOUND, STALE_VERSION.
 */
export async function deleteFlow(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'enrollmentFlowDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    // Whoever starts a petition of it holds the flow: the lock waits for them, and finds the version in use then.
    const flow = await lockFlow(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, flow.version)]);
    const { id, name, status, organizationId = null } = flow;
    await runSql(
      manager,
      `delete from enrollment_flow_versions v where v.tenant_id = $1 and v.flow_id = $2 and not exists (
         select 1 from petitions p where p.tenant_id = $1 and p.flow_version_id = v.id)`,
      [tenantId, id],
    );
    await runSql(manager, 'delete from enrollment_flows where tenant_id = $1 and id = $2', [tenantId, id]);
    const before = { name, status, organizationId: organizationId && toGlobalId('Organization', organizationId) };
    await recordEvents(manager, writer, [{ type: 'enrollment_flow.deleted', organizationId, objectId: id, before }]);
  });
}

/** Whether two values of a setting say the same: JSON comes back from the database with its keys in another order. */
function isSame(left: FlowSettings[keyof FlowSettings], right: FlowSettings[keyof FlowSettings]): boolean {
  return canonical(left) === canonical(right);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1)))
      : item,
  );
}
