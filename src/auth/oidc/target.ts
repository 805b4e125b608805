import { toGlobalId, uuidOf } from '../../database/loaders/ids.js';

const ORGANIZATION_PREFIX = 'urn:vestibule:organization:';
/** The resource of the whole tenant: for applications that administer it. */
export const TENANT_RESOURCE = 'urn:vestibule:tenant';
/** What a token for the tenant may do. */
export const ADMINISTER_TENANT = 'tenant:administer';

/** What an access token is for: one organization, or the tenant as a whole. */
export type Target = { resource: string; organizationId: string } | { resource: string; organizationId: null };

/** The resource indicator of an organization. */
export function organizationResource(organizationId: string): string {
  return `${ORGANIZATION_PREFIX}${toGlobalId('Organization', organizationId)}`;
}

/** Reads a resource indicator; null when it is none of ours. */
export function readResource(resource: unknown): Target | null {
  if (resource === TENANT_RESOURCE) return { resource, organizationId: null };
  if (typeof resource !== 'string' || !resource.startsWith(ORGANIZATION_PREFIX)) return null;
  const organizationId = uuidOf('Organization', resource.slice(ORGANIZATION_PREFIX.length));
  return organizationId ? { resource, organizationId } : null;
}
