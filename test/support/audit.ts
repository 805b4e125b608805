import { runSql, transact } from '../../src/database/transact.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { verifyLog } from '../../src/events/verify-log.js';
import type { Gateway } from './gateway.js';

/** Chains all that has happened, and verifies the whole log. */
export async function verified(gateway: Gateway, anchor?: { sequence: number; hash: string }) {
  await dispatchEvents(gateway.services, gateway.tenant.id);
  return verifyLog(gateway.services, gateway.tenant.id, { anchor });
}

/** Runs statements as the owner of the database can: nothing of ours stands in the way. `$1` is the tenant. */
export async function tamper(gateway: Gateway, ...statements: string[]): Promise<void> {
  const { database, tenant } = gateway;
  await transact(database, tenant.id, async (manager) => {
    await runSql(manager, 'alter table events disable trigger events_are_never_changed');
    for (const text of statements) await runSql(manager, text, text.includes('$1') ? [tenant.id] : []);
    await runSql(manager, 'alter table events enable trigger events_are_never_changed');
  });
}
