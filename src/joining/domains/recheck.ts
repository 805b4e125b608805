import type { OperationContext } from '../../context.js';
import { transact } from '../../database/transact.js';
import { ActorKind } from '../../entities/enums.js';
import { noticeAdministrators } from '../../events/notices.js';
import { recordEvents } from '../../events/record.js';
import { askForProof, recordName, type ResolveTxt } from './proof.js';
import { settleFound, settleLost } from './settle.js';

/** How many domains are looked at in one turn: at once, so that a turn takes no longer than one question may. */
const MOST = 20;
/** Taken for so long: a process that dies in between, or cannot ask DNS, leaves it for later. */
const LEASE_MILLISECONDS = 60 * 60_000;

type RecheckContext = Pick<OperationContext, 'database' | 'clock' | 'log'> & { resolveTxt: ResolveTxt };

interface DueRule {
  id: string;
  domain: string;
  proof: string;
}

const TAKE_DUE = `
update organization_jit_domains d set check_at = $3
where d.tenant_id = $1 and d.id in (
  select id from organization_jit_domains
  where tenant_id = $1 and check_at <= $2 order by check_at limit ${MOST} for update skip locked
)
returning d.id, d.domain, d.proof`;

/**
 * Looks again, once a day, whether the records of proven domains are there. A domain whose record was missing three days
 * in a row is proven no more: its rule does nothing then, and the administrators are told. DNS that cannot be asked says
 * nothing, and is asked again within the hour.
 */
export async function recheckDomains(context: RecheckContext, tenantId: string): Promise<void> {
  const now = context.clock();
  const until = new Date(now.getTime() + LEASE_MILLISECONDS);
  const due = await context.database.read<DueRule>(tenantId, TAKE_DUE, [tenantId, now, until]);
  await Promise.all(due.map((rule) => recheck(context, tenantId, rule)));
}

async function recheck({ database, clock, log, resolveTxt }: RecheckContext, tenantId: string, rule: DueRule) {
  const answer = await askForProof(resolveTxt, rule);
  if (answer === 'UNKNOWN') {
    log.warn({ domain: rule.domain }, 'DNS could not be asked about a domain');
    return;
  }
  const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'recheckDomains' };
  const writer = { tenantId, at: clock(), actor };
  await transact(database, tenantId, async (manager) => {
    if (answer === 'FOUND') {
      await settleFound(manager, writer, rule);
      return;
    }
    const lost = await settleLost(manager, writer, rule);
    if (!lost) return;
    const { organizationId, domain } = lost;
    const about = { organizationId, objectId: organizationId };
    await recordEvents(manager, writer, [
      { type: 'organization.jit_domain_unproven', ...about, before: { domain }, after: { record: recordName(domain) } },
    ]);
    const data = { organizationId, domain };
    await noticeAdministrators(manager, tenantId, writer.at, organizationId, 'JIT_DOMAIN_UNPROVEN', data);
  });
}
