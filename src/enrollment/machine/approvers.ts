import { ApproverKind } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import type { Approvers } from './state.js';

/**
 * Who approves a petition of this flow, fixed as it begins: the holders of the flow's role (in the organization of the
 * petition, if it has one), and nobody else; or else the administrators of the organization whose people start it, of
 * the one that it leads to, or of any, and those of the tenant. Null: nobody, it needs no approval.
 */
export function approversOf(flow: FlowSettings, organizationId: string | null): Approvers | null {
  if (!flow.requiresApproval) return null;
  if (flow.approverRoleId) return { kind: ApproverKind.ROLE, roleId: flow.approverRoleId, organizationId };
  const administered = flow.authorizationOrganizationId ?? organizationId;
  if (!administered) return { kind: ApproverKind.ANY_ADMINISTRATOR, roleId: null, organizationId: null };
  return { kind: ApproverKind.ORGANIZATION_ADMINISTRATORS, roleId: null, organizationId: administered };
}
