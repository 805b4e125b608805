import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import type { OperationContext } from '../../context.js';
import { runSql } from '../../database/transact.js';
import { EnrollmentFlow } from '../../entities/enrollment-flow.js';
import type { FactorKind } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { changeSettings, DEFAULT_SETTINGS } from './default-settings.js';
import type { FlowPlace } from './check-flow.js';

/** An operation's context, with the origins of frontends beside the tenant's own. */
export type FlowContext = OperationContext & { allowedOrigins: readonly string[] };

export interface FlowVersion {
  id: string;
  number: number;
  settings: FlowSettings;
}

/** A flow, locked until the transaction ends; Faults NOT_FOUND when it is gone. */
export async function lockFlow(manager: EntityManager, id: string): Promise<EnrollmentFlow> {
  const flow = await manager.findOne(EnrollmentFlow, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!flow && fault(UserErrorCode.NOT_FOUND, 'There is no such enrollment flow.', 'id')]);
  return flow!;
}

/** The version that a flow stands at. */
export async function readVersion(manager: EntityManager, tenantId: string, id: string): Promise<FlowVersion> {
  const [found] = await runSql<FlowVersion>(
    manager,
    'select id, number, settings from enrollment_flow_versions where tenant_id = $1 and id = $2',
    [tenantId, id],
  );
  if (!found) throw new Error(`The version ${id} of an enrollment flow is missing.`);
  // Settings that came later are as in a new flow.
  return { ...found, settings: changeSettings(DEFAULT_SETTINGS, found.settings) };
}

/** What a flow of this owner is checked against. */
export async function readPlace(
  manager: EntityManager,
  { tenant, allowedOrigins }: FlowContext,
  organizationId: string | null,
): Promise<FlowPlace> {
  const [found] = await runSql<{ factorKinds: FactorKind[] }>(
    manager,
    'select mfa_factors as "factorKinds" from tenants where id = $1',
    [tenant.id],
  );
  const origins = [new URL(tenant.publicUrl).origin, ...allowedOrigins];
  return { organizationId, origins, factorKinds: found?.factorKinds ?? [] };
}
