import { expect } from '@jest/globals';
import { v7 } from 'uuid';
import { EmailTrust } from '../../src/entities/enums.js';
import { type ConnectionOverrides, makeConnection } from './factories.js';
import type { Gateway } from './gateway.js';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const VESTIBULE_SCHEMA = 'urn:vestibule:params:scim:schemas:User';
export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface ScimAnswer {
  status: number;
  body: any;
  headers: Headers;
}

/** A directory with a connection and a token of its own. Paths are those below `/scim/v2`. */
export interface Directory {
  connectionId: string;
  token: string;
  ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<ScimAnswer>;
  get: (path: string, headers?: Record<string, string>) => Promise<ScimAnswer>;
  /** Adds a user and gives the answer's body. */
  addUser: (user?: Record<string, unknown>) => Promise<any>;
  addGroup: (group?: Record<string, unknown>) => Promise<any>;
  patch: (path: string, ...operations: object[]) => Promise<ScimAnswer>;
}

let serial = 0;

const CREATE = `mutation ($input: ConnectionScimTokenCreateInput!) { connectionScimTokenCreate(input: $input) {
  token scimToken { id name hint expiresAt lastUsedAt connection { id } createdBy { id } } userErrors { code field message }
} }`;

/** Makes a connection, with a token that an administrator of the tenant makes. It is trusted about addresses, unless told. */
export async function makeDirectory(gateway: Gateway, overrides: ConnectionOverrides = {}): Promise<Directory> {
  const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
  const connection = await makeConnection(gateway.tenant, {
    slug: `directory-${++serial}`,
    emailTrust: EmailTrust.PROVIDER,
    ...overrides,
  });
  return tokenFor(gateway, browser, connection.id);
}

export async function tokenFor(
  gateway: Gateway,
  browser: Parameters<Gateway['graphql']>[0],
  connectionId: string,
): Promise<Directory> {
  const { data, errors } = await gateway.graphql(browser, CREATE, {
    input: { id: `con_${connectionId}`, name: 'Directory' },
  });
  expect([errors, data?.connectionScimTokenCreate.userErrors]).toEqual([undefined, []]);
  return directoryBy(gateway, connectionId, data.connectionScimTokenCreate.token);
}

export function directoryBy(gateway: Gateway, connectionId: string, token: string): Directory {
  const ask: Directory['ask'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${gateway.url}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null };
  };
  const add = async (path: string, resource: object) => {
    const { status, body } = await ask('POST', path, resource);
    expect([status, body.detail]).toEqual([201, undefined]);
    return body;
  };
  return {
    connectionId,
    token,
    ask,
    get: (path, headers) => ask('GET', path, undefined, headers),
    addUser: (user = {}) => {
      const name = `person-${++serial}@directory.example`;
      return add('/Users', {
        schemas: [USER_SCHEMA],
        userName: name,
        emails: [{ value: name, primary: true }],
        ...user,
      });
    },
    addGroup: (group = {}) => add('/Groups', { schemas: [GROUP_SCHEMA], displayName: `Group ${++serial}`, ...group }),
    patch: (path, ...Operations) => ask('PATCH', path, { schemas: [PATCH_SCHEMA], Operations }),
  };
}

/** Whether an answer is an error as RFC 7644, section 3.12 has it. */
export function expectError(answer: ScimAnswer, status: number, scimType?: string): void {
  expect([answer.status, answer.body?.scimType, answer.body?.detail && 'detail']).toEqual([status, scimType, 'detail']);
  expect(answer.body).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
  });
  expect(answer.headers.get('content-type')).toMatch(/^application\/scim\+json/);
}

/** The rows that a refused request must leave as they were. */
export async function scimRows(gateway: Gateway): Promise<string> {
  const tables = [
    'scim_users',
    'scim_groups',
    'scim_group_members',
    'scim_group_mappings',
    'scim_departures',
    'user_factors',
  ];
  const rows = [];
  for (const table of tables) rows.push(await gateway.rows(`select * from ${table} where tenant_id = $1 order by id`));
  return JSON.stringify([rows, await gateway.snapshot()]);
}

/** The account of a user of a directory. */
export async function accountOf(gateway: Gateway, scimUserId: string): Promise<Record<string, any>> {
  const [row] = await gateway.rows(
    `select u.* from scim_users s join users u on u.tenant_id = $1 and u.id = s.user_id
     where s.tenant_id = $1 and s.id = $2`,
    [scimUserId],
  );
  return row!;
}

export async function mapGroup(gateway: Gateway, groupId: string, organizationId: string, roleId?: string | null) {
  const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
  const { data, errors } = await gateway.graphql(
    browser,
    `mutation ($input: ScimGroupMappingInput!) { scimGroupMap(input: $input) {
      scimGroup { id memberCount mappings { organization { id } role { name } } } userErrors { code field message } } }`,
    {
      input: { id: `scg_${groupId}`, organizationId: `org_${organizationId}`, roleId: roleId ? `rol_${roleId}` : null },
    },
  );
  expect(errors).toBeUndefined();
  return data.scimGroupMap;
}

/** A token of a connection as it is stored: nobody has it. Gives its global id. */
export async function makeScimToken(gateway: Gateway, connectionId: string): Promise<string> {
  const id = v7();
  await gateway.rows(
    `insert into scim_tokens (id, tenant_id, connection_id, name, token_hash, hint, created_at)
     values ($2, $1, $3, 'Made', $4, 'hint', now())`,
    [id, connectionId, `hash-${id}`],
  );
  return `sct_${id}`;
}

/** A group of a connection's directory, with users of it that are tied to these accounts. Gives its global id. */
export async function makeScimGroup(gateway: Gateway, connectionId: string, userIds: string[] = []): Promise<string> {
  const id = v7();
  await gateway.rows(
    `insert into scim_groups (id, tenant_id, connection_id, display_name, display_name_normalized, created_at, updated_at)
     values ($2, $1, $3, 'Made', 'made', now(), now())`,
    [id, connectionId],
  );
  for (const userId of userIds) {
    const scimUserId = v7();
    await gateway.rows(
      `insert into scim_users (id, tenant_id, connection_id, user_id, user_name, user_name_normalized, is_active,
         is_provisioned, created_at, updated_at) values ($2, $1, $3, $4, $5, $5, true, false, now(), now())`,
      [scimUserId, connectionId, userId, `user-${scimUserId}`],
    );
    await gateway.rows(
      'insert into scim_group_members (id, tenant_id, group_id, scim_user_id) values ($2, $1, $3, $4)',
      [v7(), id, scimUserId],
    );
  }
  return `scg_${id}`;
}
