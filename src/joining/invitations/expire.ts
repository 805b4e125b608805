import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind } from '../../entities/enums.js';
import type { Fact } from '../../events/catalogue.js';
import { recordEvents } from '../../events/record.js';

const MOST = 1_000;

/** What an overdue row becomes. A mail that was still to go out never will. */
const EXPIRE = `
update invitations i set status = 'EXPIRED', updated_at = $2, sealed_token = null, mail_at = null,
  mail_status = case when i.mail_status = 'WAITING' then 'FAILED' else i.mail_status end,
  mail_error = case when i.mail_status = 'WAITING' then 'The invitation expired before it was mailed.' else i.mail_error end
from overdue where i.tenant_id = $1 and i.id = overdue.id
returning i.id, i.organization_id as "organizationId"`;

const EXPIRE_ANY = `
with overdue as (
  select id from invitations where tenant_id = $1 and status = 'PENDING' and expires_at <= $2
  order by expires_at limit ${MOST} for update skip locked
) ${EXPIRE}`;

const EXPIRE_OF = `
with overdue as (
  select id from invitations
  where tenant_id = $1 and status = 'PENDING' and expires_at <= $2
    and organization_id = $3 and email_normalized = any($4::text[])
  order by email_normalized for update
) ${EXPIRE}`;

interface Expired {
  id: string;
  organizationId: string;
}

/** Writes down that the overdue invitations of these addresses have expired, so that new ones can be made. */
export async function expireInvitationsOf(
  manager: EntityManager,
  { tenantId, at }: Writer,
  organizationId: string,
  addresses: readonly string[],
): Promise<Fact[]> {
  return tellExpired(await runSql<Expired>(manager, EXPIRE_OF, [tenantId, at, organizationId, addresses]));
}

/** Writes down that invitations have expired, which they count as since they are overdue. Gives how many. */
export async function expireInvitations(
  { database, clock }: Pick<OperationContext, 'database' | 'clock'>,
  tenantId: string,
): Promise<number> {
  const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'expireInvitations' };
  for (let total = 0; ;) {
    const count = await transact(database, tenantId, async (manager) => {
      const writer = { tenantId, at: clock(), actor };
      const expired = await runSql<Expired>(manager, EXPIRE_ANY, [tenantId, writer.at]);
      await recordEvents(manager, writer, tellExpired(expired));
      return expired.length;
    });
    total += count;
    if (count < MOST) return total;
  }
}

function tellExpired(expired: readonly Expired[]): Fact[] {
  return expired.map(({ id, organizationId }) => ({ type: 'invitation.expired', organizationId, objectId: id }));
}
