import { v7 } from 'uuid';
import { PEOPLE_FILE } from '../support/sources/make.js';
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
    case 'Subscription.petitionInboxChanged':
      return query({ organizationId: ids.Organization }, '{ id }');
    case 'Query.source':
      return query({ id: ids.Source }, '{ id }');
    case 'Query.sources':
      return query({}, page);
    case 'Query.sourceKinds':
      return query({}, '{ kind }');
    case 'Query.sourceSearch':
      return query({ id: ids.Source, email: 'matrix@example.org' }, '{ userErrors { code } }');
    case 'Mutation.sourceCreate':
      return input({ kind: 'CSV', name: 'Matrix', settings: PEOPLE_FILE });
    case 'Mutation.sourceUpdate':
    case 'Mutation.sourceTest':
      return input({ id: ids.Source });
    case 'Mutation.sourceDelete':
      return input({ id: await world.freshSource() });
    case 'Query.sourceRecord':
      return query({ id: ids.SourceRecord }, '{ id }');
    case 'Mutation.sourceRecordUnlink':
    case 'Mutation.sourceRecordSync':
      return input({ id: ids.SourceRecord });
    case 'Mutation.sourceRecordRelink':
      return input({ id: ids.SourceRecord, userId: ids.User });
    case 'Query.pipeline':
      return query({ id: ids.Pipeline }, '{ id }');
    case 'Query.pipelines':
      return query({}, page);
    case 'Query.pipelinePreview':
      return query(
        { id: ids.Pipeline, sourceId: ids.Source, records: [{ key: 'matrix' }] },
        '{ records { outcome } userErrors { code } }',
      );
    case 'Mutation.pipelineCreate':
      return input({ name: 'Matrix' });
    case 'Mutation.pipelineUpdate':
      return input({ id: ids.Pipeline });
    case 'Mutation.pipelineDelete':
      return input({ id: await world.freshPipeline() });
    case 'Query.sourceSyncRun':
    case 'Subscription.sourceSyncRunChanged':
      return query({ id: ids.SourceSyncRun }, '{ id }');
    case 'Mutation.sourceSyncStart':
      return input({ sourceId: await world.freshSource(), mode: 'FULL' });
    case 'Mutation.sourceSyncCancel':
      return input({ id: await world.freshSyncRun('WAITING') });
    case 'Subscription.petitionChanged':
      return query({ id: ids.Petition }, '{ id }');
    case 'Query._service':
      return query({}, '{ sdl }');
    case 'Query._entities':
      return query({ representations: [{ __typename: 'Organization', id: ids.Organization }] }, '{ __typename }');
    case 'Query.enrollmentMailPreview':
      return query({ id: world.flow, kind: 'CONFIRMATION', locale: 'EN' }, '{ subject }');
    case 'Mutation.organizationCreate':
      return input({ name: 'Matrix' });
    case 'Mutation.organizationUpdate':
      return input({ id: ids.Organization });
    case 'Mutation.organizationCustomDataPatch':
      return input({ id: ids.Organization, patch: {} });
    case 'Mutation.organizationLogoSet':
      return input({ organizationId: ids.Organization, kind: 'LIGHT', url: 'https://example.org/logo.svg' });
    case 'Mutation.organizationLogoRemove':
      return input({ organizationId: ids.Organization, kind: 'LIGHT' });
    case 'Mutation.organizationComplete':
      return input({ id: ids.Organization, name: 'Matrix' });
    case 'Mutation.organizationDelete':
      return input({ id: await world.freshOrganization() });
    case 'Mutation.memberAppoint':
      return input({ organizationId: ids.Organization, userId: `usr_${NOBODY}` });
    case 'Query.membershipExplain':
      return query({ organizationId: ids.Organization, userId: ids.User }, '{ isMember }');
    case 'Mutation.organizationMembersAdd':
      return input({ organizationId: ids.Organization, userIds: [await world.freshUser()] });
    case 'Mutation.organizationMembersReplace':
      // All of another organization's, so that those of the matrix stay where they are.
      return input({ organizationId: await world.freshShared(), userIds: [await world.freshUser()] });
    case 'Mutation.organizationMemberRemove':
    case 'Mutation.organizationMemberRolesAdd':
    case 'Mutation.organizationMemberRolesSet':
    case 'Mutation.organizationMemberRoleRemove':
      return input({ organizationId: ids.Organization, userId: await world.freshMember() });
    case 'Mutation.organizationMembersRemove':
      return input({ organizationId: ids.Organization, userIds: [await world.freshMember()] });
    case 'Mutation.organizationMembersAssignRoles':
      return input({
        organizationId: ids.Organization,
        userIds: [await world.freshMember()],
        roleIds: [world.ids.Role],
      });
    case 'Mutation.organizationLeave':
      return input({ organizationId: await world.freshShared() });
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
    case 'Query.jitPreview': {
      const given = { organizationId: ids.Organization, connectionId: ids.Connection, email: 'matrix@example.org' };
      return query({ input: { ...given, isEmailVerified: true } }, '{ joins { source } }');
    }
    case 'Mutation.organizationJitEmailDomainsAdd':
    case 'Mutation.organizationJitEmailDomainsSet':
    case 'Mutation.organizationJitEmailDomainsRemove':
      return input({ organizationId: ids.Organization, domains: ['matrix.example.com'] });
    case 'Mutation.organizationJitEmailDomainVerify':
      return input({ organizationId: ids.Organization, domain: 'nobody-has-this.example.com' });
    case 'Mutation.organizationJitConnectionsAdd':
    case 'Mutation.organizationJitConnectionsSet':
    case 'Mutation.organizationJitConnectionsRemove':
      return input({ organizationId: ids.Organization, connectionIds: [world.otherConnection] });
    case 'Mutation.organizationJitRolesAdd':
    case 'Mutation.organizationJitRolesSet':
    case 'Mutation.organizationJitRolesRemove':
      return input({ organizationId: ids.Organization, roleIds: [ids.Role] });
    case 'Query.role':
      return query({ id: ids.Role }, '{ id }');
    case 'Query.roles':
    case 'Query.permissions':
    case 'Query.applications':
      return query({}, page);
    case 'Query.permission':
      return query({ id: ids.Permission }, '{ id }');
    case 'Query.application':
      return query({ id: ids.Application }, '{ id }');
    case 'Mutation.permissionCreate':
      return input({ name: `matrix:${Math.random().toString(36).slice(2)}` });
    case 'Mutation.permissionUpdate':
      return input({ id: ids.Permission });
    case 'Mutation.permissionDelete':
      return input({ id: await world.freshPermission(await world.freshRole()) });
    case 'Mutation.roleCreate':
      return input({ organizationId: ids.Organization, name: `Matrix ${Math.random().toString(36).slice(2)}` });
    case 'Mutation.roleUpdate':
      return input({ id: ids.Role });
    case 'Mutation.roleDelete':
      return input({ id: await world.freshRole() });
    case 'Mutation.rolePermissionsAdd':
    case 'Mutation.rolePermissionsSet':
      return input({ id: await world.freshRole(), permissionIds: [ids.Permission] });
    case 'Mutation.rolePermissionsRemove': {
      const id = await world.freshRole();
      return input({ id, permissionIds: [await world.freshPermission(id)] });
    }
    case 'Mutation.applicationCreate':
      return input({ name: 'Matrix', kind: 'MACHINE' });
    case 'Mutation.applicationUpdate':
      return input({ id: ids.Application });
    case 'Mutation.applicationDelete':
    case 'Mutation.applicationSecretCreate':
      return input({ id: (await world.freshApplication()).application });
    case 'Mutation.applicationSecretDelete':
      return input({ id: (await world.freshApplication()).secret });
    case 'Mutation.organizationApplicationsAdd':
      return input({ organizationId: ids.Organization, applicationIds: [ids.Application] });
    case 'Mutation.organizationApplicationsReplace':
      // All of another organization's, so that those of the matrix stay where they are.
      return input({ organizationId: await world.freshOrganization(), applicationIds: [ids.Application] });
    case 'Mutation.organizationApplicationsRemove': {
      const { application } = await world.freshApplication(await world.freshRole('APPLICATION'));
      return input({ organizationId: ids.Organization, applicationIds: [application] });
    }
    case 'Mutation.organizationApplicationsAssignRoles': {
      const [{ application }, roleId] = [await world.freshApplication(), await world.freshRole('APPLICATION')];
      return input({ organizationId: ids.Organization, applicationIds: [application], roleIds: [roleId] });
    }
    case 'Mutation.organizationApplicationRolesAdd':
    case 'Mutation.organizationApplicationRolesSet': {
      const [{ application }, roleId] = [await world.freshApplication(), await world.freshRole('APPLICATION')];
      return input({ organizationId: ids.Organization, applicationId: application, roleIds: [roleId] });
    }
    case 'Mutation.organizationApplicationRolesRemove': {
      const roleId = await world.freshRole('APPLICATION');
      const { application } = await world.freshApplication(roleId);
      return input({ organizationId: ids.Organization, applicationId: application, roleIds: [roleId] });
    }
    case 'Query.scimGroup':
      return query({ id: ids.ScimGroup }, '{ id }');
    case 'Mutation.connectionScimTokenCreate':
      return input({ id: world.otherConnection, name: 'Matrix', idempotencyKey: 'matrix-scim' });
    case 'Mutation.connectionScimTokenDelete':
      return input({ id: await world.freshScimToken() });
    case 'Mutation.scimGroupMap':
    case 'Mutation.scimGroupUnmap':
      return input({ id: await world.freshScimGroup(), organizationId: ids.Organization });
    case 'Query.enrollmentFlow':
    case 'Query.enrollmentFlowOffer':
      return query({ id: ids.EnrollmentFlow }, '{ id }');
    case 'Query.enrollmentFlows':
    case 'Query.enrollmentFlowsOffered':
    case 'Query.termsList':
      return query({}, page);
    case 'Query.enrollmentFlowTemplates':
      return query({}, '{ title }');
    case 'Query.enrollmentFlowExplain':
      return query({ id: ids.EnrollmentFlow }, '{ starters }');
    case 'Query.enrollmentFlowCheck':
      return query({ input: { organizationId: ids.Organization, name: 'Matrix' } }, '{ userErrors { code } }');
    case 'Mutation.enrollmentFlowCreate':
      return input({ organizationId: ids.Organization, name: 'Matrix' });
    case 'Mutation.enrollmentFlowUpdate':
    case 'Mutation.enrollmentFlowActivate':
      return input({ id: ids.EnrollmentFlow });
    case 'Mutation.enrollmentFlowSuspend':
    case 'Mutation.enrollmentFlowMakeTemplate':
    case 'Mutation.enrollmentFlowDelete':
      return input({ id: await world.freshFlow() });
    case 'Query.terms':
      return query({ id: ids.Terms }, '{ id }');
    case 'Mutation.termsCreate':
      return input({ organizationId: await world.freshShared(), title: 'Matrix', body: 'Matrix' });
    case 'Mutation.termsUpdate':
      return input({ id: ids.Terms });
    case 'Mutation.termsDelete':
      return input({ id: await world.freshTerms() });
    case 'Query.petition':
      return query({ id: ids.Petition }, '{ id }');
    case 'Query.petitions':
      return query({ organizationId: ids.Organization }, page);
    case 'Query.viewerPetitions':
      return query({}, page);
    case 'Mutation.petitionStart':
      return input({ flowId: world.flow });
    case 'Mutation.petitionSelectEnrollee':
      return input({ id: ids.Petition, enrolleeId: ids.User });
    case 'Mutation.petitionSubmitAttributes':
      return input({ id: await world.freshPetition(), attributes: {} });
    case 'Mutation.petitionAgreeToTerms':
      return input({ id: ids.Petition, terms: [] });
    case 'Query.petitionSourceCandidates':
      return query({ id: ids.Petition, sourceId: ids.Source, email: 'matrix@example.org' }, '{ userErrors { code } }');
    case 'Mutation.petitionSelectSourceRecord':
      return input({ id: ids.Petition, sourceId: ids.Source, key: 'matrix' });
    case 'Mutation.petitionSignInAtSource':
      return input({ id: ids.Petition, sourceId: ids.Source });
    case 'Mutation.petitionGiveEmail':
      return input({ id: ids.Petition, email: 'matrix@example.org' });
    case 'Mutation.petitionChooseMatch':
      return input({ id: ids.Petition, referenceId: null });
    case 'Mutation.petitionContinue':
      return input({ id: ids.Petition });
    case 'Mutation.petitionOpenConfirmation':
    case 'Mutation.petitionConfirm':
    case 'Mutation.petitionDecline':
      return input({ token: 'matrix' });
    case 'Mutation.petitionResendConfirmation':
      return input({ id: ids.Petition });
    case 'Mutation.petitionUndoMerge':
      return input({ id: ids.Petition });
    case 'Mutation.petitionCancel':
    case 'Mutation.petitionDelete':
      return input({ id: await world.freshPetition() });
    case 'Mutation.petitionApprove':
    case 'Mutation.petitionDeny':
    case 'Mutation.petitionFlagDuplicate':
      return input({ id: await world.freshPetition() });
    case 'Mutation.petitionComment':
      return input({ id: ids.Petition, text: 'Matrix' });
    case 'Mutation.petitionRecordVetting':
      return input({ id: ids.Petition, outcome: 'PASSED' });
    case 'Query.petitionInbox':
    case 'Query.approverDelegations':
      return query({}, page);
    case 'Query.petitionInboxCounts':
      return query({}, '{ total }');
    case 'Query.viewerDelegations':
      return query({ direction: 'GIVEN' }, page);
    case 'Mutation.approverDelegationCreate': {
      // One that has not begun gives nobody a right that other rows are not about.
      const [startsAt, endsAt] = [1, 2].map((days) => new Date(Date.now() + days * 24 * 3_600_000).toISOString());
      return input({ delegateId: ids.User, organizationId: ids.Organization, startsAt, endsAt });
    }
    case 'Mutation.approverDelegationDelete':
      return input({ id: await world.freshDelegation() });
    case 'Query.organizationInvitation':
      return query({ id: ids.Invitation }, '{ id }');
    case 'Query.organizationInvitations':
      return query({ organizationId: ids.Organization }, page);
    case 'Query.viewerInvitations':
      return query({}, page);
    case 'Mutation.organizationInvitationCreate':
      return input({ organizationId: ids.Organization, email: `matrix-${v7()}@example.org` });
    case 'Mutation.organizationInvitationsCreate':
      return input({ organizationId: ids.Organization, emails: [`matrix-${v7()}@example.org`] });
    case 'Mutation.organizationInvitationResend':
      return input({ id: ids.Invitation });
    case 'Mutation.organizationInvitationRevoke':
    case 'Mutation.organizationInvitationDelete':
    case 'Mutation.organizationInvitationAccept':
    case 'Mutation.organizationInvitationDecline':
      return input({ id: await world.freshInvitation() });
    case 'Mutation.auditErase':
      return input({ userId: await world.freshUser(), reason: 'Matrix' });
    case 'Mutation.factorTotpBegin':
    case 'Mutation.factorPasskeyBegin':
    case 'Mutation.factorProveBegin':
      return query({}, '{ userErrors { code } }');
    case 'Mutation.factorTotpConfirm':
    case 'Mutation.factorProve':
      return input({ code: '000000' });
    case 'Mutation.factorPasskeyConfirm':
      return input({ response: {} });
    case 'Mutation.factorRename':
      return input({ id: ids.Factor, name: 'Matrix' });
    case 'Mutation.factorRemove':
      return input({ id: await world.freshFactor() });
    case 'Mutation.userFactorAssert':
    case 'Mutation.userFactorRetract':
    case 'Mutation.userFactorsReset':
      return input({ userId: await world.freshUser() });
    case 'Mutation.organizationEnter':
      return input({ organizationId: ids.Organization });
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
  roleId: `rol_${NOBODY}`,
  copyOf: `flo_${NOBODY}`,
  flowId: `flo_${NOBODY}`,
  petitionId: `pet_${NOBODY}`,
  delegateId: `usr_${NOBODY}`,
  enrolleeId: `usr_${NOBODY}`,
  inviterId: `usr_${NOBODY}`,
  clientId: 'vestibule',
  organizationId: `org_${NOBODY}`,
  url: 'https://example.org/hook',
  issuer: 'https://provider.test',
  expectedVersion: 999_999,
  email: 'matrix@example.org',
  claimNames: {},
  customData: {},
  patch: {},
  primaryColor: '#000091',
  darkPrimaryColor: '#8585f6',
  upload: { content: 'PHN2Zy8+' },
  pipelineId: `pip_${NOBODY}`,
  matchSourceId: `src_${NOBODY}`,
  replacesOrganizationId: `org_${NOBODY}`,
  sessionMinutes: 720,
  siren: '130025265',
  idTokenAlgorithm: 'ES256',
  userinfoAlgorithm: 'ES256',
  scopes: ['openid'],
  defaultOrganizationName: 'Organization {identifier}',
};

const SAMPLES_BY_PLACE: Record<string, unknown> = {
  'Query.petitionSourceCandidates(identifier:)': { type: 'uid', value: 'matrix' },
  'Query.sourceSearch(identifier:)': { type: 'uid', value: 'matrix' },
  'SourceCreateInput.kind': 'CSV',
  'Query.pipelinePreview(personId:)': `usr_${NOBODY}`,
  'Query.pipelinePreview(keys:)': ['matrix'],
  'Query.petitionInbox(after:)': Buffer.from(`["2026-01-01T00:00:00.000000Z","${NOBODY}"]`).toString('base64url'),
};

const SAMPLES_BY_TYPE: Record<string, unknown> = {
  Boolean: false,
  String: 'matrix',
  Int: 1,
  UserStatus: 'ACTIVE',
  OrganizationStatus: 'ACTIVE',
  SourceStatus: 'ACTIVE',
  SourceKind: 'CSV',
  SourceSyncMode: 'FULL',
  QueryMismatch: 'IGNORE',
  PipelineStatus: 'ACTIVE',
  PipelineMatch: 'NONE',
  PipelineAction: 'ADD',
  PipelineRemoval: 'KEEP',
  NameStatus: 'CONFIRMED',
  OrganizationOrder: 'NAME',
  MemberOrder: 'NAME',
  EnrollmentFlowStatus: 'ACTIVE',
  EnrollmentFlowTemplateName: 'SELF_SIGN_UP',
  EnrollmentFlowSettingsInput: {},
  PetitionInboxOrder: 'OLDEST_FIRST',
  EventOrder: 'OLDEST',
  ClientAuthentication: 'CLIENT_SECRET_POST',
  EmailTrust: 'NONE',
  OrganizationAuthority: 'AUTHORITATIVE',
  IdentifierScheme: 'SIRET',
  LogoKind: 'LIGHT',
  InvitationStatus: 'PENDING',
  '[PetitionStatus!]': ['CREATED'],
  JSON: {},
  '[PipelineAttributeInput!]': [],
  '[PipelineAffiliationRoleInput!]': [],
  EnrollmentMailWordsInput: { subject: 'Hello', text: 'Hello' },
  MailLocale: 'EN',
  MfaRule: 'FACTOR_CONFIGURED',
  MissingOrganization: 'KEEP',
  CompletionPolicy: 'ADMINISTRATOR',
  SsoIntent: 'SIGN_IN',
  SessionTransport: 'TOKEN',
  DateTime: '2026-01-01T00:00:00Z',
  WebhookEndpointStatus: 'ENABLED',
  WebhookDeliveryStatus: 'DELIVERED',
  '[WebhookDeliveryStatus!]': ['DELIVERED'],
  '[String!]': [],
  '[ID!]': [],
  ApplicationStatus: 'ENABLED',
  ApplicationKind: 'MACHINE',
  RoleKind: 'USER',
  '[FactorKind!]': ['TOTP', 'PASSKEY', 'PROVIDER', 'ASSERTED'],
  JSONObject: {},
};

/** A value for an argument or input field that the call above leaves out. */
export function sampleOf(place: string, name: string, typeName: string): unknown {
  const value = SAMPLES_BY_PLACE[place] ?? SAMPLES_BY_NAME[name] ?? SAMPLES_BY_TYPE[typeName.replace(/!$/, '')];
  if (value === undefined) throw new Error(`${place}: ${typeName} has no sample in test/security/matrix-calls.ts`);
  return value;
}

export const isDenied = (outcome: string): boolean => outcome !== 'ALLOWED';
export type Row = Record<Caller, string>;
