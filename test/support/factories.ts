import type { EntityManager, RequiredEntityData } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Database } from '../../src/database/database.js';
import type { Sealing } from '../../src/database/sealing.js';
import { transact } from '../../src/database/transact.js';
import { writeTemplate } from '../../src/tenants/template.js';
import {
  BuiltInRole,
  Connection,
  ConnectionPreset,
  Identity,
  IdentifierScheme,
  Membership,
  MembershipRole,
  MembershipSource,
  Organization,
  OrganizationIdentifier,
  Role,
  Tenant,
  User,
} from '../../src/entities/index.js';

/** A tenant to make things in. */
export interface SeededTenant {
  id: string;
  slug: string;
  database: Database;
  /** Name of a role → its id. */
  roles: Map<string, string>;
}

type Overrides<Entity> = Partial<Omit<RequiredEntityData<Entity>, 'tenantId'>>;

let serial = 0;

/** A tenant with its built-in roles. */
export async function seedTenant(database: Database, slug = 'default'): Promise<SeededTenant> {
  const id = v7();
  const roles = await transact(database, id, async (manager) => {
    manager.create(Tenant, { id, slug, name: slug });
    await manager.flush();
    return writeTemplate(manager, id, new Date());
  });
  return { id, slug, database, roles };
}

/** An active user with a verified address of their own. `email` alone is enough to give another one. */
export function makeUser(tenant: SeededTenant, overrides: Overrides<User> = {}): Promise<User> {
  const number = ++serial;
  const email = 'email' in overrides ? (overrides.email as string | null) : `person-${number}@example.org`;
  return write(tenant, (manager) =>
    manager.create(User, {
      tenantId: tenant.id,
      isEmailVerified: email !== null,
      givenName: 'Person',
      familyName: `Number ${number}`,
      ...overrides,
      email,
      emailNormalized: email?.toLowerCase() ?? null,
    }),
  );
}

/** An active organization, known by its SIRET when one is given. */
export function makeOrganization(
  tenant: SeededTenant,
  { siret, ...overrides }: Overrides<Organization> & { siret?: string } = {},
): Promise<Organization> {
  return write(tenant, (manager) => {
    const organization = manager.create(Organization, {
      tenantId: tenant.id,
      name: `Organization ${++serial}`,
      ...overrides,
    });
    if (siret) {
      manager.create(OrganizationIdentifier, {
        tenantId: tenant.id,
        organization,
        scheme: IdentifierScheme.SIRET,
        value: siret,
      });
    }
    return organization;
  });
}

export interface MembershipFacts {
  user: { id: string };
  organization: { id: string };
  /** Names of roles of the tenant; `member` unless told. */
  roles?: readonly string[];
  /** The connection whose sign-in made it: the source is then SSO. Without it the source is ADMIN unless told. */
  connection?: { id: string };
  source?: MembershipSource;
}

export function makeMembership(tenant: SeededTenant, facts: MembershipFacts): Promise<Membership> {
  const { user, organization, roles = [BuiltInRole.MEMBER], connection } = facts;
  const source = facts.source ?? (connection ? MembershipSource.SSO : MembershipSource.ADMIN);
  return write(tenant, (manager) => {
    const membership = manager.create(Membership, {
      tenantId: tenant.id,
      user: manager.getReference(User, user.id),
      organization: manager.getReference(Organization, organization.id),
      connection: connection ? manager.getReference(Connection, connection.id) : null,
      source,
      joinedAt: new Date(),
    });
    for (const name of roles) {
      const roleId = tenant.roles.get(name);
      if (!roleId) throw new Error(`The tenant ${tenant.slug} has no role ${name}.`);
      manager.create(MembershipRole, {
        tenantId: tenant.id,
        membership,
        role: manager.getReference(Role, roleId),
        grantedAt: new Date(),
      });
    }
    return membership;
  });
}

/** Links a user to an account at the provider of a connection. */
export function makeIdentity(
  tenant: SeededTenant,
  facts: { user: { id: string }; connection: { id: string; issuer: string }; subject: string; email?: string | null },
): Promise<Identity> {
  return write(tenant, (manager) =>
    manager.create(Identity, {
      tenantId: tenant.id,
      user: manager.getReference(User, facts.user.id),
      connection: manager.getReference(Connection, facts.connection.id),
      issuer: facts.connection.issuer,
      subject: facts.subject,
      email: facts.email ?? null,
      createdAt: new Date(),
    }),
  );
}

/** `clientSecret` is sealed by `sealing` for the row that is made. */
export type ConnectionOverrides = Omit<Overrides<Connection>, 'id'> & { id?: string } & (
    { clientSecret: string; sealing: Sealing } | { clientSecret?: undefined; sealing?: undefined }
  );

/** A connection to ProConnect as its preset sets it up, in its most careful form: no address is trusted. */
export function makeConnection(tenant: SeededTenant, given: ConnectionOverrides = {}): Promise<Connection> {
  const { clientSecret, sealing, ...overrides } = given;
  const id = overrides.id ?? v7();
  return write(tenant, (manager) =>
    manager.create(Connection, {
      tenantId: tenant.id,
      slug: 'proconnect',
      name: 'ProConnect',
      preset: ConnectionPreset.PROCONNECT,
      issuer: 'https://provider.test',
      clientId: 'vestibule',
      sealedClientSecret:
        clientSecret === undefined ? null : sealing.seal(clientSecret, `connections.${id}.client_secret`),
      idTokenAlgorithm: 'ES256',
      userinfoAlgorithm: 'ES256',
      scopes: ['openid', 'given_name', 'usual_name', 'email', 'uid', 'siret', 'idp_id', 'organization_label', 'roles'],
      requiredAcr: [],
      requiredAmr: [],
      redirectUris: [],
      claimNames: {},
      emailDomains: [],
      allowedIdps: [],
      defaultOrganizationName: 'Organization {identifier}',
      ...overrides,
      id,
    }),
  );
}

async function write<Entity>(tenant: SeededTenant, make: (manager: EntityManager) => Entity): Promise<Entity> {
  return transact(tenant.database, tenant.id, async (manager) => {
    const made = make(manager);
    await manager.flush();
    return made;
  });
}
