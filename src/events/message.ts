import { z } from 'zod';
import type { PlacedEventRow } from '../database/loaders/event-row.js';
import { type NodeType, toGlobalId } from '../database/loaders/ids.js';
import { ActorKind } from '../entities/enums.js';
import { EVENT_TYPES, type EventType, isEventType } from './catalogue.js';
import { globalId, instant, oneOf } from './catalogue/values.js';

/** An event as it goes outside: the payload of a webhook, a line of an export. */
export interface EventMessage {
  type: EventType;
  /** When it happened, as RFC 3339, in UTC. */
  timestamp: string;
  data: {
    id: string;
    sequence: number | null;
    organizationId: string | null;
    userId: string | null;
    objectId: string | null;
    /** `applicationId`: of an application that acted for itself. */
    actor: { kind: ActorKind; userId: string | null; applicationId: string | null; via: string };
    before: Record<string, unknown> | null;
    after: Record<string, unknown> | null;
  };
}

/** What is published of an event. Where it came from (address, browser) stays in the audit log. */
export function toMessage(row: PlacedEventRow): EventMessage {
  const { uuid, type, at, organizationUuid, userUuid, objectUuid, sequence } = row;
  const { actorKind: kind, actorUserUuid, actorApplicationUuid, via } = row;
  return {
    // What is in the table came from the catalogue.
    type: type as EventType,
    timestamp: new Date(at).toISOString(),
    data: {
      id: toGlobalId('Event', uuid),
      sequence: sequence === null ? null : Number(sequence),
      organizationId: organizationUuid && toGlobalId('Organization', organizationUuid),
      userId: userUuid && toGlobalId('User', userUuid),
      objectId: objectIdOf(type, objectUuid),
      actor: {
        kind,
        userId: actorUserUuid && toGlobalId('User', actorUserUuid),
        applicationId: actorApplicationUuid && toGlobalId('Application', actorApplicationUuid),
        via,
      },
      before: row.before,
      after: row.after,
    },
  };
}

/** The global id of an event's object; null when it has none, or one that has no global id. */
export function objectIdOf(type: string, objectUuid: string | null): string | null {
  const subject = isEventType(type) ? subjectOf(type) : null;
  return subject && objectUuid ? toGlobalId(subject, objectUuid) : null;
}

type JsonSchema = Record<string, unknown>;

/**
 * The JSON Schema (2020-12) of the messages of a type. It lets properties pass that it does not know, since new ones
 * may come; the catalogue itself does not.
 */
export function jsonSchemaOf(type: EventType): JsonSchema {
  const { description, before, after } = EVENT_TYPES[type];
  const subject = subjectOf(type);
  const side = (values: z.ZodType | undefined) => (values ? values.nullable() : z.null());
  const message = z.object({
    type: z.literal(type),
    timestamp: instant(),
    data: z.object({
      id: globalId('Event'),
      sequence: z.int().min(1).nullable(),
      organizationId: globalId('Organization').nullable(),
      userId: globalId('User').nullable(),
      objectId: subject ? globalId(subject).nullable() : z.null(),
      actor: z.object({
        kind: oneOf(ActorKind),
        userId: globalId('User').nullable(),
        applicationId: globalId('Application').nullable(),
        via: z.string(),
      }),
      before: side(before),
      after: side(after),
    }),
  });
  const schema = z.toJSONSchema(message, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ jsonSchema }) => {
      // `false` closes an object against what may come later. The format says what the long pattern of zod does.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
  return { title: type, description, ...schema };
}

/** What is shown as the id of an event's object. The tenant has no global id: it is the one that is asked. */
function subjectOf(type: EventType): NodeType | null {
  const { about } = EVENT_TYPES[type];
  return about === 'Tenant' ? null : about;
}
