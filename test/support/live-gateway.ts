import type { Client } from 'graphql-ws';
import { runSql, transact } from '../../src/database/transact.js';
import { ActorKind } from '../../src/entities/enums.js';
import type { Fact } from '../../src/events/catalogue.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { recordEvents } from '../../src/events/record.js';
import { makeMembership, makeOrganization } from './factories.js';
import { startGateway } from './gateway.js';
import { openSocket, type SocketOptions, until, type Watched, watchSocket } from './live.js';

export const CHANGED = `subscription ($id: ID!, $after: ID) {
  organizationChanged(id: $id, after: $after) { id type at organization { name version } event { sequence } }
}`;
export const AUDIT = `subscription ($organizationId: ID, $types: [String!], $after: ID) {
  auditEvents(organizationId: $organizationId, types: $types, after: $after) { id type }
}`;
const UPDATE = `mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) { userErrors { code } }
}`;

export const SYSTEM = { kind: ActorKind.SYSTEM, userId: null, via: 'test' };

/** The code of the first error of a result. */
export const codeOf = (result: any): string | undefined => result.errors?.[0]?.extensions?.code;
/** The names that the organization had in results of CHANGED. */
export const names = (results: any[]): string[] =>
  results.map(({ data }) => data.organizationChanged.organization.name);

/** A gateway whose events are handed on when a test says so, and what its subscribers are watched with. */
export async function startLiveGateway() {
  const gateway = await startGateway();
  const { services, tenant, database } = gateway;
  const { browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true });
  const clients: Client[] = [];
  const dispatch = () => dispatchEvents(services, tenant.id);

  return {
    gateway,
    /** Of the tenant. */
    administrator,
    dispatch,
    /** Connections that `disconnect` closes. */
    clients,
    disconnect: async (): Promise<void> => {
      for (const client of clients.splice(0)) await client.dispose();
      await until(() => services.live.size === 0);
    },
    /** Subscribes over a connection of its own, and waits until that has begun or is over. */
    watch: async (options: SocketOptions, query: string, variables = {}): Promise<Watched> => {
      const client = await openSocket(gateway.url, options);
      clients.push(client);
      const before = services.live.size;
      const watched = watchSocket(client, query, variables);
      let isOver = false;
      void watched.ended.then(() => (isOver = true));
      await until(() => isOver || services.live.size > before);
      return watched;
    },
    rename: async (id: string, name: string): Promise<void> => {
      const { data } = await gateway.graphql(administrator, UPDATE, { input: { id, name } });
      if (data.organizationUpdate.userErrors.length) throw new Error(JSON.stringify(data));
    },
    /** Changes rows and tells of it, as an operation does. */
    change: async (sql: string, values: unknown[], facts: Fact[]): Promise<void> => {
      await transact(database, tenant.id, async (manager) => {
        await runSql(manager, sql, values);
        await recordEvents(manager, { tenantId: tenant.id, at: services.clock(), actor: SYSTEM }, facts);
      });
      await dispatch();
    },
    /** An organization with a person who is signed in for each list of roles. */
    organizationWith: async (...roles: ('member' | 'administrator')[][]) => {
      const organization = await makeOrganization(tenant, { name: 'Before' });
      const people = [];
      for (const given of roles) {
        const person = await gateway.signedInUser();
        const user = { id: person.userId };
        const membership = await makeMembership(tenant, { user, organization, roles: given });
        people.push({ ...person, membershipId: membership.id });
      }
      return { id: `org_${organization.id}`, uuid: organization.id, people };
    },
  };
}
