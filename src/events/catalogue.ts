import { applicationEvents } from './catalogue/application.js';
import { approverDelegationEvents } from './catalogue/approver-delegation.js';
import { auditEvents } from './catalogue/audit.js';
import { connectionEvents } from './catalogue/connection.js';
import type { EventDefinition, SideOf } from './catalogue/define.js';
import { enrollmentFlowEvents } from './catalogue/enrollment-flow.js';
import { factorEvents } from './catalogue/factor.js';
import { identityEvents } from './catalogue/identity.js';
import { invitationEvents } from './catalogue/invitation.js';
import { jitEvents } from './catalogue/jit.js';
import { membershipEvents } from './catalogue/membership.js';
import { organizationEvents } from './catalogue/organization.js';
import { petitionEvents } from './catalogue/petition.js';
import { pipelineEvents } from './catalogue/pipeline.js';
import { roleEvents } from './catalogue/role.js';
import { scimEvents } from './catalogue/scim.js';
import { sessionEvents } from './catalogue/session.js';
import { sourceEvents } from './catalogue/source.js';
import { sourceRecordEvents } from './catalogue/source-record.js';
import { tenantEvents } from './catalogue/tenant.js';
import { termsEvents } from './catalogue/terms.js';
import { userEvents } from './catalogue/user.js';
import { webhookEvents } from './catalogue/webhook.js';

/** Every type of event, once: what a reader of the audit log or a webhook may meet. */
export const EVENT_TYPES = {
  ...organizationEvents,
  ...jitEvents,
  ...userEvents,
  ...identityEvents,
  ...factorEvents,
  ...membershipEvents,
  ...invitationEvents,
  ...connectionEvents,
  ...sessionEvents,
  ...tenantEvents,
  ...webhookEvents,
  ...enrollmentFlowEvents,
  ...termsEvents,
  ...roleEvents,
  ...applicationEvents,
  ...scimEvents,
  ...petitionEvents,
  ...sourceEvents,
  ...sourceRecordEvents,
  ...pipelineEvents,
  ...approverDelegationEvents,
  ...auditEvents,
} satisfies Record<string, EventDefinition>;

export type EventType = keyof typeof EVENT_TYPES;

/** The names of all types, sorted. */
export const EVENT_TYPE_NAMES = (Object.keys(EVENT_TYPES) as EventType[]).sort();

export function isEventType(text: unknown): text is EventType {
  return typeof text === 'string' && Object.hasOwn(EVENT_TYPES, text);
}

/** A fact of these types to write down. The ids are uuids; those inside `before` and `after` are global ids. */
export type FactOf<Type extends EventType> = Type extends EventType
  ? {
      type: Type;
      /** The organization that it concerns: its administrators may read of it. */
      organizationId?: string | null;
      /** The user that it concerns. */
      userId?: string | null;
      /** The object that the type is about. */
      objectId?: string | null;
    } & SideOf<'before', (typeof EVENT_TYPES)[Type]['before']> &
      SideOf<'after', (typeof EVENT_TYPES)[Type]['after']>
  : never;

/** A fact to write down. `before` and `after` hold what changed, by property name. */
export type Fact = FactOf<EventType>;
