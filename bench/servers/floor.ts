import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hashSecret } from '../../src/secret.js';
import { toCursor } from '../../src/database/loaders/page.js';
import { PAGE_SIZE } from '../workloads.js';
import { AUTHORIZED, OPEN, type StatementName } from './floor-statements.js';
import { countStatements, run } from './pool.js';

/*
 * The floor: node:http, pg, one hand-written statement a request. `/<workload>/<argument>` verifies the bearer token
 * and the right in that statement; `/open/<workload>/<argument>` asks nobody.
 */

const tenantId = process.env.TENANT_ID!;

interface OrganizationRow {
  id: string;
  name: string;
}

interface MemberRow extends OrganizationRow {
  membership: string;
  roles: string[];
  user: string;
  givenName: string;
  familyName: string;
  email?: string;
}

const ANSWERS: Record<string, (rows: never[]) => unknown> = {
  point: (rows: (OrganizationRow & { status: string; description: string | null; version: number })[]) => {
    const row = rows[0];
    if (!row) return { organization: null };
    const { id, name, status, description, version } = row;
    return { organization: { id: `org_${id}`, name, status, description, version } };
  },
  members: (rows: MemberRow[]) => ({ organization: withMembers(rows)[0] ?? null }),
  list: (rows: MemberRow[]) => ({ organizations: { nodes: withMembers(rows) } }),
  joined: (rows: MemberRow[]) => ({ organizations: { nodes: withMembers(rows) } }),
  page: (rows: OrganizationRow[]) => pageOf(rows, ({ id }) => [id]),
  named: (rows: (OrganizationRow & { key: string })[]) => pageOf(rows, ({ key, id }) => [key, id]),
};

function pageOf<Row extends OrganizationRow>(rows: Row[], keysOf: (row: Row) => string[]) {
  const page = rows.slice(0, PAGE_SIZE);
  const last = page.at(-1);
  return {
    organizations: {
      nodes: page.map(({ id, name }) => ({ id: `org_${id}`, name })),
      pageInfo: { hasNextPage: rows.length > PAGE_SIZE, endCursor: last ? toCursor(keysOf(last)) : null },
    },
  };
}

function withMembers(rows: MemberRow[]) {
  const organizations: { id: string; name: string; members: { nodes: unknown[] } }[] = [];
  let at = '';
  let nodes: unknown[] = [];
  for (const { id, name, membership, roles, user, givenName, familyName, email } of rows) {
    if (id !== at) {
      at = id;
      nodes = [];
      organizations.push({ id: `org_${id}`, name, members: { nodes } });
    }
    nodes.push({
      id: `mem_${membership}`,
      roles: roles.map((role) => ({ name: role })),
      user:
        email === undefined
          ? { id: `usr_${user}`, givenName, familyName }
          : { id: `usr_${user}`, givenName, familyName, email },
    });
  }
  return organizations;
}

function fromCursor(cursor: string): unknown[] {
  return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
}

const server = createServer((request, response) => {
  const answer = (status: number, body: string) => {
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  if (request.url === '/statements') return answer(200, String(countStatements()));
  const isOpen = request.url!.startsWith('/open/');
  const [name, argument] = request.url!.slice(isOpen ? 6 : 1).split('/') as [string, string];
  const shape = ANSWERS[name];
  if (!shape) return answer(404, '{}');
  const key = (!argument && `${name}First` in AUTHORIZED ? `${name}First` : name) as StatementName;
  const values: unknown[] = !argument ? [] : name === 'named' ? fromCursor(argument) : [argument];
  const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const rows = isOpen
    ? run<never>(`open_${key}`, OPEN[key]!, [tenantId, ...values])
    : run<never>(key, AUTHORIZED[key], [tenantId, hashSecret(token), ...values]);
  rows.then(
    (found) => answer(200, JSON.stringify({ data: shape(found) })),
    (error: Error) => answer(500, JSON.stringify({ errors: [{ message: error.message }] })),
  );
});

server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
