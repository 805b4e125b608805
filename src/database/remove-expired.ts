import type { Database } from './database.js';
import { readTenantIds } from './tenants.js';

const MOST = 1_000;

/**
 * Statements that remove what has had its time: expired sign-ins, sessions, challenges, used logout tokens, old keys of requests,
 * webhooks that are done, syncs of sources that were over long ago, counted attempts, links and mails of petitions.
 */
const STATEMENTS = [
  ['login_transactions', 'expires_at < $2'],
  ['source_trips', 'expires_at < $2'],
  ['sessions', 'expires_at < $2'],
  ['logout_tokens', 'expires_at < $2'],
  ['factor_challenges', 'expires_at < $2'],
  ['oidc_records', 'expires_at < $2'],
  ['idempotency_keys', `created_at < $2::timestamptz - interval '7 days'`],
  ['invitation_recipients', `last_mailed_at < $2::timestamptz - interval '1 day'`],
  ['attempt_counts', 'expires_at < $2'],
  ['petition_confirmations', `expires_at < $2::timestamptz - interval '30 days'`],
  ['petition_mails', `status <> 'WAITING' and created_at < $2::timestamptz - interval '90 days'`],
  ['source_sync_runs', `finished_at < $2::timestamptz - interval '90 days'`],
  ['webhook_deliveries', `finished_at < $2::timestamptz - interval '30 days'`],
  // What flows that are gone were set to, once no petition keeps it.
  [
    'enrollment_flow_versions',
    `created_at < $2 and flow_id is null and not exists (
       select 1 from petitions p where p.tenant_id = $1 and p.flow_version_id = enrollment_flow_versions.id)`,
  ],
].map(
  ([table, condition]) =>
    `delete from ${table} where tenant_id = $1 and id in (
       select id from ${table} where tenant_id = $1 and ${condition} limit ${MOST} for update skip locked) returning 1`,
);

/** The secret before the last one signs no more: nothing is left that could. */
const FORGET_SECRETS = `update webhook_endpoints set sealed_previous_secret = null, previous_secret_until = null
  where tenant_id = $1 and previous_secret_until < $2`;

/** Removes what has expired, for each tenant, a thousand rows of a kind at a time. */
export async function removeExpired({ database, clock }: { database: Database; clock: () => Date }): Promise<void> {
  for (const id of await readTenantIds(database)) {
    for (const statement of STATEMENTS) {
      let removed: unknown[];
      do removed = await database.read(id, statement, [id, clock()]);
      while (removed.length === MOST);
    }
    await database.read(id, FORGET_SECRETS, [id, clock()]);
  }
}
