import type { Database } from '../../database/database.js';
import { cutPage, type Page, type PageRequest, readPage, toCursor } from '../../database/loaders/page.js';
import type { Approvers } from '../machine/state.js';
import { APPROVERS } from './find-approvers.js';

/** What an approver decided. Ids are uuids. */
export interface DecisionRow {
  uuid: string;
  approverUuid: string;
  isApproval: boolean;
  comment: string | null;
  at: string;
}

/** Who has decided on a petition so far, the first one first. */
export function findDecisions(
  database: Database,
  tenantId: string,
  petitionId: string,
  request: PageRequest,
): Promise<Page<DecisionRow>> {
  return readPage<DecisionRow>(database, tenantId, request, {
    columns: `d.id as uuid, d.approver_user_id as "approverUuid", d.is_approval as "isApproval", d.comment, d.at`,
    table: 'petition_decisions d',
    where: 'd.tenant_id = $1 and d.petition_id = $2',
    values: [tenantId, petitionId],
    map: (row) => row,
  });
}

/** What somebody wrote for those who decide. Ids are uuids; an author is a user, an application, or gone. */
export interface CommentRow {
  uuid: string;
  authorUuid: string | null;
  authorApplicationUuid: string | null;
  text: string;
  at: string;
}

/** The private comments on a petition, the oldest first. */
export function findComments(
  database: Database,
  tenantId: string,
  petitionId: string,
  request: PageRequest,
): Promise<Page<CommentRow>> {
  return readPage<CommentRow>(database, tenantId, request, {
    columns: `c.id as uuid, c.author_user_id as "authorUuid", c.author_application_id as "authorApplicationUuid",
      c.text, c.at`,
    table: 'petition_comments c',
    where: 'c.tenant_id = $1 and c.petition_id = $2',
    values: [tenantId, petitionId],
    map: (row) => row,
  });
}

/** Somebody who may decide, and who stands in for them at this moment. Ids are uuids. */
export interface ApproverRow {
  uuid: string;
  delegateUuids: string[];
}

/** How many of those who stand in for one approver are shown. */
export const MOST_DELEGATES = 20;

/** Who may decide on what these approvers decide on, by their ids, each with who stands in for them. */
export async function findApproverPage(
  database: Database,
  tenantId: string,
  { kind, roleId, organizationId }: Approvers,
  at: Date,
  request: PageRequest,
): Promise<Page<ApproverRow>> {
  const { first, after } = request;
  const values = [tenantId, kind, roleId, organizationId, at];
  const rows = await database.read<{ userId: string; delegateIds: string[] }>(
    tenantId,
    `select * from (${APPROVERS}) approver ${after ? 'where "userId" > $7' : ''} order by "userId" limit $6`,
    [...values, first + 1, ...(after ?? [])],
  );
  const found = rows.map(({ userId, delegateIds }) => ({
    uuid: userId,
    delegateUuids: delegateIds.slice(0, MOST_DELEGATES),
  }));
  return {
    ...cutPage(found, request),
    cursorOf: ({ uuid }) => toCursor([uuid]),
    countTotal: async () => {
      const text = `select count(*)::int as count from (${APPROVERS}) approver`;
      return (await database.read<{ count: number }>(tenantId, text, values))[0]?.count ?? 0;
    },
  };
}
