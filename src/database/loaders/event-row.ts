import type { ActorKind } from '../../entities/enums.js';

/** The columns of an event `e` that every reader of events selects, named as the properties of {@link EventFactRow}. */
export const EVENT_FACT_COLUMNS = `
  e.id as uuid, e.type, e.at, e.actor_kind as "actorKind", e.actor_user_id as "actorUserUuid",
  e.actor_application_id as "actorApplicationUuid", e.via, e.organization_id as "organizationUuid",
  e.user_id as "userUuid", e.object_id as "objectUuid", e."before", e."after"`;

/** What an event says. Its type is one of the catalogue. */
export interface EventFactRow {
  uuid: string;
  type: string;
  at: string;
  actorKind: ActorKind;
  actorUserUuid: string | null;
  /** Of an application that acted for itself. */
  actorApplicationUuid: string | null;
  via: string;
  organizationUuid: string | null;
  userUuid: string | null;
  objectUuid: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** An event that has its place in the tenant's log; null while it has none. */
export type PlacedEventRow = EventFactRow & { sequence: string | number | null };
