import { type NodeType, uuidOf } from '../database/loaders/ids.js';
import type { EventFilter } from '../database/loaders/events.js';
import { explainUnaskable, isAskable, MOST_ASKED_TYPES, typesAsked } from './event-filter.js';

/** Which events somebody asks for: ids are global, types are names such as `user.created`, or all of one as `user.*`. */
export interface AskedEvents {
  organizationId?: string | null;
  userId?: string | null;
  actorUserId?: string | null;
  types?: readonly string[] | null;
  since?: Date | null;
  until?: Date | null;
}

/** Something asked for cannot be; the message says what to give instead. */
export class EventFilterError extends Error {
  constructor(
    readonly property: keyof AskedEvents,
    message: string,
  ) {
    super(message);
  }
}

/** Reads a filter as it was asked for. Throws {@link EventFilterError}. */
export function readEventFilter(asked: AskedEvents): EventFilter {
  const { since, until } = asked;
  if (since && until && since >= until) throw new EventFilterError('until', 'until is later than since.');
  return {
    organizationId: readId('Organization', 'organizationId', asked.organizationId),
    userId: readId('User', 'userId', asked.userId),
    actorUserId: readId('User', 'actorUserId', asked.actorUserId),
    types: readTypes(asked.types ?? []),
    since: since ?? null,
    until: until ?? null,
  };
}

function readId(type: NodeType, property: keyof AskedEvents, id: string | null | undefined): string | null {
  if (id === null || id === undefined) return null;
  const uuid = uuidOf(type, id);
  if (!uuid)
    throw new EventFilterError(property, `${property} is not the id of ${type === 'User' ? 'a' : 'an'} ${type}.`);
  return uuid;
}

function readTypes(asked: readonly string[]): string[] | null {
  if (!asked.length) return null;
  if (asked.length > MOST_ASKED_TYPES) throw new EventFilterError('types', `types holds at most ${MOST_ASKED_TYPES}.`);
  const unknown = asked.find((name) => !isAskable(name));
  if (unknown !== undefined) throw new EventFilterError('types', explainUnaskable(unknown));
  return typesAsked(asked);
}
