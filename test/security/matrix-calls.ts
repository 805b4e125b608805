import type { Caller, World } from './matrix-world.js';

/** How to call a root field so that whoever may, can: its arguments, and what to select. */
export interface Call {
  arguments: Record<string, unknown>;
  selection: string;
}

const NOBODY = '00000000-0000-7000-8000-000000000000';
const CALLBACK = 'http://localhost:65000/app/callback';

/**
 * A call of every root field. Mutations get objects that a call may change. A root field without a call here fails the
 * matrix.
 */
export async function callOf(world: World, rootField: string): Promise<Call> {
  const { ids } = world;
  const query = (given: Record<string, unknown>, selection: string): Call => ({ arguments: given, selection });
  const input = (given: Record<string, unknown>): Call => ({
    arguments: { input: given },
    selection: '{ userErrors { code } }',
  });
  const page = '{ pageInfo { hasNextPage } }';
  switch (rootField) {
    case 'Query.viewer':
      return query({}, '{ __typename }');
    case 'Query.node':
      return query({ id: ids.Organization }, '{ id }');
    case 'Query.nodes':
      return query({ ids: [ids.Organization] }, '{ id }');
    case 'Query.organization':
      return query({ id: ids.Organization }, '{ id }');
    case 'Query.organizations':
    case 'Query.users':
    case 'Query.connections':
      return query({}, page);
    case 'Query.user':
      return query({ id: ids.User }, '{ id }');
    case 'Query.connection':
      return query({ id: ids.Connection }, '{ id }');
    case 'Query.ssoPreview':
      return query({ connection: 'proconnect', claims: { sub: 'x', siret: '13002526500013' } }, '{ createsUser }');
    case 'Query.auditEvent':
      return query({ id: ids.Event }, '{ id }');
    case 'Query.auditEvents':
      return query({ filter: { organizationId: ids.Organization } }, page);
    case 'Query.auditHead':
      return query({}, '{ sequence }');
    case 'Query.tenant':
      return query({}, '{ slug }');
    case 'Subscription.organizationChanged':
      return query({ id: ids.Organization }, '{ id }');
    case 'Subscription.auditEvents':
      return query({ organizationId: ids.Organization }, '{ id }');
    case 'Query._service':
      return query({}, '{ sdl }');
    case 'Query._entities':
      return query({ representations: [{ __typename: 'Organization', id: ids.Organization }] }, '{ __typename }');
    case 'Mutation.organizationCreate':
      return input({ name: 'Matrix' });
    case 'Mutation.organizationUpdate':
      return input({ id: ids.Organization });
    case 'Mutation.organizationComplete':
      return input({ id: ids.Organization, name: 'Matrix' });
    case 'Mutation.organizationDelete':
      return input({ id: await world.freshOrganization() });
    case 'Mutation.memberAppoint':
      return input({ organizationId: ids.Organization, userId: `usr_${NOBODY}` });
    case 'Mutation.userUpdate':
      return input({ id: ids.User });
    case 'Mutation.userSuspend':
      return input({ id: await world.freshUser() });
    case 'Mutation.userResume':
      return input({ id: await world.freshUser('SUSPENDED') });
    case 'Mutation.userApprove':
      return input({ id: await world.freshUser('PENDING') });
    case 'Mutation.connectionCreate': {
      const slug = `matrix-${Math.random().toString(36).slice(2)}`;
      return input({
        slug,
        preset: 'OIDC',
        settings: { issuer: 'https://provider.test', clientId: 'x', clientSecret: 'y' },
      });
    }
    case 'Mutation.connectionUpdate':
      return input({ id: world.otherConnection, settings: {} });
    case 'Mutation.connectionEnable':
    case 'Mutation.connectionTest':
      return input({ id: ids.Connection });
    case 'Mutation.connectionDisable':
      return input({ id: world.otherConnection });
    case 'Mutation.ssoBegin':
      return input({ connection: 'proconnect', redirectUri: CALLBACK });
    case 'Mutation.ssoComplete':
    case 'Mutation.identityLink':
      return input({ binding: 'x', callbackUrl: `${CALLBACK}?state=x&code=y` });
    case 'Mutation.identityUnlink':
      return input({ id: ids.Identity });
    case 'Mutation.sessionEnd':
      return input({ id: ids.Session });
    case 'Query.webhookEndpoint':
      return query({ id: ids.WebhookEndpoint }, '{ id }');
    case 'Query.webhookEndpoints':
      return query({}, page);
    case 'Query.webhookDelivery':
      return query({ id: ids.WebhookDelivery }, '{ id }');
    case 'Mutation.webhookEndpointCreate':
      return input({ organizationId: ids.Organization, url: 'https://example.org/hook' });
    case 'Mutation.webhookEndpointUpdate':
    case 'Mutation.webhookEndpointRotateSecret':
    case 'Mutation.webhookEndpointTest':
      return input({ id: ids.WebhookEndpoint });
    case 'Mutation.webhookEndpointReplay':
      return input({ id: ids.WebhookEndpoint, since: '2020-01-01T00:00:00Z' });
    case 'Mutation.webhookEndpointDelete':
      return input({ id: await world.freshEndpoint() });
    case 'Mutation.webhookDeliveryReplay':
      return input({ id: ids.WebhookDelivery });
    case 'Mutation.auditErase':
      return input({ userId: await world.freshUser(), reason: 'Matrix' });
    case 'Mutation.tenantUpdate':
      return input({ auditRetentionDays: 365 });
    default:
      throw new Error(`${rootField} has no call in test/security/matrix-calls.ts`);
  }
}

const SAMPLES_BY_NAME: Record<string, unknown> = {
  after: Buffer.from(`["${NOBODY}"]`).toString('base64url'),
  slug: 'proconnect',
  identifier: { scheme: 'SIRET', value: '13002526500013' },
  identifiers: [{ scheme: 'SIRET', value: '13002526500013' }],
  filter: {},
  types: [],
  until: '2050-01-01T00:00:00Z',
  auditRetentionDays: 365,
  userId: `usr_${NOBODY}`,
  actorUserId: `usr_${NOBODY}`,
  clientId: 'vestibule',
  organizationId: `org_${NOBODY}`,
  url: 'https://example.org/hook',
  issuer: 'https://provider.test',
  expectedVersion: 999_999,
  email: 'matrix@example.org',
  claimNames: {},
  sessionMinutes: 720,
  siren: '130025265',
  idTokenAlgorithm: 'ES256',
  userinfoAlgorithm: 'ES256',
  scopes: ['openid'],
  defaultOrganizationName: 'Organization {identifier}',
};

const SAMPLES_BY_TYPE: Record<string, unknown> = {
  Boolean: false,
  String: 'matrix',
  Int: 1,
  UserStatus: 'ACTIVE',
  OrganizationStatus: 'ACTIVE',
  NameStatus: 'CONFIRMED',
  OrganizationOrder: 'NAME',
  EventOrder: 'OLDEST',
  ClientAuthentication: 'CLIENT_SECRET_POST',
  EmailTrust: 'NONE',
  OrganizationAuthority: 'AUTHORITATIVE',
  IdentifierScheme: 'SIRET',
  MissingOrganization: 'KEEP',
  CompletionPolicy: 'ADMINISTRATOR',
  SsoIntent: 'SIGN_IN',
  SessionTransport: 'TOKEN',
  DateTime: '2026-01-01T00:00:00Z',
  WebhookEndpointStatus: 'ENABLED',
  WebhookDeliveryStatus: 'DELIVERED',
  '[WebhookDeliveryStatus!]': ['DELIVERED'],
  '[String!]': [],
};

/** A value for an argument or input field that the call above leaves out. */
export function sampleOf(place: string, name: string, typeName: string): unknown {
  const value = SAMPLES_BY_NAME[name] ?? SAMPLES_BY_TYPE[typeName.replace(/!$/, '')];
  if (value === undefined) throw new Error(`${place}: ${typeName} has no sample in test/security/matrix-calls.ts`);
  return value;
}

export const isDenied = (outcome: string): boolean => outcome !== 'ALLOWED';
export type Row = Record<Caller, string>;
