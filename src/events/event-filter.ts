import { EVENT_TYPE_NAMES } from './catalogue.js';

/** Which events an endpoint or a subscriber asks for. */
export interface EventFilter {
  /** Null: those of the whole tenant. */
  organizationId: string | null;
  /** Types, or beginnings such as `organization.*`; empty: all. */
  eventTypes: readonly string[];
}

/** Whether an event is one of those asked for. */
export function matchesFilter(
  { organizationId, eventTypes }: EventFilter,
  event: { type: string; organizationId: string | null },
): boolean {
  if (organizationId && event.organizationId !== organizationId) return false;
  return (
    eventTypes.length === 0 ||
    eventTypes.some((asked) =>
      asked.endsWith('.*') ? event.type.startsWith(asked.slice(0, -1)) : event.type === asked,
    )
  );
}

/** Each type, and each subject as `user.*`. */
const ASKABLE = new Set<string>(EVENT_TYPE_NAMES.flatMap((type) => [type, `${type.split('.')[0]}.*`]));

/** Whether there are events that this asks for. */
export function isAskable(eventType: string): boolean {
  return ASKABLE.has(eventType);
}
