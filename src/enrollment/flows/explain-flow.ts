import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql, transact } from '../../database/transact.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { type Fault, fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { EnrollmentFlow } from '../../entities/enrollment-flow.js';
import { type PlannedStep, planSteps } from '../machine/plan.js';
import { checkNames, checkSettings, type CreateFlow, readBase } from './create-flow.js';
import { changeSettings } from './default-settings.js';
import { describeApprovers, describeStarters } from './describe-flow.js';
import { grantsAdministration } from './check-references.js';
import { warnOfFoundSources } from './check-sources.js';
import { findFlowSources } from './find-sources.js';
import { findWarnings, type FlowWarning } from './flow-warnings.js';
import { type FlowContext, readVersion } from './read-flow.js';

/** What a flow does, in words. */
export interface ExplainedFlow {
  settings: FlowSettings;
  steps: PlannedStep[];
  starters: string;
  /** Null: nobody need approve. */
  approvers: string | null;
  /** Why it could not be saved as it is. */
  faults: readonly Fault[];
  warnings: FlowWarning[];
}

/** Explains a flow as it is now. Throws Faults: NOT_FOUND. */
export async function explainFlow(context: FlowContext, id: string): Promise<ExplainedFlow> {
  return transact(context.database, context.tenant.id, async (manager) => {
    const flow = await manager.findOne(EnrollmentFlow, { id });
    refuseFaults([!flow && fault(UserErrorCode.NOT_FOUND, 'There is no such enrollment flow.', 'id')]);
    const { settings } = await readVersion(manager, context.tenant.id, flow!.currentVersionId);
    return explain(manager, context, settings, flow!.organizationId ?? null);
  });
}

/** What creating a flow would be refused for, and what it would do: nothing is saved. */
export async function explainNewFlow(context: FlowContext, input: CreateFlow): Promise<ExplainedFlow> {
  return transact(context.database, context.tenant.id, async (manager) => {
    const { base, description } = await readBase(manager, context.tenant.id, input);
    const settings = changeSettings(base, input.settings ?? {});
    const explained = await explain(manager, context, settings, input.organizationId ?? null);
    return { ...explained, faults: [...checkNames({ ...input, description }), ...explained.faults] };
  });
}

async function explain(
  manager: EntityManager,
  context: FlowContext,
  settings: FlowSettings,
  organizationId: string | null,
): Promise<ExplainedFlow> {
  const names = await readNames(manager, context.tenant.id, settings, organizationId);
  const found = await findFlowSources(manager, context.tenant.id, settings, organizationId);
  const warnings = [...findWarnings(settings, { organizationId }), ...warnOfFoundSources(settings, found)];
  if (grantsAdministration(settings, names)) {
    const message = 'It makes administrators of an organization, and nobody approves that.';
    warnings.unshift({ message, field: ['roleIds'] });
  }
  return {
    settings,
    steps: planSteps(settings),
    starters: describeStarters({ settings, organizationId }, names),
    approvers: describeApprovers({ settings, organizationId }, names),
    faults: await checkSettings(manager, context, settings, organizationId),
    warnings,
  };
}

/** The names of the organizations and roles that the flow speaks of, as far as its owner may use them. */
async function readNames(
  manager: EntityManager,
  tenantId: string,
  settings: FlowSettings,
  organizationId: string | null,
): Promise<Map<string, string>> {
  const { authorizationOrganizationId, authorizationRoleId, approverRoleId, organizationIds, roleIds } = settings;
  const organizations = [organizationId, authorizationOrganizationId, ...organizationIds].filter(Boolean);
  const roles = [authorizationRoleId, approverRoleId, ...roleIds].filter(Boolean);
  const rows = await runSql<{ id: string; name: string }>(
    manager,
    `select id, name from organizations
     where tenant_id = $1 and id = any($2::uuid[]) and ($4::uuid is null or id = $4)
     union all
     select id, name from roles
     where tenant_id = $1 and id = any($3::uuid[])
       and ($4::uuid is null or organization_id is null or organization_id = $4)`,
    [tenantId, organizations, roles, organizationId],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
