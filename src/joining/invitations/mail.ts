import type { OperationContext } from '../../context.js';
import { INVITATIONS_QUEUE, sendJobs } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind, InvitationMailStatus, type MailLocale } from '../../entities/enums.js';
import { recordEvents } from '../../events/record.js';
import {
  createMailer,
  MailError,
  mailPause,
  type MailSettings,
  MOST_MAIL_ATTEMPTS,
  type SendMail,
} from '../../mailer.js';
import { hashSecret } from '../../secret.js';
import { linkOf, tokenPlace } from './check.js';
import { invitationMail } from './mail-text.js';

/** How many are mailed in one turn: what is left gets a job of its own. */
const MOST = 50;
/** Longer than all the time limits of sending one mail together. */
const LEASE_MILLISECONDS = 2 * 60_000;

type MailContext = Pick<OperationContext, 'database' | 'clock' | 'log' | 'sealing'> & { config: MailSettings };

interface DueInvitation {
  id: string;
  organizationId: string;
  organizationName: string;
  inviterName: string | null;
  email: string;
  sealedToken: string;
  acceptUrl: string;
  locale: MailLocale;
  message: string | null;
  expiresAt: string;
  attempts: number;
}

/** Takes one, for as long as a lease: whoever dies with it leaves it to the next. */
const TAKE = `
update invitations i set mail_at = $3, mail_attempts = i.mail_attempts + 1
from organizations o
where i.tenant_id = $1 and o.tenant_id = $1 and o.id = i.organization_id and i.id = (
  select id from invitations
  where tenant_id = $1 and mail_at <= $2 and status = 'PENDING' and expires_at > $2
  order by mail_at limit 1 for update skip locked
)
returning i.id, i.organization_id as "organizationId", o.name as "organizationName", i.email,
  i.sealed_token as "sealedToken", i.accept_url as "acceptUrl", i.locale, i.message, i.expires_at as "expiresAt",
  i.mail_attempts as attempts, coalesce(
    (select nullif(concat_ws(' ', u.given_name, u.family_name), '') from users u
     where u.tenant_id = $1 and u.id = i.inviter_user_id),
    (select a.name from applications a where a.tenant_id = $1 and a.id = i.inviter_application_id)
  ) as "inviterName"`;

/** Nothing is written about an invitation that has a new link since, or is gone; one that was answered keeps its end. */
const SETTLE = `
update invitations set mail_status = $4, mail_at = $5, mailed_at = $6, mail_error = $7,
  sealed_token = case when $5::timestamptz is null then null else sealed_token end
where tenant_id = $1 and id = $2 and status = 'PENDING' and sealed_token = $3
returning 1`;

/**
 * Mails the invitations of a tenant that are due, after they were committed: at least once each, with growing pauses.
 * What is refused for good, and what was tried too often, reads FAILED; the invitation stays valid. A mail server that
 * is down ends the turn, so that not every invitation has to wait for it. Without SMTP_URL it does nothing.
 */
export async function mailInvitations(context: MailContext, tenantId: string): Promise<void> {
  const send = createMailer(context.config);
  if (!send) return;
  for (let turn = 0; turn < MOST; turn++) {
    const due = await takeDue(context, tenantId);
    if (!due) return;
    const failure = await attempt(context, send, due);
    await settle(context, tenantId, due, failure);
    if (failure?.isServerDown) return;
  }
  await transact(context.database, tenantId, (manager) =>
    sendJobs(manager, INVITATIONS_QUEUE, [{ data: { tenantId } }]),
  );
}

async function takeDue({ database, clock }: MailContext, tenantId: string): Promise<DueInvitation | undefined> {
  const now = clock();
  const lease = new Date(now.getTime() + LEASE_MILLISECONDS);
  return (await database.read<DueInvitation>(tenantId, TAKE, [tenantId, now, lease]))[0];
}

/** Why a mail did not go out. */
type Failure = Pick<MailError, 'message' | 'isPermanent' | 'isServerDown'>;

const UNREADABLE: Failure = {
  message: 'The link cannot be read any more: send the invitation again.',
  isPermanent: true,
  isServerDown: false,
};

async function attempt({ sealing, log }: MailContext, send: SendMail, due: DueInvitation): Promise<Failure | null> {
  const { id, email: to, acceptUrl } = due;
  const token = readToken(sealing, due);
  if (!token) return UNREADABLE;
  try {
    // Another link is another mail: the key tells them apart, and tells nothing of the token.
    const key = `${id}.${hashSecret(`mail ${token}`).slice(0, 16)}`;
    await send({ to, key, ...invitationMail({ ...due, link: linkOf(acceptUrl, token) }) });
    return null;
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    log.warn({ invitation: id, error }, 'an invitation could not be mailed');
    return error;
  }
}

/** Null when it was sealed under a key that is gone. */
function readToken(sealing: MailContext['sealing'], { id, sealedToken }: DueInvitation): string | null {
  try {
    return sealing.open(sealedToken, tokenPlace(id));
  } catch {
    return null;
  }
}

async function settle(
  { database, clock }: MailContext,
  tenantId: string,
  { id, organizationId, attempts, sealedToken }: DueInvitation,
  failure: Failure | null,
): Promise<void> {
  const at = clock();
  const isGivenUp = failure !== null && (failure.isPermanent || attempts >= MOST_MAIL_ATTEMPTS);
  const status = isGivenUp ? 'FAILED' : failure ? 'WAITING' : 'SENT';
  const retryAt = failure && !isGivenUp ? new Date(at.getTime() + mailPause(attempts)) : null;
  const reason = failure?.message ?? null;
  await transact(database, tenantId, async (manager) => {
    const values = [tenantId, id, sealedToken, InvitationMailStatus[status], retryAt, failure ? null : at, reason];
    const settled = await runSql(manager, SETTLE, values);
    if (!settled.length || !isGivenUp) return;
    const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'mailInvitations' };
    await recordEvents(manager, { tenantId, at, actor }, [
      { type: 'invitation.mail_failed', organizationId, objectId: id, after: { reason: reason! } },
    ]);
  });
}
