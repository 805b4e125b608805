import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
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
import { recordEvents } from '../events/record.js';
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
    await removeDemo(manager, tenantId);
    let connection = await manager.findOne(Connection, { slug: DEMO_CONNECTION });
    const id = connection?.id ?? v7();
    const settings = {
      ...presetSettings(ConnectionPreset.PROCONNECT),
      name: 'ProConnect (local)',
      issuer,
      clientId: DEMO_CLIENT_ID,
      completion: CompletionPolicy.FIRST_MEMBER_ONCE,
      redirectUris,
      ...(clientSecret || !connection
        ? { sealedClientSecret: sealing.seal(clientSecret ?? demoClientSecret, secretPlace(id)) }
        : {}),
    };
    if (connection) Object.assign(connection, settings);
    else {
      connection = manager.create(Connection, {
        ...settings,
        id,
        tenantId,
        slug: DEMO_CONNECTION,
        preset: ConnectionPreset.PROCONNECT,
      });
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
      manager.create(Identity, {
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
    };
    const [, bruno, chloe, , elodie] = DEMO_PEOPLE as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson];
    enrol(bruno, organizations.dinum, [BuiltInRole.MEMBER, BuiltInRole.ADMINISTRATOR]);
    enrol(chloe, organizations.lyon, [BuiltInRole.MEMBER]);
    enrol(elodie, organizations.lyon, [BuiltInRole.MEMBER, BuiltInRole.ADMINISTRATOR]);
    enrol(DEMO_OPERATOR, organizations.dinum, [BuiltInRole.MEMBER], true);
    await manager.flush();
    const actor = { kind: ActorKind.OPERATOR, userId: null, via: 'seedDemo' };
    await recordEvents(manager, { tenantId, at, actor }, [
      { type: 'connection.created', objectId: connection.id, after: { slug: DEMO_CONNECTION, issuer } },
      ...Object.values(organizations).map((organization) => ({
        type: 'organization.created' as const,
        organizationId: organization.id,
        objectId: organization.id,
        after: { name: organization.name },
      })),
    ]);
  });
}

/** Takes away what earlier demonstrations have made: the people by their accounts, the organizations by their SIRET. */
async function removeDemo(manager: Parameters<typeof runSql>[0], tenantId: string): Promise<void> {
  const people = [...DEMO_PEOPLE, DEMO_OPERATOR];
  const emails = people.map(({ claims }) => String(claims.email).toLowerCase());
  const sirets = [
    ...Object.values(DEMO_ORGANIZATIONS).map(({ siret }) => siret),
    ...people.map(({ claims }) => String(claims.siret)),
  ];
  await runSql(manager, 'delete from users where tenant_id = $1 and email_normalized = any($2::text[])', [
    tenantId,
    emails,
  ]);
  await runSql(
    manager,
    `delete from organizations where tenant_id = $1 and id in (
       select organization_id from organization_identifiers where tenant_id = $1 and scheme = 'SIRET' and value = any($2::text[]))`,
    [tenantId, sirets],
  );
}
