import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { ActorKind } from './enums.js';

export const EventSchema = defineEntity({
  name: 'Event',
  tableName: 'events',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    type: p.string(),
    at: p.datetime(),
    actorKind: p.enum(() => ActorKind),
    actorUserId: p.uuid().nullable(),
    actorApplicationId: p.uuid().nullable(),
    /** What the actor used: a mutation, `signIn`, a job. */
    via: p.string(),
    organizationId: p.uuid().nullable(),
    userId: p.uuid().nullable(),
    objectId: p.uuid().nullable(),
    before: p.json<Record<string, unknown>>().nullable(),
    after: p.json<Record<string, unknown>>().nullable(),
  },
});

/** A fact that happened, written in the same transaction as the change. Never updated. */
export class Event extends EventSchema.class {}
EventSchema.setClass(Event);
