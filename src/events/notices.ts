import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { runSql } from '../database/transact.js';

/** What people are told outside the thing that they are doing. */
export type NoticeKind = 'IDENTITY_LINKED' | 'ORGANIZATION_NEEDS_ADMINISTRATOR';

/** Tells one user, in the API and by mail. */
export async function noticeUser(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  userId: string,
  kind: NoticeKind,
  data: Record<string, unknown>,
): Promise<void> {
  await runSql(
    manager,
    `insert into notices (id, tenant_id, user_id, kind, data, created_at, mail_at) values ($1, $2, $3, $4, $5::jsonb, $6, $6)`,
    [v7(), tenantId, userId, kind, JSON.stringify(data), at],
  );
}

/** Tells every administrator of the tenant. */
export async function noticeTenantAdministrators(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  kind: NoticeKind,
  data: Record<string, unknown>,
): Promise<void> {
  const administrators = await runSql<{ id: string }>(
    manager,
    `select id from users where tenant_id = $1 and is_tenant_administrator and status = 'ACTIVE'`,
    [tenantId],
  );
  for (const { id } of administrators) await noticeUser(manager, tenantId, at, id, kind, data);
}
