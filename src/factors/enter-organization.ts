import { writerOf } from '../actor.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { runSql, transact } from '../database/transact.js';
import { OrganizationStatus } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { checkOrganizationMfa } from './organization-mfa.js';
import type { OwnContext } from './own-factors.js';

interface Entry {
  activeOrganizationId: string | null;
  mfaAt: Date | string | null;
  status: OrganizationStatus | null;
  isMember: boolean;
}

/**
 * Makes an organization the active one of this session. Throws Faults: NOT_FOUND for who is no member,
 * ORGANIZATION_MFA_REQUIRED, WRONG_STATUS where the organization is suspended or archived.
 */
export async function enterOrganization(context: OwnContext, { organizationId }: { organizationId: string }) {
  const { session } = context;
  const { userId, sessionId } = session;
  const writer = writerOf(context, 'organizationEnter');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const [entry] = await runSql<Entry>(
      manager,
      `select s.active_organization_id as "activeOrganizationId", s.mfa_at as "mfaAt", o.status, m.id is not null as "isMember"
       from sessions s
       left join organizations o on o.tenant_id = $1 and o.id = $3
       left join memberships m on m.tenant_id = $1 and m.organization_id = o.id and m.user_id = s.user_id
       where s.tenant_id = $1 and s.id = $2 for update of s`,
      [tenantId, sessionId, organizationId],
    );
    refuseFaults([
      !entry?.isMember && fault(UserErrorCode.NOT_FOUND, 'You are no member of this organization.', 'organizationId'),
    ]);
    const question = { userId, sessionMfaAt: entry!.mfaAt, organizationId };
    refuseFaults([
      (await checkOrganizationMfa(manager, tenantId, question)) &&
        fault(
          UserErrorCode.ORGANIZATION_MFA_REQUIRED,
          'This organization asks for a second factor: add one, or show one by factorProve, and enter again.',
          'organizationId',
        ),
      entry!.status !== OrganizationStatus.ACTIVE &&
        fault(UserErrorCode.WRONG_STATUS, `The organization is ${entry!.status}.`, 'organizationId'),
    ]);
    if (entry!.activeOrganizationId === organizationId) return;
    await runSql(manager, 'update sessions set active_organization_id = $3 where tenant_id = $1 and id = $2', [
      tenantId,
      sessionId,
      organizationId,
    ]);
    const after = { organizationId: toGlobalId('Organization', organizationId) };
    await recordEvents(manager, writer, [
      { type: 'session.organization_entered', organizationId, userId, objectId: sessionId, after },
    ]);
  });
}
