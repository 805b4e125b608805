import type { OperationContext } from '../context.js';
import { readTenantIds } from '../database/tenants.js';
import { runSql, transact } from '../database/transact.js';
import { ActorKind, NameSource, NameStatus } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import type { NameLookup } from './name-lookup.js';
import * as write from './write.js';

const MOST = 5;
/** Taken for so long: a process that dies in between leaves it to the next. */
const LEASE_MILLISECONDS = 60_000;
const MOST_ATTEMPTS = 10;

interface Due {
  id: string;
  identifier: string;
  attempts: number;
}

type NamingContext = Pick<OperationContext, 'database' | 'clock'> & { nameLookup: NameLookup };

/** Asks the registry again for the names of organizations that a sign-in made without one, when their time has come. */
export async function lookUpPendingNames(context: NamingContext): Promise<void> {
  const { database, clock } = context;
  for (const tenantId of await readTenantIds(database)) {
    const now = clock();
    const due = await database.read<Due>(tenantId, TAKE_DUE, [
      tenantId,
      now,
      new Date(now.getTime() + LEASE_MILLISECONDS),
      MOST,
    ]);
    for (const organization of due) await lookUp(context, tenantId, organization);
  }
}

const TAKE_DUE = `
update organizations o set name_lookup_at = $3, name_lookup_attempts = name_lookup_attempts + 1
from organization_identifiers x
where o.tenant_id = $1 and x.tenant_id = $1 and x.organization_id = o.id and x.scheme = 'SIRET'
  and o.id in (
    select id from organizations
    where tenant_id = $1 and name_status = 'PENDING' and name_lookup_at <= $2
    order by name_lookup_at limit $4 for update skip locked
  )
returning o.id, x.value as identifier, o.name_lookup_attempts as attempts`;

async function lookUp({ database, clock, nameLookup }: NamingContext, tenantId: string, due: Due): Promise<void> {
  const answer = await nameLookup(due.identifier);
  await transact(database, tenantId, async (manager) => {
    const at = clock();
    if (!answer.name) {
      const retryAt = due.attempts < MOST_ATTEMPTS ? (answer.retryAt ?? null) : null;
      await runSql(
        manager,
        `update organizations set name_lookup_at = $3 where tenant_id = $1 and id = $2 and name_status = 'PENDING'`,
        [tenantId, due.id, retryAt],
      );
      return;
    }
    const named = { name: answer.name, source: NameSource.LOOKUP };
    const before = await write.resolveName(manager, tenantId, at, due.id, named);
    if (!before) return;
    const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'lookUpPendingNames' };
    const after = { name: answer.name, nameStatus: NameStatus.RESOLVED, nameSource: NameSource.LOOKUP };
    await recordEvents(manager, { tenantId, at, actor }, [
      { type: 'organization.updated', organizationId: due.id, objectId: due.id, before, after },
    ]);
  });
}
