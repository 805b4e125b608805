import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import { runSql } from '../database/transact.js';
import { type Fault, fault, UserErrorCode } from '../faults.js';
import { hashSecret } from '../secret.js';

const HOUR_MILLISECONDS = 60 * 60_000;

/** How many invitations and confirmations one address is mailed at most, of all organizations of the tenant together. */
const LIMITS = [
  { count: 3, milliseconds: HOUR_MILLISECONDS },
  { count: 10, milliseconds: 24 * HOUR_MILLISECONDS },
];
const LONGEST = Math.max(...LIMITS.map(({ milliseconds }) => milliseconds));

/** Who asks for the same address at the same time waits here: the rows are locked, in the order of their hashes. */
const LOCK = `
insert into invitation_recipients (id, tenant_id, recipient_hash, mailings, last_mailed_at)
select gen_random_uuid(), $1, hash, '[]', $3 from unnest($2::text[]) as hash order by hash
on conflict (tenant_id, recipient_hash) do update set last_mailed_at = excluded.last_mailed_at
returning recipient_hash as hash, mailings`;

const WRITE = `
update invitation_recipients r set mailings = w.mailings
from jsonb_to_recordset($2::jsonb) as w(hash text, mailings jsonb)
where r.tenant_id = $1 and r.recipient_hash = w.hash`;

/** What is known of the mailings to some addresses, while their rows are locked. */
export interface MailingTurns {
  /** RATE_LIMITED when this address was mailed too often, with the moment from which it may be mailed again. */
  refuse: (normalized: string, ...field: string[]) => Fault | null;
  /** Writes down that these are mailed now. */
  record: (normalized: readonly string[]) => Promise<void>;
}

/**
 * Counts mailings by recipient, over all organizations of the tenant: what is deleted and made again counts twice.
 * Addresses are kept as hashes, for a day.
 */
export async function lockMailingTurns(
  manager: EntityManager,
  { tenantId, at }: Writer,
  addresses: readonly string[],
): Promise<MailingTurns> {
  const hashes = [...new Set(addresses)].map(hashSecret);
  const rows = hashes.length
    ? await runSql<{ hash: string; mailings: number[] }>(manager, LOCK, [tenantId, hashes, at])
    : [];
  const now = at.getTime();
  const known = new Map(rows.map(({ hash, mailings }) => [hash, mailings.filter((time) => time > now - LONGEST)]));
  return {
    refuse(normalized, ...field) {
      const until = nextTurn(known.get(hashSecret(normalized)) ?? [], now);
      if (!until) return null;
      const when = until.toISOString();
      const message = `This address was mailed too often: it may be mailed again from ${when} on.`;
      return fault(UserErrorCode.RATE_LIMITED, message, ...field);
    },
    async record(mailed) {
      if (!mailed.length) return;
      const written = mailed.map(hashSecret).map((hash) => ({ hash, mailings: [...(known.get(hash) ?? []), now] }));
      await runSql(manager, WRITE, [tenantId, JSON.stringify(written)]);
    },
  };
}

/** When the next mail may go; null: now. */
function nextTurn(mailings: readonly number[], now: number): Date | null {
  const turns = LIMITS.map(({ count, milliseconds }) => {
    const recent = mailings.filter((time) => time > now - milliseconds).sort((left, right) => left - right);
    return recent.length < count ? now : recent[recent.length - count]! + milliseconds;
  });
  const latest = Math.max(...turns);
  return latest > now ? new Date(latest) : null;
}
