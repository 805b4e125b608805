import { FlowAuthorization } from '../../entities/enums.js';
import type { Starter } from './may-start.js';

/**
 * `mayStart` as a condition of SQL, for lists: of flows `f` with their current versions `v`. `value` takes a value and
 * gives the parameter that holds it. A test holds both against each other.
 */
export function startableSql(starter: Starter, value: (given: unknown) => string): string {
  if (starter.isTenantAdministrator) return 'true';
  const open: FlowAuthorization[] = [FlowAuthorization.NONE];
  if (starter.isAuthenticated) open.push(FlowAuthorization.SIGNED_IN);
  if (starter.isAuthenticated && starter.memberOf.size) open.push(FlowAuthorization.TENANT_MEMBER);
  if (starter.isAuthenticated && starter.administers.size) open.push(FlowAuthorization.ANY_ADMINISTRATOR);
  const ways = [`v.settings ->> 'authorization' = any(${value(open)}::text[])`];
  if (starter.isAuthenticated) {
    const whose = `coalesce((v.settings ->> 'authorizationOrganizationId')::uuid, f.organization_id)`;
    const among = (authorization: FlowAuthorization, what: string, ids: ReadonlySet<string>) =>
      ways.push(`(v.settings ->> 'authorization' = '${authorization}' and ${what} = any(${value([...ids])}::uuid[]))`);
    among(FlowAuthorization.ORGANIZATION_MEMBER, whose, starter.memberOf);
    among(FlowAuthorization.ORGANIZATION_ADMINISTRATOR, whose, starter.administers);
    among(FlowAuthorization.ROLE_HOLDER, `(v.settings ->> 'authorizationRoleId')::uuid`, starter.roleIds);
  }
  return `(${ways.join(' or ')})`;
}
