import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import type { Writer } from '../actor.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { secretPlace } from '../database/sealing.js';
import { runSql, transact } from '../database/transact.js';
import {
  ActorKind,
  BuiltInRole,
  CompletionPolicy,
  ConnectionPreset,
  IdentifierScheme,
  MembershipSource,
  NameSource,
  NameStatus,
} from '../entities/enums.js';
import {
  Connection,
  Identity,
  Membership,
  MembershipRole,
  Organization,
  OrganizationIdentifier,
  Role,
  User,
} from '../entities/index.js';
import type { Fact, FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { lockAdministered } from '../memberships/lock-administered.js';
import { settleAdministrators } from '../memberships/settle-administrators.js';
import { OWN_COUNTS } from '../organizations/delete-organization.js';
import type { Services } from '../services.js';
import { presetSettings } from '../sso/connection-presets.js';
import { DEMO_OPERATOR, DEMO_ORGANIZATIONS, DEMO_PEOPLE, type DemoPerson } from './people.js';

export const DEMO_CONNECTION = 'proconnect';
export const DEMO_CLIENT_ID = 'vestibule-demo';

interface SeedOptions {
  tenantId: string;
  /** Where the local provider is. */
  issuer: string;
  redirectUris: string[];
  /** Absent: the connection keeps the one that it has. */
  clientSecret?: string;
}

/** A secret that is made anew for each start of the demonstration. */
export const demoClientSecret = randomBytes(24).toString('base64url');

/** Brings the people and organizations of the demonstration to where each case begins, and connects the provider. */
export async function seedDemo(
  { database, sealing, clock }: Services,
  { tenantId, issuer, redirectUris, clientSecret }: SeedOptions,
): Promise<void> {
  await transact(database, tenantId, async (manager) => {
    const at = clock();
    const actor = { kind: ActorKind.OPERATOR, userId: null, via: 'seedDemo' };
    const facts: Fact[] = await removeDemo(manager, { tenantId, at, actor });
    let connection = await manager.findOne(Connection, { slug: DEMO_CONNECTION });
    const id = connection?.id ?? v7();
    const settings = {
      ...presetSettings(ConnectionPreset.PROCONNECT),
      name: 'ProConnect (local)',
      issuer,
      clientId: DEMO_CLIENT_ID,
      completion: CompletionPolicy.FIRST_MEMBER_ONCE,
      redirectUris,
    };
    const secret =
      clientSecret || !connection
        ? { sealedClientSecret: sealing.seal(clientSecret ?? demoClientSecret, secretPlace(id)) }
        : {};
    if (connection) {
      facts.push(...describeUpdate(connection, settings, 'sealedClientSecret' in secret));
      Object.assign(connection, settings, secret);
    } else {
      const named = { slug: DEMO_CONNECTION, preset: ConnectionPreset.PROCONNECT };
      connection = manager.create(Connection, { ...settings, ...secret, ...named, id, tenantId });
      const after = { ...settings, ...named, hasClientSecret: true };
      facts.push({ type: 'connection.created', objectId: id, after });
    }
    const roles = await manager.find(Role, {});
    const roleNamed = (name: BuiltInRole) => roles.find((role) => role.name === (name as string))!;
    const organizations = Object.fromEntries(
      Object.entries(DEMO_ORGANIZATIONS).map(([key, { siret, name }]) => {
        const organization = manager.create(Organization, {
          tenantId,
          name,
          nameStatus: NameStatus.CONFIRMED,
          nameSource: NameSource.ADMINISTRATOR,
        });
        manager.create(OrganizationIdentifier, {
          tenantId,
          organization,
          scheme: IdentifierScheme.SIRET,
          value: siret,
        });
        return [key, organization];
      }),
    ) as Record<keyof typeof DEMO_ORGANIZATIONS, Organization>;

    const enrolled: { user: User; identity: Identity; membership: Membership; roles: BuiltInRole[] }[] = [];
    const enrol = (
      person: DemoPerson,
      organization: Organization,
      names: BuiltInRole[],
      isTenantAdministrator = false,
    ) => {
      const { given_name: givenName, usual_name: familyName, email } = person.claims as Record<string, string>;
      const user = manager.create(User, {
        tenantId,
        email: email!,
        emailNormalized: email!.toLowerCase(),
        isEmailVerified: true,
        givenName: givenName!,
        familyName: familyName!,
        isTenantAdministrator,
      });
      const identity = manager.create(Identity, {
        tenantId,
        user,
        connection: connection,
        issuer,
        subject: person.sub,
        email: email!,
        createdAt: at,
      });
      const membership = manager.create(Membership, {
        tenantId,
        user,
        organization,
        source: MembershipSource.SSO,
        connection: connection,
        joinedAt: at,
      });
      for (const name of names)
        manager.create(MembershipRole, { tenantId, membership, role: roleNamed(name), grantedAt: at });
      enrolled.push({ user, identity, membership, roles: names });
    };
    const [, bruno, chloe, , elodie] = DEMO_PEOPLE as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson];
    enrol(bruno, organizations.dinum, [BuiltInRole.MEMBER, BuiltInRole.ADMINISTRATOR]);
    enrol(chloe, organizations.lyon, [BuiltInRole.MEMBER]);
    enrol(elodie, organizations.lyon, [BuiltInRole.MEMBER, BuiltInRole.ADMINISTRATOR]);
    enrol(DEMO_OPERATOR, organizations.dinum, [BuiltInRole.MEMBER], true);
    await manager.flush();
    for (const [key, { id, name, slug, nameStatus, nameSource }] of Object.entries(organizations)) {
      const { siret } = DEMO_ORGANIZATIONS[key as keyof typeof DEMO_ORGANIZATIONS];
      const identifiers = [{ scheme: IdentifierScheme.SIRET, value: siret }];
      const after = {
        ...{ name, slug, nameStatus, nameSource, description: null, identifiers },
        completionUserId: null,
        origin: 'ADMIN' as const,
      };
      facts.push({ type: 'organization.created', organizationId: id, objectId: id, after });
    }
    facts.push(...enrolled.flatMap(describeEnrolment));
    await recordEvents(manager, { tenantId, at, actor }, facts);
  });
}

type Settings = ReturnType<typeof presetSettings> & Pick<Connection, 'name' | 'issuer' | 'clientId'>;

/** The event of a connection that is brought back to what the demonstration needs; none when it was so already. */
function describeUpdate(connection: Connection, settings: Settings, isSecretNew: boolean): Fact[] {
  const changed = (Object.keys(settings) as (keyof Settings)[]).filter(
    (name) => JSON.stringify(connection[name]) !== JSON.stringify(settings[name]),
  );
  if (!changed.length && !isSecretNew) return [];
  const pick = (from: Settings): FactOf<'connection.updated'>['after'] => ({
    ...Object.fromEntries(changed.map((name) => [name, from[name]])),
    ...(isSecretNew ? { hasClientSecret: true } : {}),
  });
  const before = pick(connection as unknown as Settings);
  return [{ type: 'connection.updated', objectId: connection.id, before, after: pick(settings) }];
}

/** The events of a person who is there from the beginning. */
function describeEnrolment(enrolment: {
  user: User;
  identity: Identity;
  membership: Membership;
  roles: BuiltInRole[];
}): Fact[] {
  const { user, identity, membership, roles } = enrolment;
  const { id: userId, status, email = null, isEmailVerified, givenName = null, familyName = null } = user;
  const { issuer, subject } = identity;
  const organizationId = membership.organization.id;
  return [
    {
      type: 'user.created',
      userId,
      objectId: userId,
      after: { status, email, isEmailVerified, givenName, familyName },
    },
    {
      type: 'identity.linked',
      userId,
      objectId: identity.id,
      after: { issuer, subject, connection: DEMO_CONNECTION },
    },
    {
      type: 'membership.added',
      userId,
      organizationId,
      objectId: membership.id,
      after: {
        organizationId: toGlobalId('Organization', organizationId),
        source: MembershipSource.SSO,
        connection: DEMO_CONNECTION,
        roles,
      },
    },
    ...(user.isTenantAdministrator
      ? [{ type: 'user.tenant_administrator_granted' as const, userId, objectId: userId }]
      : []),
  ];
}

/** Takes away what earlier demonstrations have made: the people by their accounts, the organizations by their SIRET. */
async function removeDemo(manager: Parameters<typeof runSql>[0], writer: Writer): Promise<Fact[]> {
  const { tenantId } = writer;
  const people = [...DEMO_PEOPLE, DEMO_OPERATOR];
  const emails = people.map(({ claims }) => String(claims.email).toLowerCase());
  const sirets = [
    ...Object.values(DEMO_ORGANIZATIONS).map(({ siret }) => siret),
    ...people.map(({ claims }) => String(claims.siret)),
  ];
  const going = await runSql<{ id: string }>(
    manager,
    'select id from users where tenant_id = $1 and email_normalized = any($2::text[]) order by id for update',
    [tenantId, emails],
  );
  const administered = await lockAdministered(
    manager,
    tenantId,
    going.map(({ id }) => id),
  );
  // What went is counted and told as it was before: rows that a statement removes are still there for its own queries.
  const organizations = await runSql<FactOf<'organization.deleted'>['before'] & { id: string }>(
    manager,
    `delete from organizations o
     where o.tenant_id = $1 and o.id in (
       select organization_id from organization_identifiers where tenant_id = $1 and scheme = 'SIRET' and value = any($2::text[]))
     returning o.id, o.name, o.slug, o.description, o.status, ${OWN_COUNTS('o.id')},
       (select jsonb_agg(jsonb_build_object('scheme', x.scheme, 'value', x.value) order by x.scheme, x.value)
        from organization_identifiers x where x.tenant_id = $1 and x.organization_id = o.id) as identifiers`,
    [tenantId, sirets],
  );
  const users = await runSql<FactOf<'user.deleted'>['before'] & { id: string }>(
    manager,
    `delete from users where tenant_id = $1 and email_normalized = any($2::text[])
     returning id, status, email, is_email_verified as "isEmailVerified", given_name as "givenName",
       family_name as "familyName"`,
    [tenantId, emails],
  );
  return [
    ...organizations.map(({ id, ...before }) => ({
      ...{ type: 'organization.deleted' as const, organizationId: id, objectId: id },
      before,
    })),
    ...users.map(({ id, ...before }) => ({ type: 'user.deleted' as const, userId: id, objectId: id, before })),
    ...(await settleAdministrators(manager, writer, administered)),
  ];
}
