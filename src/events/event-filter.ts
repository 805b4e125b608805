import { EVENT_TYPE_NAMES, type EventType } from './catalogue.js';

/** Which events an endpoint or a subscriber asks for. */
export interface EventFilter {
  /** Null: those of the whole tenant. */
  organizationId: string | null;
  /** Types, or beginnings such as `organization.*`; empty: all. */
  eventTypes: readonly string[];
}

/** How many types somebody may ask for. */
export const MOST_ASKED_TYPES = 100;

/** Whether an event is one of those asked for. */
export function matchesFilter(
  { organizationId, eventTypes }: EventFilter,
  event: { type: string; organizationId: string | null },
): boolean {
  if (organizationId && event.organizationId !== organizationId) return false;
  return eventTypes.length === 0 || eventTypes.some((asked) => isOf(asked, event.type));
}

/** The types that are asked for, by whole names. */
export function typesAsked(eventTypes: readonly string[]): EventType[] {
  return EVENT_TYPE_NAMES.filter((type) => eventTypes.some((asked) => isOf(asked, type)));
}

function isOf(asked: string, type: string): boolean {
  return asked.endsWith('.*') ? type.startsWith(asked.slice(0, -1)) : type === asked;
}

/** Each type, and each subject as `user.*`. */
const ASKABLE = new Set<string>(EVENT_TYPE_NAMES.flatMap((type) => [type, `${type.split('.')[0]}.*`]));

/** Whether there are events that this asks for. */
export function isAskable(eventType: string): boolean {
  return ASKABLE.has(eventType);
}

/** Says that there are none, and what to ask for instead. */
export function explainUnaskable(eventType: string): string {
  return `There are no events ${JSON.stringify(eventType.slice(0, 64))}: give a type such as user.created, or all of a subject as user.*.`;
}
