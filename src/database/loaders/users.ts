import type { UserStatus } from '../../entities/enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { IdentityRow, NoticeRow, SessionRow, UserRow } from './rows.js';

/** The columns of a user but for the key; `u` is the table. */
export const USER_DETAILS = `
  u.status, u.email, u.is_email_verified as "isEmailVerified", u.has_email_conflict as "hasEmailConflict",
  u.given_name as "givenName", u.family_name as "familyName", u.is_tenant_administrator as "isTenantAdministrator",
  u.created_at as "createdAt", u.updated_at as "updatedAt", u.version`;

const USER_COLUMNS = `u.id as uuid, ${USER_DETAILS}`;

const IDENTITY_COLUMNS = `
  i.id as uuid, i.user_id as "userUuid", i.connection_id as "connectionUuid", i.issuer, i.subject, i.email,
  i.created_at as "createdAt", i.last_sign_in_at as "lastSignInAt"`;

const SESSION_COLUMNS = `
  s.id as uuid, s.user_id as "userUuid", s.connection_id as "connectionUuid",
  s.active_organization_id as "activeOrganizationUuid", s.transport, s.authenticated_at as "authenticatedAt",
  s.created_at as "createdAt", s.expires_at as "expiresAt", s.acr, s.amr, s.mfa_at as "mfaAt", s.cases`;

const NOTICE_COLUMNS = `
  n.id as uuid, n.user_id as "userUuid", n.kind, n.data, n.created_at as "createdAt", n.mailed_at as "mailedAt"`;

export interface UserFilter {
  status?: UserStatus | null;
  /** An address, compared without case. */
  email?: string | null;
}

/** Users, and what is theirs: identities, sessions, notices. */
export function createUserLoaders(database: Database) {
  const rowsById = <Row extends { uuid: string }>(columns: string, table: string, map: (row: Row) => Row) =>
    createBatch<Row>(async ({ tenantId }, ids) => {
      const [alias] = table.split(' ').slice(-1);
      const text = `select ${columns} from ${table} where ${alias}.tenant_id = $1 and ${alias}.id = any($2::uuid[])`;
      return indexBy((await database.read<Row>(tenantId, text, [tenantId, ids])).map(map), ({ uuid }) => uuid);
    });

  const pageOfUser =
    <Row extends { uuid: string }>(columns: string, table: string, map: (row: Row) => Row, condition = 'true') =>
    (tenantId: string, userId: string, request: PageRequest): Promise<Page<Row>> => {
      const [alias] = table.split(' ').slice(-1);
      const where = `${alias}.tenant_id = $1 and ${alias}.user_id = $2 and ${condition}`;
      return readPage(database, tenantId, request, {
        columns,
        table,
        where,
        values: [tenantId, userId],
        map,
      });
    };

  /** The organizations of a user: what decides who may see them. */
  const organizationIds = createBatch<string[]>(async ({ tenantId }, ids) => {
    const rows = await database.read<{ userId: string; organizationIds: string[] }>(
      tenantId,
      `select user_id as "userId", array_agg(organization_id::text) as "organizationIds" from memberships
       where tenant_id = $1 and user_id = any($2::uuid[]) group by 1`,
      [tenantId, ids],
    );
    return new Map(rows.map((row) => [row.userId, row.organizationIds]));
  });

  return {
    byId: rowsById<UserRow>(USER_COLUMNS, 'users u', toUserRow),
    organizationIds,
    identityById: rowsById<IdentityRow>(IDENTITY_COLUMNS, 'identities i', toIdentityRow),
    identities: pageOfUser<IdentityRow>(IDENTITY_COLUMNS, 'identities i', toIdentityRow),
    sessionById: rowsById<SessionRow>(SESSION_COLUMNS, 'sessions s', toSessionRow),
    sessions: pageOfUser<SessionRow>(SESSION_COLUMNS, 'sessions s', toSessionRow, 's.expires_at > now()'),
    noticeById: rowsById<NoticeRow>(NOTICE_COLUMNS, 'notices n', toNoticeRow),
    notices: pageOfUser<NoticeRow>(NOTICE_COLUMNS, 'notices n', toNoticeRow),
    page(tenantId: string, filter: UserFilter, request: PageRequest): Promise<Page<UserRow>> {
      const where = `u.tenant_id = $1 and ($2::text is null or u.status = $2) and ($3::text is null or u.email_normalized = $3)`;
      return readPage(database, tenantId, request, {
        columns: USER_COLUMNS,
        table: 'users u',
        where,
        values: [tenantId, filter.status ?? null, filter.email?.toLowerCase() ?? null],
        map: toUserRow,
      });
    },
  };
}

export function toUserRow(row: UserRow): UserRow {
  return Object.assign(row, { __typename: 'User' as const, id: toGlobalId('User', row.uuid) });
}

function toIdentityRow(row: IdentityRow): IdentityRow {
  return Object.assign(row, { __typename: 'Identity' as const, id: toGlobalId('Identity', row.uuid) });
}

function toSessionRow(row: SessionRow): SessionRow {
  return Object.assign(row, { __typename: 'Session' as const, id: toGlobalId('Session', row.uuid) });
}

function toNoticeRow(row: NoticeRow): NoticeRow {
  return Object.assign(row, { __typename: 'Notice' as const, id: toGlobalId('Notice', row.uuid) });
}
