import { FlowAuthorization } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { approversOf } from '../machine/approvers.js';
import { enrolledInto } from './check-flow.js';

/** The names of what a flow speaks of, by uuid. */
export type NamesById = ReadonlyMap<string, string>;

interface Described {
  settings: FlowSettings;
  /** Whose flow it is. */
  organizationId: string | null;
}

const GONE = 'one that is gone';

/** Who may start the flow, in a sentence. */
export function describeStarters({ settings, organizationId }: Described, names: NamesById): string {
  const always = 'Administrators of the tenant';
  const organization = named(names, settings.authorizationOrganizationId ?? organizationId);
  switch (settings.authorization) {
    case FlowAuthorization.NONE:
      return 'Anybody, also without signing in.';
    case FlowAuthorization.SIGNED_IN:
      return 'Whoever is signed in, and applications.';
    case FlowAuthorization.TENANT_ADMINISTRATOR:
      return `${always} alone.`;
    case FlowAuthorization.ORGANIZATION_ADMINISTRATOR:
      return `${always}, and of the organization ${organization}.`;
    case FlowAuthorization.ANY_ADMINISTRATOR:
      return `${always}, and of any organization.`;
    case FlowAuthorization.ROLE_HOLDER:
      return `${always}, and whoever holds the role ${named(names, settings.authorizationRoleId)} in any organization.`;
    case FlowAuthorization.TENANT_MEMBER:
      return `${always}, and members of any organization.`;
    case FlowAuthorization.ORGANIZATION_MEMBER:
      return `${always}, and members of the organization ${organization}.`;
  }
}

/** Who decides about its petitions, in a sentence; null when nobody need. */
export function describeApprovers({ settings, organizationId }: Described, names: NamesById): string | null {
  const into = enrolledInto(settings, { organizationId });
  const approvers = approversOf(settings, into.length === 1 ? into[0]! : null);
  if (!approvers) return null;
  const own = settings.allowsOwnApproval ? 'They may decide on their own petitions.' : 'Nobody decides on their own.';
  const where = approvers.organizationId
    ? ` in the organization ${named(names, approvers.organizationId)}`
    : into.length > 1
      ? ' in the organization that the petitioner chooses'
      : '';
  const who =
    approvers.kind === 'ROLE'
      ? `The holders of the role ${named(names, approvers.roleId)}${where}, and nobody else.`
      : approvers.organizationId || into.length > 1
        ? `The administrators${where}, and of the tenant.`
        : 'The administrators of any organization, and of the tenant.';
  return `${who} ${own}`;
}

function named(names: NamesById, id: string | null): string {
  return (id && names.get(id)) ?? GONE;
}
