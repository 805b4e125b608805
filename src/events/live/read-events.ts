import { type BatchedRead, createBatch, indexBy } from '../../database/batch.js';
import type { Database } from '../../database/database.js';
import { EVENT_COLUMNS, toEventRow } from '../../database/loaders/events.js';
import { ORGANIZATION_COLUMNS, readOrganizationJson } from '../../database/loaders/organizations.js';
import type { EventRow, OrganizationRow } from '../../database/loaders/rows.js';

/** An event in its place in the log, with the organization that it concerns as it is now: null when there is none. */
export interface LiveEvent {
  sequence: number;
  row: EventRow;
  organization: OrganizationRow | null;
}

/** How many events one statement reads. */
export const LIVE_PAGE = 500;

const COLUMNS = `${EVENT_COLUMNS},
  (select row_to_json(shown) from (
     select ${ORGANIZATION_COLUMNS} from organizations o where o.tenant_id = e.tenant_id and o.id = e.organization_id
   ) as shown) as organization`;

/** One lookup an event, whatever the planner knows of a log that grows: see the outbox. */
const OF_TENANT = `select ${COLUMNS}
  from (select * from audit_chain where tenant_id = $1 and sequence > $2 order by sequence limit ${LIVE_PAGE}) c
  cross join lateral (select * from events where tenant_id = $1 and id = c.id offset 0) e
  order by c.sequence`;
const OF_ORGANIZATION = `select ${COLUMNS}
  from audit_chain c join events e on e.tenant_id = c.tenant_id and e.id = c.id
  where c.tenant_id = $1 and c.sequence > $2 and e.organization_id = $3 order by c.sequence limit ${LIVE_PAGE}`;
/** The index of events of petitions is by their object: the condition on the type has it used. */
const OF_PETITION = `select ${COLUMNS}
  from audit_chain c join events e on e.tenant_id = c.tenant_id and e.id = c.id
  where e.tenant_id = $1 and c.tenant_id = $1 and c.sequence > $2 and e.object_id = $3 and e.type like 'petition.%'
  order by c.sequence limit ${LIVE_PAGE}`;

type Row = EventRow & { organization: Record<string, unknown> | null };

/** The next events after a place in a tenant's log, in order: of one petition, of one organization, or of all. */
export async function readEvents(
  database: Database,
  tenantId: string,
  after: number,
  { organizationId, petitionId }: { organizationId?: string | null; petitionId?: string | undefined } = {},
): Promise<LiveEvent[]> {
  const [text, ...of] = petitionId
    ? [OF_PETITION, petitionId]
    : organizationId
      ? [OF_ORGANIZATION, organizationId]
      : [OF_TENANT];
  const rows = await database.read<Row>(tenantId, text, [tenantId, after, ...of]);
  return rows.map(({ organization, ...row }) => ({
    sequence: Number(row.sequence),
    row: toEventRow(row),
    organization: organization && readOrganizationJson(organization),
  }));
}

/** The place of the last event in a tenant's log; 0 before the first. */
export async function readLastSequence(database: Database, tenantId: string): Promise<number> {
  const [head] = await database.read<{ sequence: number }>(
    tenantId,
    'select sequence::float8 as sequence from audit_heads where tenant_id = $1',
    [tenantId],
  );
  return head?.sequence ?? 0;
}

/** Where an event stands; `sequence` is null for the moment between its change and its place in the log. */
export interface EventPlace {
  uuid: string;
  organizationUuid: string | null;
  objectUuid: string | null;
  sequence: number | null;
}

/** Finds the places of events, of all who ask at the same moment by one statement. */
export function createPlaceFinder(database: Database): BatchedRead<EventPlace, void> {
  return createBatch<EventPlace>(async ({ tenantId }, ids) => {
    const rows = await database.read<EventPlace>(
      tenantId,
      `select e.id as uuid, e.organization_id as "organizationUuid", e.object_id as "objectUuid",
         c.sequence::float8 as sequence
       from events e left join audit_chain c on c.tenant_id = e.tenant_id and c.id = e.id
       where e.tenant_id = $1 and e.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows, ({ uuid }) => uuid);
  });
}
