import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { NOTICES_QUEUE, sendJobs } from '../database/queue.js';
import { runSql } from '../database/transact.js';
import { BuiltInRole } from '../entities/enums.js';

/** What people are told outside the thing that they are doing. */
export type NoticeKind =
  | 'FACTOR_ADDED'
  | 'FACTOR_REMOVED'
  | 'FACTORS_RESET'
  | 'IDENTITY_LINKED'
  | 'JIT_DOMAIN_UNPROVEN'
  | 'ORGANIZATION_NEEDS_ADMINISTRATOR'
  | 'WEBHOOK_DISABLED';

/** Tells users, in the API and by mail: two statements, however many they are. */
async function noticeUsers(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  userIds: readonly string[],
  kind: NoticeKind,
  data: Record<string, unknown>,
): Promise<void> {
  if (!userIds.length) return;
  await runSql(
    manager,
    `insert into notices (id, tenant_id, user_id, kind, data, created_at, mail_at)
     select told.id, $2, told.user_id, $4, $5::jsonb, $6, $6 from unnest($1::uuid[], $3::uuid[]) as told(id, user_id)`,
    [userIds.map(() => v7()), tenantId, userIds, kind, JSON.stringify(data), at],
  );
  await sendJobs(manager, NOTICES_QUEUE, [{ data: { tenantId } }]);
}

/** Tells one user, in the API and by mail. */
export function noticeUser(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  userId: string,
  kind: NoticeKind,
  data: Record<string, unknown>,
): Promise<void> {
  return noticeUsers(manager, tenantId, at, [userId], kind, data);
}

/** Tells every administrator of the organization; of the tenant, where there is none or no organization (null). */
export async function noticeAdministrators(
  manager: EntityManager,
  tenantId: string,
  at: Date,
  organizationId: string | null,
  kind: NoticeKind,
  data: Record<string, unknown>,
): Promise<void> {
  const ofOrganization = organizationId ? await findAdministrators(manager, tenantId, organizationId) : [];
  const administrators = ofOrganization.length ? ofOrganization : await findTenantAdministrators(manager, tenantId);
  await noticeUsers(
    manager,
    tenantId,
    at,
    administrators.map(({ id }) => id),
    kind,
    data,
  );
}

function findTenantAdministrators(manager: EntityManager, tenantId: string) {
  return runSql<{ id: string }>(
    manager,
    `select id from users where tenant_id = $1 and is_tenant_administrator and status = 'ACTIVE'`,
    [tenantId],
  );
}

function findAdministrators(manager: EntityManager, tenantId: string, organizationId: string) {
  return runSql<{ id: string }>(
    manager,
    `select u.id from memberships m
     join users u on u.tenant_id = $1 and u.id = m.user_id and u.status = 'ACTIVE'
     where m.tenant_id = $1 and m.organization_id = $2 and exists (
       select 1 from membership_roles mr join roles r on r.tenant_id = $1 and r.id = mr.role_id
       where mr.tenant_id = $1 and mr.membership_id = m.id and r.name = '${BuiltInRole.ADMINISTRATOR}')`,
    [tenantId, organizationId],
  );
}
