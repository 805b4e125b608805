import type { OperationContext } from '../context.js';
import { createMailer, type MailSettings } from '../mailer.js';
import type { NoticeKind } from './notices.js';

const MOST = 20;
const LEASE_MILLISECONDS = 2 * 60_000;
const MOST_ATTEMPTS = 12;

interface DueNotice {
  id: string;
  kind: NoticeKind;
  data: Record<string, string | undefined>;
  attempts: number;
  email: string | null;
}

interface MailContext extends Pick<OperationContext, 'database' | 'clock' | 'log'> {
  /** The part of the configuration that is about mail. */
  config: MailSettings;
}

const TEXTS: Record<NoticeKind, (data: DueNotice['data']) => { subject: string; text: string }> = {
  IDENTITY_LINKED: ({ connection }) => ({
    subject: 'A sign-in was linked to your account',
    text: `${connection} was linked to your account: whoever signs in there as you comes in here as you. Your other sessions were ended.\n\nIf this was not you, sign in and unlink it, and tell your administrator.`,
  }),
  FACTOR_ADDED: ({ kind, name }) => ({
    subject: 'A second factor was added to your account',
    text: `${describeFactor(kind, name)} was added to your account as a second factor.\n\nIf this was not you, sign in and remove it, and tell your administrator.`,
  }),
  FACTOR_REMOVED: ({ kind, name }) => ({
    subject: 'A second factor was removed from your account',
    text: `${describeFactor(kind, name)} is no longer a second factor of your account.\n\nIf this was not you, sign in and look at what is left, and tell your administrator.`,
  }),
  FACTORS_RESET: () => ({
    subject: 'The second factors of your account were reset',
    text: 'An administrator removed all second factors from your account. Sign in and add new ones.\n\nIf you did not ask for this, tell your administrator.',
  }),
  JIT_DOMAIN_UNPROVEN: ({ organizationId, domain }) => ({
    subject: `The domain ${domain} is not proven any more`,
    text: `The DNS record that proves ${domain} for the organization org_${organizationId} was missing for three days. Nobody joins the organization by an address of that domain any more; members stay.\n\nPublish the record again and verify the domain, or remove the rule.`,
  }),
  ORGANIZATION_NEEDS_ADMINISTRATOR: ({ organizationId }) => ({
    subject: 'An organization has no administrator any more',
    text: `The last administrator of the organization org_${organizationId} has moved to another one. Make another member its administrator.`,
  }),
  WEBHOOK_DISABLED: ({ endpointId, url, reason }) => ({
    subject: 'A webhook endpoint was disabled',
    text: `Nothing is sent any more to ${url} (${endpointId}): ${reason === 'GONE' ? 'it answered that it is gone (410)' : 'it has taken nothing for too long'}.\n\nOnce it works again, enable it and replay what it has missed.`,
  }),
};

const FACTORS: Record<string, string> = {
  TOTP: 'An authenticator app',
  PASSKEY: 'A passkey',
  PROVIDER: 'A second factor at your provider',
  ASSERTED: 'A second factor that your administrator vouches for',
};

function describeFactor(kind = '', name?: string): string {
  return [FACTORS[kind] ?? 'A second factor', name && `(${name})`].filter(Boolean).join(' ');
}

const TAKE_DUE = `
update notices n set mail_at = $3, mail_attempts = mail_attempts + 1
from users u
where n.tenant_id = $1 and u.tenant_id = $1 and u.id = n.user_id and n.id in (
  select id from notices where tenant_id = $1 and mail_at <= $2 order by mail_at limit ${MOST} for update skip locked
)
returning n.id, n.kind, n.data, n.mail_attempts as attempts, u.email`;

/**
 * Mails notices that are due, after their change was committed: at least once, with growing pauses, for about a day.
 * Without SMTP_URL they are read in the API alone.
 */
export async function sendNotices({ config, database, clock, log }: MailContext, tenantId: string): Promise<void> {
  const send = createMailer(config);
  if (!send) return;
  const now = clock();
  const due = await database.read<DueNotice>(tenantId, TAKE_DUE, [
    tenantId,
    now,
    new Date(now.getTime() + LEASE_MILLISECONDS),
  ]);
  for (const { id, kind, data, attempts, email } of due) {
    const settle = (mailAt: Date | null, mailedAt: Date | null) =>
      database.read(tenantId, 'update notices set mail_at = $3, mailed_at = $4 where tenant_id = $1 and id = $2', [
        tenantId,
        id,
        mailAt,
        mailedAt,
      ]);
    if (!email) {
      await settle(null, null);
      continue;
    }
    try {
      await send({ to: email, key: id, ...TEXTS[kind](data) });
      await settle(null, clock());
    } catch (error) {
      log.warn({ notice: id, error }, 'a notice could not be mailed');
      const pause = Math.min(2 ** attempts * 30_000, 4 * 60 * 60_000);
      await settle(attempts < MOST_ATTEMPTS ? new Date(clock().getTime() + pause) : null, null);
    }
  }
}
