import type { Attribute } from './attributes.js';
import { GROUP, type ResourceType, SCHEMAS, USER } from './schemas.js';
import { LARGEST_PAGE } from './search.js';
import { notFound } from './scim-error.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0';

/** What is served and what not (RFC 7643, section 5). */
export function serviceProviderConfig(baseUrl: string) {
  return {
    schemas: [`${CORE}:ServiceProviderConfig`],
    documentationUri: 'https://www.rfc-editor.org/rfc/rfc7644',
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: LARGEST_PAGE },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token of the connection, that an administrator of the tenant makes: connectionScimTokenCreate.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

/** The types of resources (RFC 7643, section 6). */
export function resourceTypes(baseUrl: string) {
  return [USER, GROUP].map(({ name, endpoint, description, schema, extensions }: ResourceType) => ({
    schemas: [`${CORE}:ResourceType`],
    id: name,
    name,
    endpoint,
    description,
    schema,
    schemaExtensions: extensions.map((extension) => ({ schema: extension.name, required: false })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  }));
}

/** The schemas (RFC 7643, section 7). */
export function schemas(baseUrl: string) {
  return SCHEMAS.map(({ id, name, description, attributes }) => ({
    schemas: [`${CORE}:Schema`],
    id,
    name,
    description,
    attributes: attributes.map(describe),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` },
  }));
}

/** Text has case and uniqueness; what has parts, or is true or false, has neither. */
function describe({ caseExact, uniqueness, subAttributes, ...attribute }: Attribute): object {
  const isPlain = attribute.type === 'complex' || attribute.type === 'boolean';
  return {
    ...attribute,
    ...(isPlain ? {} : { caseExact, uniqueness }),
    ...(subAttributes ? { subAttributes: subAttributes.map(describe) } : {}),
  };
}

/** All of a list as one page. */
export function listOf(resources: object[]) {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: resources.length,
    itemsPerPage: resources.length,
    startIndex: 1,
    Resources: resources,
  };
}

/** The one of this id; schemas are compared without regard to case. */
export function oneOf<Item extends { id: string }>(items: Item[], id: string, what: string): Item {
  const found = items.find((item) => item.id.toLowerCase() === id.toLowerCase());
  if (!found) throw notFound(what);
  return found;
}
