import { ActorKind } from '../entities/enums.js';
import { EVENT_TYPES, type EventType } from './catalogue.js';
import { exampleUuid } from './catalogue/values.js';
import { type EventMessage, toMessage } from './message.js';

/** What writes events of a type, where it is not a sign-in. */
const WRITTEN_BY: Partial<Record<EventType, [ActorKind, via: string]>> = {
  'application.created': [ActorKind.USER, 'applicationCreate'],
  'application.deleted': [ActorKind.USER, 'applicationDelete'],
  'application.secret_created': [ActorKind.USER, 'applicationSecretCreate'],
  'application.secret_deleted': [ActorKind.USER, 'applicationSecretDelete'],
  'application.updated': [ActorKind.USER, 'applicationUpdate'],
  'audit.erased': [ActorKind.USER, 'auditErase'],
  'audit.exported': [ActorKind.USER, 'auditExport'],
  'audit.trimmed': [ActorKind.SYSTEM, 'trimAuditLog'],
  'connection.created': [ActorKind.USER, 'connectionCreate'],
  'connection.updated': [ActorKind.USER, 'connectionUpdate'],
  'enrollment_flow.created': [ActorKind.USER, 'enrollmentFlowCreate'],
  'enrollment_flow.deleted': [ActorKind.USER, 'enrollmentFlowDelete'],
  'enrollment_flow.status_changed': [ActorKind.USER, 'enrollmentFlowActivate'],
  'enrollment_flow.updated': [ActorKind.USER, 'enrollmentFlowUpdate'],
  'factor.added': [ActorKind.USER, 'factorTotpConfirm'],
  'factor.blocked': [ActorKind.USER, 'factorProve'],
  'factor.proved': [ActorKind.USER, 'factorProve'],
  'factor.removed': [ActorKind.USER, 'factorRemove'],
  'factor.renamed': [ActorKind.USER, 'factorRename'],
  'identity.unlinked': [ActorKind.USER, 'identityUnlink'],
  'invitation.accepted': [ActorKind.USER, 'organizationInvitationAccept'],
  'invitation.created': [ActorKind.USER, 'organizationInvitationCreate'],
  'invitation.declined': [ActorKind.USER, 'organizationInvitationDecline'],
  'invitation.deleted': [ActorKind.USER, 'organizationInvitationDelete'],
  'invitation.expired': [ActorKind.SYSTEM, 'expireInvitations'],
  'invitation.mail_failed': [ActorKind.SYSTEM, 'mailInvitations'],
  'invitation.resent': [ActorKind.USER, 'organizationInvitationResend'],
  'invitation.revoked': [ActorKind.USER, 'organizationInvitationRevoke'],
  'membership.removed': [ActorKind.USER, 'organizationMemberRemove'],
  'membership.roles_changed': [ActorKind.USER, 'memberAppoint'],
  'membership.updated': [ActorKind.USER, 'petitionApprove'],
  'approver_delegation.created': [ActorKind.USER, 'approverDelegationCreate'],
  'approver_delegation.deleted': [ActorKind.USER, 'approverDelegationDelete'],
  'organization.application_added': [ActorKind.USER, 'organizationApplicationsAdd'],
  'organization.application_removed': [ActorKind.USER, 'organizationApplicationsRemove'],
  'organization.application_roles_changed': [ActorKind.USER, 'organizationApplicationRolesSet'],
  'organization.deleted': [ActorKind.USER, 'organizationDelete'],
  'organization.role_removed': [ActorKind.USER, 'roleDelete'],
  'organization.jit_changed': [ActorKind.USER, 'organizationJitEmailDomainsAdd'],
  'organization.jit_domain_proven': [ActorKind.USER, 'organizationJitEmailDomainVerify'],
  'organization.jit_domain_unproven': [ActorKind.SYSTEM, 'recheckDomains'],
  'organization.updated': [ActorKind.USER, 'organizationUpdate'],
  'permission.created': [ActorKind.USER, 'permissionCreate'],
  'permission.deleted': [ActorKind.USER, 'permissionDelete'],
  'permission.updated': [ActorKind.USER, 'permissionUpdate'],
  'petition.advanced': [ActorKind.USER, 'petitionSubmitAttributes'],
  'petition.approved': [ActorKind.USER, 'petitionApprove'],
  'petition.confirmed': [ActorKind.USER, 'petitionConfirm'],
  'petition.created': [ActorKind.USER, 'petitionStart'],
  'petition.deleted': [ActorKind.USER, 'petitionDelete'],
  'petition.denied': [ActorKind.USER, 'petitionDeny'],
  'petition.finalized': [ActorKind.USER, 'petitionApprove'],
  'petition.mail_failed': [ActorKind.SYSTEM, 'mailPetitions'],
  'petition.flagged_duplicate': [ActorKind.USER, 'petitionFlagDuplicate'],
  'petition.status_changed': [ActorKind.USER, 'petitionConfirm'],
  'pipeline.created': [ActorKind.USER, 'pipelineCreate'],
  'pipeline.deleted': [ActorKind.USER, 'pipelineDelete'],
  'pipeline.updated': [ActorKind.USER, 'pipelineUpdate'],
  'role.created': [ActorKind.USER, 'roleCreate'],
  'role.deleted': [ActorKind.USER, 'roleDelete'],
  'role.updated': [ActorKind.USER, 'rolePermissionsSet'],
  'scim_group.created': [ActorKind.PROVIDER, 'scim'],
  'scim_group.deleted': [ActorKind.PROVIDER, 'scim'],
  'scim_group.mapped': [ActorKind.USER, 'scimGroupMap'],
  'scim_group.members_changed': [ActorKind.PROVIDER, 'scim'],
  'scim_group.unmapped': [ActorKind.USER, 'scimGroupUnmap'],
  'scim_group.updated': [ActorKind.PROVIDER, 'scim'],
  'scim_token.created': [ActorKind.USER, 'connectionScimTokenCreate'],
  'scim_token.deleted': [ActorKind.USER, 'connectionScimTokenDelete'],
  'scim_user.created': [ActorKind.PROVIDER, 'scim'],
  'scim_user.deleted': [ActorKind.PROVIDER, 'scim'],
  'scim_user.updated': [ActorKind.PROVIDER, 'scim'],
  'session.ended': [ActorKind.USER, 'sessionEnd'],
  'session.organization_entered': [ActorKind.USER, 'organizationEnter'],
  'source.created': [ActorKind.USER, 'sourceCreate'],
  'source.deleted': [ActorKind.USER, 'sourceDelete'],
  'source.updated': [ActorKind.USER, 'sourceUpdate'],
  'source_sync.canceled': [ActorKind.USER, 'sourceSyncCancel'],
  'source_sync.completed': [ActorKind.SYSTEM, 'sourceSync'],
  'source_sync.failed': [ActorKind.SYSTEM, 'sourceSync'],
  'source_sync.started': [ActorKind.USER, 'sourceSyncStart'],
  'source_record.grace_ended': [ActorKind.SYSTEM, 'endGracePeriods'],
  'source_record.linked': [ActorKind.SYSTEM, 'sourceSync'],
  'source_record.relinked': [ActorKind.USER, 'sourceRecordRelink'],
  'source_record.removed': [ActorKind.SYSTEM, 'sourceSync'],
  'source_record.returned': [ActorKind.SYSTEM, 'sourceSync'],
  'source_record.synced': [ActorKind.USER, 'sourceRecordSync'],
  'source_record.unlinked': [ActorKind.USER, 'sourceRecordUnlink'],
  'tenant.created': [ActorKind.OPERATOR, 'tenant create'],
  'tenant.updated': [ActorKind.USER, 'tenantUpdate'],
  'terms.created': [ActorKind.USER, 'termsCreate'],
  'terms.deleted': [ActorKind.USER, 'termsDelete'],
  'terms.updated': [ActorKind.USER, 'termsUpdate'],
  'user.approval_withdrawn': [ActorKind.USER, 'petitionUndoMerge'],
  'user.approved': [ActorKind.USER, 'userApprove'],
  'user.deleted': [ActorKind.OPERATOR, 'seedDemo'],
  'user.factors_reset': [ActorKind.USER, 'userFactorsReset'],
  'user.resumed': [ActorKind.USER, 'userResume'],
  'user.suspended': [ActorKind.USER, 'userSuspend'],
  'user.tenant_administrator_granted': [ActorKind.USER, 'userUpdate'],
  'user.tenant_administrator_revoked': [ActorKind.USER, 'userUpdate'],
  'webhook_endpoint.created': [ActorKind.USER, 'webhookEndpointCreate'],
  'webhook_endpoint.deleted': [ActorKind.USER, 'webhookEndpointDelete'],
  'webhook_endpoint.disabled': [ActorKind.SYSTEM, 'deliverWebhooks'],
  'webhook_endpoint.replayed': [ActorKind.USER, 'webhookEndpointReplay'],
  'webhook_endpoint.secret_rotated': [ActorKind.USER, 'webhookEndpointRotateSecret'],
  'webhook_endpoint.tested': [ActorKind.USER, 'webhookEndpointTest'],
  'webhook_endpoint.updated': [ActorKind.USER, 'webhookEndpointUpdate'],
};

const ORGANIZATION = exampleUuid(0);
const USER = exampleUuid(1);
const ADMINISTRATOR = exampleUuid(90);
const OBJECT = exampleUuid(91);
const EVENT = exampleUuid(92);

/** Before they answer, the invited are nobody who is known here. */
const OF_INVITEE = new Set<EventType>(['invitation.accepted', 'invitation.declined']);

/** A whole message of this type, for the documentation. */
export function exampleMessage(type: EventType): EventMessage {
  const { about, example } = EVENT_TYPES[type];
  const [actorKind, via] = WRITTEN_BY[type] ?? [ActorKind.SIGN_IN, 'signIn'];
  const actors: Partial<Record<ActorKind, string>> = { USER: ADMINISTRATOR, SIGN_IN: USER };
  const isOfPerson =
    type.startsWith('user.') ||
    ['User', 'Identity', 'Session', 'Factor', 'Membership', 'ApproverDelegation', 'SourceRecord'].includes(about ?? '');
  const isOfOrganization =
    about === 'Organization' ||
    about === 'Membership' ||
    about === 'OrganizationApplication' ||
    about === 'WebhookEndpoint' ||
    about === 'EnrollmentFlow' ||
    about === 'Terms' ||
    about === 'Petition' ||
    about === 'ApproverDelegation' ||
    about === 'Invitation';
  const objects = { Organization: ORGANIZATION, User: USER } as Record<string, string>;
  return toMessage({
    uuid: EVENT,
    type,
    at: '2026-03-02T09:15:27.314Z',
    actorKind,
    actorUserUuid: actors[actorKind] ?? null,
    actorApplicationUuid: null,
    via,
    organizationUuid: isOfOrganization ? ORGANIZATION : null,
    userUuid: isOfPerson || type === 'organization.requested' || OF_INVITEE.has(type) ? USER : null,
    objectUuid: about && (objects[about] ?? OBJECT),
    before: (example.before ?? null) as Record<string, unknown> | null,
    after: (example.after ?? null) as Record<string, unknown> | null,
    sequence: 4711,
  });
}
