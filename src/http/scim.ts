import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { scimUrl, type ScimContext } from '../provisioning/context.js';
import { listOf, oneOf, resourceTypes, schemas, serviceProviderConfig } from '../provisioning/discovery.js';
import { isUuid } from '../provisioning/group-members.js';
import { createGroup, deleteGroup, patchGroup, replaceGroup } from '../provisioning/groups.js';
import { readOperations } from '../provisioning/patch.js';
import { select, type Selection, type Shown } from '../provisioning/present.js';
import { isObject } from '../provisioning/read-resource.js';
import { GROUP, type ResourceType, USER } from '../provisioning/schemas.js';
import { invalidValue, notFound, ScimError } from '../provisioning/scim-error.js';
import {
  findGroup,
  findUser,
  readSearch,
  readSelection,
  type Search,
  searchAll,
  searchGroups,
  searchUsers,
} from '../provisioning/search.js';
import { findDirectory } from '../provisioning/tokens.js';
import { createUser, deleteUser, patchUser, type Precondition, replaceUser } from '../provisioning/users.js';
import type { Services } from '../services.js';
import { readBearer } from './cookies.js';
import { presentUnexpected } from './executor.js';

const LARGEST_BODY = 1_048_576;
const LONGEST_USER_AGENT = 512;
const MEDIA_TYPE = 'application/scim+json; charset=utf-8';
const SEARCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

type Query = Record<string, unknown>;

/** What is done to resources of a type: `patch` gives the resource, or its new version where that is all. */
interface Operations {
  type: ResourceType;
  find: (context: ScimContext, id: string, selection: Selection) => Promise<Shown>;
  search: (context: ScimContext, search: Search) => Promise<object>;
  create: (context: ScimContext, body: unknown) => Promise<Shown>;
  replace: (context: ScimContext, id: string, body: unknown, isExpected?: Precondition) => Promise<Shown>;
  patch: (
    context: ScimContext,
    id: string,
    operations: ReturnType<typeof readOperations>,
    isExpected?: Precondition,
  ) => Promise<Shown | string>;
  remove: (context: ScimContext, id: string, isExpected?: Precondition) => Promise<void>;
}

const USERS: Operations = {
  type: USER,
  find: findUser,
  search: searchUsers,
  create: createUser,
  replace: replaceUser,
  patch: patchUser,
  remove: deleteUser,
};

const GROUPS: Operations = {
  type: GROUP,
  find: findGroup,
  search: searchGroups,
  create: createGroup,
  replace: replaceGroup,
  patch: patchGroup,
  remove: deleteGroup,
};

/** `/scim/v2`: what directories write and read, by RFC 7644. Register it under that prefix. */
export async function useScim(scope: FastifyInstance, services: Services): Promise<void> {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    ['application/scim+json', 'application/json'],
    { parseAs: 'string', bodyLimit: LARGEST_BODY },
    (_request, body, done) => {
      // Okta says that the nothing of a DELETE is JSON.
      if (body === '') return done(null, undefined);
      try {
        done(null, JSON.parse(body as string));
      } catch {
        done(new ScimError(400, 'invalidSyntax', 'The body is no JSON.'));
      }
    },
  );
  scope.setErrorHandler(answerError);
  scope.setNotFoundHandler((_request, reply) => answer(reply, new ScimError(404, null, 'There is nothing here.')));
  scope.addHook('onSend', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
  });

  serveDiscovery(scope, services);
  serveResources(scope, services, USERS);
  serveResources(scope, services, GROUPS);
  const searchEverything = async (request: FastifyRequest, reply: FastifyReply, given: Query) =>
    send(reply, 200, await searchAll(await authenticate(services, request, reply), readSearch(given)));
  scope.get('/', (request, reply) => searchEverything(request, reply, request.query as Query));
  scope.post('/.search', (request, reply) => searchEverything(request, reply, searchBody(request.body)));
  for (const url of ['/Me', '/Bulk']) {
    scope.all(url, async (request, reply) => {
      await authenticate(services, request, reply);
      throw new ScimError(501, null, `${url} is not served.`);
    });
  }
}

/** Nothing of this is anybody's secret, and a client reads it before it has a token (RFC 7644, section 4). */
function serveDiscovery(scope: FastifyInstance, services: Services): void {
  const documents = async (request: FastifyRequest) => {
    if ((request.query as Query).filter !== undefined)
      throw new ScimError(403, null, 'What is served is not filtered.');
    return scimUrl(await services.findTenant(request.host));
  };
  scope.get('/ServiceProviderConfig', async (request, reply) =>
    send(reply, 200, serviceProviderConfig(await documents(request))),
  );
  const lists = [
    ['/ResourceTypes', resourceTypes, 'type of resource'],
    ['/Schemas', schemas, 'schema'],
  ] as const;
  for (const [url, list, what] of lists) {
    scope.get(url, async (request, reply) => send(reply, 200, listOf(list(await documents(request)))));
    scope.get<{ Params: { id: string } }>(`${url}/:id`, async (request, reply) =>
      send(reply, 200, oneOf<{ id: string }>(list(await documents(request)), request.params.id, what)),
    );
  }
}

function serveResources(scope: FastifyInstance, services: Services, operations: Operations): void {
  const { type } = operations;
  const url = type.endpoint;
  type One = { Params: { id: string } };
  const idOf = (request: FastifyRequest<One>): string => {
    if (!isUuid(request.params.id)) throw notFound(type.name.toLowerCase());
    return request.params.id;
  };
  const show = (reply: FastifyReply, status: number, resource: Shown, selection: Selection) =>
    send(reply.header('etag', resource.meta.version), status, select(type, resource, selection));

  scope.get(url, async (request, reply) => {
    const context = await authenticate(services, request, reply);
    return send(reply, 200, await operations.search(context, readSearch(request.query as Query)));
  });
  scope.post(`${url}/.search`, async (request, reply) => {
    const context = await authenticate(services, request, reply);
    return send(reply, 200, await operations.search(context, readSearch(searchBody(request.body))));
  });
  scope.post(url, async (request, reply) => {
    const context = await authenticate(services, request, reply);
    const selection = readSelection(request.query as Query);
    const resource = await operations.create(context, request.body);
    return show(reply.header('location', resource.meta.location), 201, resource, selection);
  });
  scope.get<One>(`${url}/:id`, async (request, reply) => {
    const context = await authenticate(services, request, reply);
    const selection = readSelection(request.query as Query);
    const resource = await operations.find(context, idOf(request), selection);
    if (readPrecondition(request, 'if-none-match')?.(resource.meta.version))
      return reply.header('etag', resource.meta.version).code(304).send();
    return show(reply, 200, resource, selection);
  });
  scope.put<One>(`${url}/:id`, async (request, reply) => {
    const context = await authenticate(services, request, reply);
    const selection = readSelection(request.query as Query);
    const isExpected = readPrecondition(request, 'if-match');
    return show(reply, 200, await operations.replace(context, idOf(request), request.body, isExpected), selection);
  });
  scope.patch<One>(`${url}/:id`, async (request, reply) => {
    const context = await authenticate(services, request, reply);
    const id = idOf(request);
    const selection = readSelection(request.query as Query);
    const isExpected = readPrecondition(request, 'if-match');
    const patched = await operations.patch(context, id, readOperations(request.body), isExpected);
    if (typeof patched !== 'string') return show(reply, 200, patched, selection);
    // A group may have very many members: it is shown where that is asked for (RFC 7644, section 3.5.2).
    if (selection.attributes.length) return show(reply, 200, await operations.find(context, id, selection), selection);
    return reply.header('etag', patched).code(204).send();
  });
  scope.delete<One>(`${url}/:id`, async (request, reply) => {
    const context = await authenticate(services, request, reply);
    await operations.remove(context, idOf(request), readPrecondition(request, 'if-match'));
    return reply.code(204).send();
  });
}

/** The directory that calls, by its token: 401 without a good one, 403 while its connection is disabled. */
async function authenticate(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<ScimContext> {
  const { database, clock } = services;
  const tenant = await services.findTenant(request.host);
  const { authorization } = request.headers;
  const token = authorization === undefined ? '' : readBearer(authorization).token;
  const found = token ? await findDirectory(database, tenant.id, token, clock()) : null;
  if (!found) {
    void reply.header('www-authenticate', 'Bearer realm="scim"');
    throw new ScimError(401, null, 'Send a good token of a connection: authorization: Bearer …');
  }
  const { isEnabled, ...connection } = found;
  if (!isEnabled) throw new ScimError(403, null, 'The connection is disabled.');
  const userAgent = request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null;
  return { database, clock, tenant, connection, origin: { ipAddress: request.ip, userAgent } };
}

/** The versions that a header names; undefined without the header. Versions are compared weakly (RFC 7644, section 3.14). */
function readPrecondition(request: FastifyRequest, name: 'if-match' | 'if-none-match'): Precondition | undefined {
  const header = request.headers[name];
  if (header === undefined) return undefined;
  if (header.trim() === '*') return () => true;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  const named = new Set(header.split(',').map(opaque));
  return (version) => named.has(opaque(version));
}

function searchBody(body: unknown): Query {
  if (!isObject(body)) throw new ScimError(400, 'invalidSyntax', 'The body is a JSON object.');
  const { schemas: given } = body;
  if (given !== undefined && !(Array.isArray(given) && given.includes(SEARCH_SCHEMA)))
    throw invalidValue(`schemas holds ${SEARCH_SCHEMA}.`);
  return body;
}

function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).type(MEDIA_TYPE).send(JSON.stringify(body));
}

function answer(reply: FastifyReply, error: ScimError): FastifyReply {
  return send(reply, error.status, error);
}

function answerError(error: FastifyError | ScimError, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof ScimError) return answer(reply, error);
  const { statusCode } = error;
  if (statusCode && statusCode < 500) {
    const message = statusCode === 415 ? 'Send application/scim+json.' : error.message;
    return answer(reply, new ScimError(statusCode, statusCode === 400 ? 'invalidSyntax' : null, message));
  }
  const { message, extensions } = presentUnexpected(error, request.log as never);
  const code = String(extensions.code);
  const status = code === 'SERVICE_UNAVAILABLE' ? 503 : code === 'NOT_FOUND' ? 404 : 500;
  return answer(reply, new ScimError(status, null, message));
}
