import { InvitationStatus } from '../../entities/enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { InvitationRow } from './rows.js';
import { addTo } from './where.js';

/** Names are read with the invitation: the invited person may not see the organization and the inviter themselves yet. */
const COLUMNS = `
  i.id as uuid, i.organization_id as "organizationUuid", o.name as "organizationName", o.status as "organizationStatus",
  i.email, i.email_normalized as "emailNormalized", i.status as "storedStatus", i.inviter_user_id as "inviterUuid",
  coalesce(
    (select nullif(concat_ws(' ', u.given_name, u.family_name), '') from users u
     where u.tenant_id = i.tenant_id and u.id = i.inviter_user_id),
    (select a.name from applications a where a.tenant_id = i.tenant_id and a.id = i.inviter_application_id)
  ) as "inviterName",
  i.accepted_user_id as "acceptedByUuid", i.locale, i.message, i.expires_at as "expiresAt",
  i.mail_status as "mailStatus", i.mailed_at as "mailedAt", i.mail_error as "mailError",
  i.created_at as "createdAt", i.updated_at as "updatedAt",
  (select coalesce(json_agg(json_build_array(r.id, r.name) order by r.name), '[]')
   from invitation_roles ir join roles r on r.tenant_id = ir.tenant_id and r.id = ir.role_id
   where ir.tenant_id = i.tenant_id and ir.invitation_id = i.id) as "rolePairs"`;

const TABLES = 'organizations o, invitations i';
const JOINS = 'i.tenant_id = $1 and o.tenant_id = $1 and o.id = i.organization_id';

export interface InvitationFilter {
  /** As it reads at `now`. */
  status?: InvitationStatus | null;
  /** In its normalized form. */
  email?: string | null;
  inviterUuid?: string | null;
}

type ReadRow = Omit<InvitationRow, 'roleUuids' | 'roleNames'> & { rolePairs: [uuid: string, name: string][] };

/** Invitations one by one, and pages of them, the newest first. */
export function createInvitationLoaders(database: Database) {
  const byId = createBatch<InvitationRow>(async ({ tenantId }, ids) => {
    const text = `select ${COLUMNS} from ${TABLES} where ${JOINS} and i.id = any($2::uuid[])`;
    const rows = await database.read<ReadRow>(tenantId, text, [tenantId, ids]);
    return indexBy(rows.map(toInvitationRow), ({ uuid }) => uuid);
  });

  return {
    byId,
    /** Those of an organization, or of all of the tenant when that is null. */
    page(
      tenantId: string,
      organizationUuid: string | null,
      { status, email, inviterUuid }: InvitationFilter,
      now: Date,
      request: PageRequest,
    ): Promise<Page<InvitationRow>> {
      const values: unknown[] = [tenantId];
      const conditions = [JOINS];
      const where = addTo(conditions, values);
      if (organizationUuid) where((id) => `i.organization_id = ${id}`, organizationUuid);
      if (email) where((address) => `i.email_normalized = ${address}`, email);
      if (inviterUuid) where((id) => `i.inviter_user_id = ${id}`, inviterUuid);
      if (status === InvitationStatus.PENDING) where(isPending, now);
      else if (status === InvitationStatus.EXPIRED)
        where((at) => `(i.status = 'EXPIRED' or (i.status = 'PENDING' and i.expires_at <= ${at}))`, now);
      else if (status) where((wanted) => `i.status = ${wanted}`, status);
      return readInvitations(tenantId, conditions, values, request);
    },
    /** The pending ones for an address, of active organizations and others. */
    pendingPage(tenantId: string, email: string, now: Date, request: PageRequest): Promise<Page<InvitationRow>> {
      return readInvitations(
        tenantId,
        [JOINS, 'i.email_normalized = $2', isPending('$3')],
        [tenantId, email, now],
        request,
      );
    },
  };

  function readInvitations(tenantId: string, conditions: string[], values: unknown[], request: PageRequest) {
    return readPage<InvitationRow>(database, tenantId, request, {
      columns: COLUMNS,
      table: TABLES,
      where: conditions.join(' and '),
      values,
      newestFirst: true,
      map: (row) => toInvitationRow(row as unknown as ReadRow),
    });
  }
}

const isPending = (now: string) => `i.status = 'PENDING' and i.expires_at > ${now}`;

function toInvitationRow({ rolePairs, ...row }: ReadRow): InvitationRow {
  return {
    ...row,
    roleUuids: rolePairs.map(([uuid]) => uuid),
    roleNames: rolePairs.map(([, name]) => name),
    __typename: 'Invitation' as const,
    id: toGlobalId('Invitation', row.uuid),
  };
}
