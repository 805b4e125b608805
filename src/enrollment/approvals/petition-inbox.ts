import { ALLOWS_OWN, type Decider, deciderValues, placesSql, standsInSql } from '../../database/approvable.js';
import type { Database } from '../../database/database.js';
import { cutPage, type Page, type PageRequest, toCursor } from '../../database/loaders/page.js';
import { PETITION_COLUMNS, toPetitionRow } from '../../database/loaders/petitions.js';
import type { PetitionRow } from '../../database/loaders/rows.js';
import { addTo } from '../../database/loaders/where.js';
import { ApproverKind, FlowStatus, PetitionStatus } from '../../entities/enums.js';

/** Which petitions of an inbox. Conditions add up; ids are uuids. */
export interface InboxFilter {
  organizationId?: string | null;
  flowId?: string | null;
  isEscalated?: boolean | null;
  waitingSinceBefore?: Date | null;
  /** Absent: true. Their own are there only where the flow lets them decide on these. */
  includesOwn?: boolean | null;
}

/** How many petitions of an inbox belong to something. */
export interface InboxCount {
  id: string;
  count: number;
  escalated: number;
}

export interface InboxCounts {
  total: number;
  escalated: number;
  byFlow: InboxCount[];
  byOrganization: InboxCount[];
}

/** How many flows and organizations are counted, those with the most petitions first. */
export const MOST_COUNTED = 50;

const SORT_KEY = `to_char(p.waits_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const IS_SORT_KEY = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Whether a cursor of the inbox can be: its first key is an instant. */
export function isInboxCursor([waitsSince]: readonly string[]): boolean {
  return IS_SORT_KEY.test(waitsSince!) && !Number.isNaN(Date.parse(waitsSince!));
}

/**
 * The petitions that this person may decide on now, by how long they wait: one statement, and one more for the total.
 * Each place for which they decide is a range of an index, read in order as far as the page goes.
 */
export async function findInboxPage(
  database: Database,
  tenantId: string,
  decider: Decider,
  now: Date,
  { filter, newestFirst, request }: { filter: InboxFilter; newestFirst: boolean; request: PageRequest },
): Promise<Page<PetitionRow>> {
  const { text: places, conditions, values, branches } = prepare(tenantId, decider, now, filter);
  const counted = { places, values: [...values], branches: [...branches], where: conditions.join(' and ') };
  const order = newestFirst ? 'desc' : 'asc';
  const { first, after } = request;
  if (after) {
    const [waitsSince, id] = [values.push(after[0]), values.push(after[1])];
    conditions.push(`(p.waits_since, p.id) ${newestFirst ? '<' : '>'} ($${waitsSince}::timestamptz, $${id}::uuid)`);
  }
  const limit = `$${values.push(first + 1)}`;
  const where = conditions.join(' and ');
  const inOrder = `order by p.waits_since ${order}, p.id ${order} limit ${limit}`;
  const found = branches.map(({ from, condition, isLateral }) => {
    const of = `select p.id, p.waits_since from petitions p where ${condition} and ${where}`;
    return isLateral ? `(select p.* from ${from} cross join lateral (${of} ${inOrder}) p)` : `(${of} ${inOrder})`;
  });
  const text = `with places as materialized (${places}),
    page as (select p.id, p.waits_since from (${found.join(' union all ')}) p ${inOrder})
    select ${PETITION_COLUMNS}, ${SORT_KEY} as "sortKey"
    from page join petitions p on p.tenant_id = $1 and p.id = page.id
    join enrollment_flow_versions v on v.tenant_id = $1 and v.id = p.flow_version_id
    left join enrollment_flows f on f.tenant_id = $1 and f.id = p.flow_id
    order by page.waits_since ${order}, page.id ${order}`;
  const rows = await database.read<PetitionRow & { sortKey: string }>(tenantId, text, values);
  const page = cutPage(rows, request);
  return {
    ...page,
    rows: page.rows.map((row) => ({ ...toPetitionRow(row), isApprovable: true as const })),
    cursorOf: (row) => toCursor([(row as PetitionRow & { sortKey: string }).sortKey, row.uuid]),
    countTotal: async () => {
      const [total] = await database.read<{ count: number }>(
        tenantId,
        `with places as materialized (${counted.places}) select count(*)::int as count from (${sourceOf(counted)}) p`,
        counted.values,
      );
      return total?.count ?? 0;
    },
  };
}

const SUMMED = `count(*)::int as count, (count(*) filter (where p.is_escalated))::int as escalated`;

/** How many petitions wait for this person now: in all, by flow and by organization. One statement. */
export async function countInbox(
  database: Database,
  tenantId: string,
  decider: Decider,
  now: Date,
  filter: InboxFilter,
): Promise<InboxCounts> {
  const { text: places, conditions, values, branches } = prepare(tenantId, decider, now, filter);
  const source = sourceOf({ branches, where: conditions.join(' and ') });
  const text = `with places as materialized (${places}),
    inbox as materialized (select p.flow_id, p.organization_id, ${SUMMED} from (${source}) p group by 1, 2),
    summed as (
      select case when grouping(flow_id) = 0 then 'FLOW' when grouping(organization_id) = 0 then 'ORGANIZATION'
          else 'ALL' end as kind,
        coalesce(flow_id, organization_id) as id, sum(count)::int as count, sum(escalated)::int as escalated
      from inbox group by grouping sets ((), (flow_id), (organization_id))),
    ranked as (select *, row_number() over (partition by kind order by count desc, id) as rank from summed
      where kind = 'ALL' or id is not null)
    select kind, id, count, escalated from ranked where rank <= ${MOST_COUNTED} order by kind, rank`;
  const rows = await database.read<InboxCount & { kind: 'ALL' | 'FLOW' | 'ORGANIZATION' }>(tenantId, text, values);
  const all = rows.find(({ kind }) => kind === 'ALL');
  return {
    total: all?.count ?? 0,
    escalated: all?.escalated ?? 0,
    byFlow: rows.filter(({ kind }) => kind === 'FLOW'),
    byOrganization: rows.filter(({ kind }) => kind === 'ORGANIZATION'),
  };
}

/** From where petitions of an inbox are read: the places of an approver, or all that no role is named for. */
interface Branch {
  from: string;
  condition: string;
  /** Whether each row of `from` has an index range of its own. */
  isLateral: boolean;
}

/** What waits stands in the text, so that the indexes of what waits can be used. */
const WAITS = `p.tenant_id = $1 and p.status = '${PetitionStatus.PENDING_APPROVAL}'`;
const NAMES_NO_ROLE = `p.approver_kind <> '${ApproverKind.ROLE}'`;

function prepare(
  tenantId: string,
  decider: Decider,
  now: Date,
  { organizationId, flowId, isEscalated, waitingSinceBefore, includesOwn }: InboxFilter,
): { text: string; conditions: string[]; values: unknown[]; branches: Branch[] } {
  const values: unknown[] = [tenantId, ...deciderValues(decider, now)];
  // The parameter for administrators of the tenant: a branch of its own instead, so that each has the index that suits.
  const isAdministrator = '$4::boolean';
  const isNobodys = 'p.petitioner_user_id is distinct from $2::uuid and p.enrollee_user_id is distinct from $2::uuid';
  const conditions = [
    includesOwn === false ? isNobodys : `((${isNobodys}) or ${ALLOWS_OWN})`,
    `not p.progress -> 'approvals' @> to_jsonb($2::text)`,
    `p.flow_id = any(array(select id from enrollment_flows where tenant_id = $1 and status = '${FlowStatus.ACTIVE}'))`,
  ];
  const where = addTo(conditions, values);
  if (organizationId) where((id) => `p.organization_id = ${id}`, organizationId);
  if (flowId) where((id) => `p.flow_id = ${id}`, flowId);
  if (typeof isEscalated === 'boolean') conditions.push(isEscalated ? 'p.is_escalated' : 'not p.is_escalated');
  if (waitingSinceBefore) where((at) => `p.waits_since < ${at}`, waitingSinceBefore);
  const ofPlaces: Branch = {
    from: `(select * from places where not ${isAdministrator} or place like '${ApproverKind.ROLE}:%') places`,
    condition: `${WAITS} and p.approver_place = places.place and ${standsInSql('places')}`,
    isLateral: true,
  };
  const ofTenant: Branch = { from: '', condition: `${WAITS} and ${NAMES_NO_ROLE}`, isLateral: false };
  const branches = decider.isTenantAdministrator ? [ofPlaces, ofTenant] : [ofPlaces];
  return { text: placesSql(2), conditions, values, branches };
}

/** All petitions of an inbox, with what is counted of them. */
function sourceOf({ branches, where }: { branches: Branch[]; where: string }): string {
  return branches
    .map(
      ({ from, condition }) => `select p.flow_id, p.organization_id, p.is_escalated
        from ${from ? `${from}, ` : ''}petitions p where ${condition} and ${where}`,
    )
    .join(' union all ');
}
