import type { Database } from '../../src/database/database.js';
import { EVENT_TYPES, isEventType } from '../../src/events/catalogue.js';

interface WrittenEvent {
  type: string;
  before: unknown;
  after: unknown;
}

/** What is not as the catalogue says of the type of this event. */
export function findCatalogueFaults(event: WrittenEvent): string[] {
  const { type } = event;
  if (!isEventType(type)) return [`${type} is no type of the catalogue`];
  return (['before', 'after'] as const).flatMap((side) => {
    const schema = EVENT_TYPES[type][side];
    if (!schema) return event[side] === null ? [] : [`${type}: ${side} is ${JSON.stringify(event[side])}, not null`];
    const { error } = schema.safeParse(event[side]);
    return (error?.issues ?? []).map(
      ({ path, message }) => `${type}: ${[side, ...path].join('.')}: ${message} (${JSON.stringify(event[side])})`,
    );
  });
}

/**
 * Throws when an event in the database is not as the catalogue says. Gateways do this when they close: so the whole
 * suite shows that what is written is what is published.
 */
export async function expectCatalogued(database: Pick<Database, 'read'>): Promise<void> {
  const faults = new Set<string>();
  for (const { id } of await database.read<{ id: string }>(null, 'select id from tenants', [])) {
    const sql = 'select type, "before", "after" from events where tenant_id = $1 and erased_at is null';
    for (const event of await database.read<WrittenEvent>(id, sql, [id])) {
      for (const fault of findCatalogueFaults(event)) faults.add(fault);
    }
  }
  if (faults.size) throw new Error(`Events are not as src/events/catalogue says:\n${[...faults].join('\n')}`);
}
