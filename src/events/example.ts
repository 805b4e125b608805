import { ActorKind } from '../entities/enums.js';
import { EVENT_TYPES, type EventType } from './catalogue.js';
import { exampleUuid } from './catalogue/values.js';
import { type EventMessage, toMessage } from './message.js';

/** What writes events of a type, where it is not a sign-in. */
const WRITTEN_BY: Partial<Record<EventType, [ActorKind, via: string]>> = {
  'audit.erased': [ActorKind.USER, 'auditErase'],
  'audit.exported': [ActorKind.USER, 'auditExport'],
  'audit.trimmed': [ActorKind.SYSTEM, 'trimAuditLog'],
  'connection.created': [ActorKind.USER, 'connectionCreate'],
  'connection.updated': [ActorKind.USER, 'connectionUpdate'],
  'identity.unlinked': [ActorKind.USER, 'identityUnlink'],
  'membership.removed': [ActorKind.USER, 'organizationMemberRemove'],
  'membership.roles_changed': [ActorKind.USER, 'memberAppoint'],
  'organization.deleted': [ActorKind.USER, 'organizationDelete'],
  'organization.updated': [ActorKind.USER, 'organizationUpdate'],
  'session.ended': [ActorKind.USER, 'sessionEnd'],
  'tenant.created': [ActorKind.OPERATOR, 'tenant create'],
  'tenant.updated': [ActorKind.USER, 'tenantUpdate'],
  'user.approved': [ActorKind.USER, 'userApprove'],
  'user.deleted': [ActorKind.OPERATOR, 'seedDemo'],
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

/** A whole message of this type, for the documentation. */
export function exampleMessage(type: EventType): EventMessage {
  const { about, example } = EVENT_TYPES[type];
  const [actorKind, via] = WRITTEN_BY[type] ?? [ActorKind.SIGN_IN, 'signIn'];
  const actors: Partial<Record<ActorKind, string>> = { USER: ADMINISTRATOR, SIGN_IN: USER };
  const isOfPerson = type.startsWith('user.') || ['User', 'Identity', 'Session', 'Membership'].includes(about ?? '');
  const isOfOrganization = about === 'Organization' || about === 'Membership' || about === 'WebhookEndpoint';
  const objects = { Organization: ORGANIZATION, User: USER } as Record<string, string>;
  return toMessage({
    uuid: EVENT,
    type,
    at: '2026-03-02T09:15:27.314Z',
    actorKind,
    actorUserUuid: actors[actorKind] ?? null,
    via,
    organizationUuid: isOfOrganization ? ORGANIZATION : null,
    userUuid: isOfPerson || type === 'organization.requested' ? USER : null,
    objectUuid: about && (objects[about] ?? OBJECT),
    before: (example.before ?? null) as Record<string, unknown> | null,
    after: (example.after ?? null) as Record<string, unknown> | null,
    sequence: 4711,
    ipAddress: null,
    userAgent: null,
    isErased: false,
  });
}
