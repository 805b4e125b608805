import Fastify from 'fastify';
import mercurius, { type IResolvers, type MercuriusLoaders } from 'mercurius';
import type { AddressInfo } from 'node:net';
import { toCursor } from '../../src/database/loaders/page.js';
import { countStatements, run } from './pool.js';

/*
 * The rival: Mercurius with its JIT on Fastify, plain pg resolvers and its own loaders, one for each relation. It asks
 * nobody who they are.
 */

const tenantId = process.env.TENANT_ID!;

const schema = `
  type Query {
    organization(id: ID!): Organization
    organizations(first: Int!, after: String): OrganizationConnection!
  }
  type Organization {
    id: ID!
    name: String!
    status: String!
    description: String
    version: Int!
    members(first: Int!): MembershipConnection!
  }
  type OrganizationConnection { nodes: [Organization!]! pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type MembershipConnection { nodes: [Membership!]! }
  type Membership { id: ID! roles: [Role!]! user: User! }
  type Role { name: String! }
  type User { id: ID! givenName: String familyName: String email: String }
`;

interface Organization {
  uuid: string;
  id: string;
}

interface Membership {
  uuid: string;
  userId: string;
  organizationId: string;
}

const ORGANIZATION = `o.id as uuid, 'org_' || o.id as id, o.name, o.status, o.description, o.version`;

const resolvers: IResolvers = {
  Query: {
    async organization(_: unknown, { id }: { id: string }) {
      const text = `select ${ORGANIZATION} from organizations o where o.tenant_id = $1 and o.id = $2`;
      return (await run<Organization>('organization', text, [tenantId, id.slice(4)]))[0] ?? null;
    },
    async organizations(_: unknown, { first, after }: { first: number; after?: string | null }) {
      const place = after ? [(JSON.parse(Buffer.from(after, 'base64url').toString()) as string[])[0]] : [];
      const rows = await run<Organization>(
        after ? 'organizations_after' : 'organizations',
        `select ${ORGANIZATION} from organizations o where o.tenant_id = $1 ${after ? 'and o.id > $3' : ''} order by o.id limit $2`,
        [tenantId, first + 1, ...place],
      );
      const nodes = rows.slice(0, first);
      const last = nodes.at(-1);
      return { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: last ? toCursor([last.uuid]) : null } };
    },
  },
};

const loaders: MercuriusLoaders = {
  Organization: {
    async members(queries: { obj: Organization; params: { first: number } }[]) {
      const rows = await run<Membership>(
        'members',
        `select page.* from unnest($2::uuid[]) as owner(id) cross join lateral (
           select m.id as uuid, 'mem_' || m.id as id, m.organization_id as "organizationId", m.user_id as "userId"
           from memberships m where m.tenant_id = $1 and m.organization_id = owner.id order by m.id limit $3
         ) page`,
        [tenantId, queries.map(({ obj }) => obj.uuid), queries[0]!.params.first],
      );
      const pages = Map.groupBy(rows, ({ organizationId }) => organizationId);
      return queries.map(({ obj }) => ({ nodes: pages.get(obj.uuid) ?? [] }));
    },
  },
  Membership: {
    async user(queries: { obj: Membership }[]) {
      const rows = await run<{ uuid: string }>(
        'users',
        `select id as uuid, 'usr_' || id as id, given_name as "givenName", family_name as "familyName", email
         from users where tenant_id = $1 and id = any($2::uuid[])`,
        [tenantId, queries.map(({ obj }) => obj.userId)],
      );
      const users = new Map(rows.map((row) => [row.uuid, row]));
      return queries.map(({ obj }) => users.get(obj.userId));
    },
    async roles(queries: { obj: Membership }[]) {
      const rows = await run<{ membershipId: string }>(
        'roles',
        `select mr.membership_id as "membershipId", r.name
         from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
         where mr.tenant_id = $1 and mr.membership_id = any($2::uuid[]) order by r.name`,
        [tenantId, queries.map(({ obj }) => obj.uuid)],
      );
      const roles = Map.groupBy(rows, ({ membershipId }) => membershipId);
      return queries.map(({ obj }) => roles.get(obj.uuid) ?? []);
    },
  },
};

const app = Fastify();
await app.register(mercurius, { schema, resolvers, loaders, jit: 1 });
app.get('/statements', () => String(countStatements()));
await app.listen({ host: '127.0.0.1', port: 0 });
process.send!({ port: (app.server.address() as AddressInfo).port });
process.on('disconnect', () => process.exit(0));
