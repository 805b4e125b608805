import { FlowAuthorization } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';

/** Who wants to start a flow: what a policy knows of the caller. Nobody is everything false and empty. */
export interface Starter {
  /** Signed in, or an application. */
  isAuthenticated: boolean;
  isTenantAdministrator: boolean;
  /** The organizations of their active memberships. */
  memberOf: ReadonlySet<string>;
  /** The organizations that they administer. */
  administers: ReadonlySet<string>;
  /** The roles that they hold, in any organization. */
  roleIds: ReadonlySet<string>;
}

/** A flow, as far as starting it goes. `organizationId`: whose flow it is; null: the tenant's. */
export interface StartableFlow {
  settings: Pick<FlowSettings, 'authorization' | 'authorizationOrganizationId' | 'authorizationRoleId'>;
  organizationId: string | null;
}

/**
 * Whether somebody may start a flow, by its settings; whether it is ACTIVE is asked elsewhere. Administrators of the
 * tenant may start every flow. Pure: docs/enrollment-flows.md tells what each authorization means.
 */
export function mayStart({ settings, organizationId }: StartableFlow, starter: Starter): boolean {
  if (settings.authorization === FlowAuthorization.NONE || starter.isTenantAdministrator) return true;
  if (!starter.isAuthenticated) return false;
  const organization = settings.authorizationOrganizationId ?? organizationId;
  switch (settings.authorization) {
    case FlowAuthorization.SIGNED_IN:
      return true;
    case FlowAuthorization.TENANT_ADMINISTRATOR:
      return false;
    case FlowAuthorization.ORGANIZATION_ADMINISTRATOR:
      return organization !== null && starter.administers.has(organization);
    case FlowAuthorization.ANY_ADMINISTRATOR:
      return starter.administers.size > 0;
    case FlowAuthorization.ROLE_HOLDER:
      return settings.authorizationRoleId !== null && starter.roleIds.has(settings.authorizationRoleId);
    case FlowAuthorization.TENANT_MEMBER:
      return starter.memberOf.size > 0;
    case FlowAuthorization.ORGANIZATION_MEMBER:
      return organization !== null && starter.memberOf.has(organization);
  }
}
