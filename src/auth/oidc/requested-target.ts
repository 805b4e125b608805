import { errors } from 'oidc-provider';
import { uuidOf } from '../../database/loaders/ids.js';
import { organizationResource, readResource, type Target } from './target.js';

/**
 * What a token request asks a token for: `resource` (RFC 8707), or an organization by its id in `organization_id`; null
 * when it names nothing. Throws invalid_target for anything else than one thing of ours.
 */
export function readTarget(params: { resource?: unknown; organization_id?: unknown }): Target | null {
  const asked = [params.resource ?? []].flat();
  if (params.organization_id !== undefined) {
    const organizationId = uuidOf('Organization', params.organization_id);
    if (!organizationId) throw new errors.InvalidTarget('organization_id is no id of an organization');
    asked.push(organizationResource(organizationId));
  }
  if (!asked.length) return null;
  const targets = asked.map(readResource);
  const [first] = targets;
  if (!first || targets.some((target) => target?.resource !== first.resource))
    throw new errors.InvalidTarget('name one organization: urn:vestibule:organization:<id>');
  return first;
}
