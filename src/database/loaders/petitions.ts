import type { PetitionStatus } from '../../entities/enums.js';
import { type Decider, findApprovable } from '../approvable.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { PetitionHistoryRow, PetitionRow } from './rows.js';
import { addTo } from './where.js';

/** What is read of a petition `p`, of which {@link PETITION_TABLES} is read and {@link PETITION_JOINS} holds. */
export const PETITION_COLUMNS = `
  p.id as uuid, p.flow_id as "flowUuid", v.number as "flowVersion", v.name as "flowName", v.settings as flow,
  f.status as "flowStatus", f.organization_id as "flowOrganizationUuid", p.organization_id as "organizationUuid", p.status, p.step, p.waits_for as "waitsFor",
  p.petitioner_user_id as "petitionerUuid", p.enrollee_user_id as "enrolleeUuid",
  p.petitioner_token_hash as "petitionerTokenHash", p.petitioner_token_expires_at as "petitionerTokenExpiresAt",
  p.enrollee_token_hash as "enrolleeTokenHash", p.enrollee_token_expires_at as "enrolleeTokenExpiresAt",
  p.progress, p.attributes, p.email, p.email_normalized as "emailNormalized",
  p.is_email_verified as "isEmailVerified", p.locale, p.return_url as "returnUrl", p.approver_kind as "approverKind",
  p.approver_role_id as "approverRoleUuid", p.approver_organization_id as "approverOrganizationUuid",
  p.decided_by_user_id as "decidedByUuid", p.decided_at as "decidedAt", p.decision_comment as "decisionComment",
  p.vetting_status as "vettingStatus", p.membership_id as "membershipUuid", p.waits_since as "waitsSince",
  p.expires_at as "expiresAt", p.reminders, p.is_escalated as "isEscalated", p.created_at as "createdAt",
  p.updated_at as "updatedAt", p.finished_at as "finishedAt", p.version`;

export const PETITION_TABLES = `enrollment_flow_versions v, petitions p
  left join enrollment_flows f on f.tenant_id = p.tenant_id and f.id = p.flow_id`;

export const PETITION_JOINS = 'p.tenant_id = $1 and v.tenant_id = $1 and v.id = p.flow_version_id';

const HISTORY_COLUMNS = `h.id as uuid, h.action, h.status_before as "statusBefore", h.status_after as "statusAfter",
  h.comment, h.party, h.actor_user_id as "actorUserUuid", h.actor_application_id as "actorApplicationUuid", h.at`;

export interface PetitionFilter {
  flowUuid?: string | null;
  statuses?: readonly PetitionStatus[] | null;
  enrolleeUuid?: string | null;
}

/** Petitions one by one, pages of them, and their history. */
export function createPetitionLoaders(database: Database) {
  const byId = createBatch<PetitionRow>(async ({ tenantId }, ids) => {
    const text = `select ${PETITION_COLUMNS} from ${PETITION_TABLES}
      where ${PETITION_JOINS} and p.id = any($2::uuid[])`;
    const rows = await database.read<PetitionRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toPetitionRow), ({ uuid }) => uuid);
  });

  const approvable = createBatch<boolean, { decider: Decider; now: string }>(async ({ tenantId, shared }, ids) => {
    const found = await findApprovable(database, tenantId, shared.decider, ids, new Date(shared.now));
    return new Map(ids.map((id) => [id, found.has(id)]));
  });

  return {
    byId,
    /** Whether this person may decide on the petition, as an approver or for one who is away; whatever its status. */
    async isApprovable(tenantId: string, decider: Decider, now: Date, uuid: string): Promise<boolean> {
      return (await approvable(tenantId, uuid, { decider, now: now.toISOString() })) ?? false;
    },
    /** Those that lead to an organization, or of the whole tenant when that is null; the newest first. */
    page(
      tenantId: string,
      organizationUuid: string | null,
      { flowUuid, statuses, enrolleeUuid }: PetitionFilter,
      request: PageRequest,
    ): Promise<Page<PetitionRow>> {
      const values: unknown[] = [tenantId];
      const conditions = [PETITION_JOINS];
      const where = addTo(conditions, values);
      if (organizationUuid) where((id) => `p.organization_id = ${id}`, organizationUuid);
      if (flowUuid) where((id) => `p.flow_id = ${id}`, flowUuid);
      if (enrolleeUuid) where((id) => `p.enrollee_user_id = ${id}`, enrolleeUuid);
      if (statuses?.length) where((wanted) => `p.status = any(${wanted}::text[])`, statuses);
      return readPetitions(tenantId, conditions, values, request);
    },
    /** Those whose petitioner or enrollee this user is, the newest first. */
    ofUser(tenantId: string, userUuid: string, request: PageRequest): Promise<Page<PetitionRow>> {
      const isTheirs = `p.id in (
        select id from petitions where tenant_id = $1 and petitioner_user_id = $2
        union select id from petitions where tenant_id = $1 and enrollee_user_id = $2)`;
      return readPetitions(tenantId, [PETITION_JOINS, isTheirs], [tenantId, userUuid], request);
    },
    /** What has happened to a petition, the oldest first. */
    history(tenantId: string, petitionUuid: string, request: PageRequest): Promise<Page<PetitionHistoryRow>> {
      return readPage<PetitionHistoryRow>(database, tenantId, request, {
        columns: HISTORY_COLUMNS,
        table: 'petition_history h',
        where: 'h.tenant_id = $1 and h.petition_id = $2',
        values: [tenantId, petitionUuid],
        map: (row) => row,
      });
    },
  };

  function readPetitions(tenantId: string, conditions: string[], values: unknown[], request: PageRequest) {
    return readPage<PetitionRow>(database, tenantId, request, {
      columns: PETITION_COLUMNS,
      table: PETITION_TABLES,
      alias: 'p',
      where: conditions.join(' and '),
      values,
      newestFirst: true,
      map: toPetitionRow,
    });
  }
}

export function toPetitionRow(row: PetitionRow): PetitionRow {
  return { ...row, __typename: 'Petition', id: toGlobalId('Petition', row.uuid) };
}
