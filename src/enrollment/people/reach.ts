import type { Viewer } from '../../context.js';
import { BuiltInRole } from '../../entities/enums.js';

/**
 * Among whose members a petition may find people who have not agreed to it; null: all users. A flow of the tenant finds
 * everybody, as its administrators decided; so do they themselves. In a flow that an organization has made for itself it
 * is as with adding members (docs/members.md): its own people, and those of the organizations that the caller
 * administers. Otherwise whoever administers one organization could make anybody its member, and see who they are.
 */
export function reachOf(viewer: Viewer | null, flowOrganizationId: string | null): string[] | null {
  if (flowOrganizationId === null || viewer?.isTenantAdministrator) return null;
  const administered = [...(viewer?.rolesByOrganization ?? [])].flatMap(([id, roles]) =>
    roles.includes(BuiltInRole.ADMINISTRATOR) ? [id] : [],
  );
  return [...new Set([flowOrganizationId, ...administered])];
}

/** SQL: whether the user with this id is a member of one of the organizations that `parameter` holds. */
export const isMemberSql = (userId: string, parameter: string): string => `exists (
  select 1 from memberships reached where reached.tenant_id = $1 and reached.user_id = ${userId}
    and reached.organization_id = any(${parameter}::uuid[]))`;
