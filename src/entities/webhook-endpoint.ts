import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter, tracked } from './base.js';
import { WebhookDisabledReason, WebhookEndpointStatus } from './enums.js';

export const WebhookEndpointSchema = defineEntity({
  name: 'WebhookEndpoint',
  tableName: 'webhook_endpoints',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    /** Null: the events of the whole tenant. */
    organizationId: p.uuid().nullable(),
    url: p.string(),
    description: p.string().nullable(),
    /** Types, or beginnings such as `organization.*`; empty: all. */
    eventTypes: p.array(),
    status: p.enum(() => WebhookEndpointStatus).default(WebhookEndpointStatus.ENABLED),
    disabledReason: p.enum(() => WebhookDisabledReason).nullable(),
    /** Sealed (see database/sealing.ts): what messages are signed with. */
    sealedSecret: p.text(),
    /** Signs, too, until `previousSecretUntil`. */
    sealedPreviousSecret: p.text().nullable(),
    previousSecretUntil: p.datetime().nullable(),
    /** The first failure since the last success; null while there is none. */
    failingSince: p.datetime().nullable(),
    createdByUserId: p.uuid().nullable(),
    ...tracked(),
  },
});

/** An address that events are sent to, of a tenant or of one of its organizations. */
export class WebhookEndpoint extends WebhookEndpointSchema.class {}
WebhookEndpointSchema.setClass(WebhookEndpoint);
