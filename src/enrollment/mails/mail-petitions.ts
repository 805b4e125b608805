import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { ENROLLMENT_MAILS_QUEUE, sendJobs } from '../../database/queue.js';
import { publicUrlOf } from '../../database/tenants.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind, type MailLocale, type PetitionMailKind, PetitionStatus } from '../../entities/enums.js';
import type { FlowMailTemplate } from '../../entities/flow-settings.js';
import { recordEvents } from '../../events/record.js';
import {
  createMailer,
  MailError,
  mailPause,
  type MailSettings,
  MOST_MAIL_ATTEMPTS,
  type SendMail,
} from '../../mailer.js';
import { confirmationTokenPlace } from './queue-mails.js';
import { mailValues, type PetitionValues, VALUE_COLUMNS, VALUE_JOINS } from './read-values.js';
import { isConfirmation, type RenderedMail, renderMail, TemplateError } from './render.js';
import { oneLine } from './variables.js';

/** How many are mailed in one turn: what is left gets a job of its own. */
const MOST = 50;
/** Longer than all the time limits of sending one mail together. */
const LEASE_MILLISECONDS = 2 * 60_000;

type MailContext = Pick<OperationContext, 'database' | 'clock' | 'log' | 'sealing'> & {
  /** `port` is where the gateway is when nobody has said how browsers reach it. */
  config: MailSettings & { publicUrl: string | undefined; port: number };
};

interface DueMail extends PetitionValues {
  id: string;
  petitionId: string;
  organizationId: string | null;
  kind: PetitionMailKind;
  locale: MailLocale;
  attempts: number;
  sealedToken: string | null;
  /** The status that it is about; null: the one that the petition has now. */
  toldStatus: PetitionStatus | null;
  /** Where it goes: the address that was given, or the verified one of an active account; null: nowhere. */
  email: string | null;
  recipientName: string | null;
  /** Of the confirmation that is open for this address now; null: there is none. */
  confirmationExpiresAt: string | null;
  petitionExpiresAt: string | null;
  templates: readonly FlowMailTemplate[];
  fromName: string | null;
  host: string | null;
}

/** Takes one, for as long as a lease, with all that it tells: whoever dies with it leaves it to the next. */
const TAKE = `
with m as (
  update petition_mails set due_at = $3, attempts = attempts + 1
  where tenant_id = $1 and id = (
    select id from petition_mails
    where tenant_id = $1 and status = 'WAITING' and due_at <= $2
    order by due_at limit 1 for update skip locked
  )
  returning id, petition_id, kind, locale, attempts, sealed_token, told_status, user_id, email, email_normalized
)
select m.id, m.petition_id as "petitionId", p.organization_id as "organizationId", m.kind, m.locale, m.attempts,
  m.sealed_token as "sealedToken", m.told_status as "toldStatus", coalesce(m.email, r.email) as email,
  nullif(concat_ws(' ', r.given_name, r.family_name), '') as "recipientName", c.expires_at as "confirmationExpiresAt",
  p.expires_at as "petitionExpiresAt", v.settings -> 'mailTemplates' as templates,
  v.settings ->> 'notifyFrom' as "fromName", t.host, ${VALUE_COLUMNS}
from m
join petitions p on p.tenant_id = $1 and p.id = m.petition_id
join tenants t on t.id = $1 ${VALUE_JOINS}
left join users r on r.tenant_id = $1 and r.id = m.user_id and r.status = 'ACTIVE' and r.is_email_verified
left join petition_confirmations c on c.tenant_id = $1 and c.petition_id = m.petition_id
  and c.email_normalized = m.email_normalized and c.expires_at > $2`;

/** Nothing is written about a mail that another one has replaced since, or that somebody else has taken. */
const SETTLE = `
update petition_mails set status = $4, due_at = $5, sent_at = $6, error = $7,
  sealed_token = case when $5::timestamptz is null then null else sealed_token end
where tenant_id = $1 and id = $2 and status = 'WAITING' and attempts = $3
returning 1`;

/**
 * Sends the mails of petitions of a tenant that are due, after they were committed: at least once each, with growing
 * pauses. What is refused for good, and what was tried too often, reads FAILED, with an event; what nobody needs any
 * more reads SUPERSEDED. A mail server that is down ends the turn. Without SMTP_URL it does nothing.
 */
export async function mailPetitions(context: MailContext, tenantId: string): Promise<void> {
  const send = createMailer(context.config);
  if (!send) return;
  for (let turn = 0; turn < MOST; turn++) {
    const due = await takeDue(context, tenantId);
    if (!due) return;
    const outcome = await attempt(context, send, due);
    await settle(context, tenantId, due, outcome);
    if (typeof outcome === 'object' && outcome.isServerDown) return;
  }
  await transact(context.database, tenantId, (manager) =>
    sendJobs(manager, ENROLLMENT_MAILS_QUEUE, [{ data: { tenantId } }]),
  );
}

async function takeDue({ database, clock }: MailContext, tenantId: string): Promise<DueMail | undefined> {
  const now = clock();
  const lease = new Date(now.getTime() + LEASE_MILLISECONDS);
  return (await database.read<DueMail>(tenantId, TAKE, [tenantId, now, lease]))[0];
}

/** Why a mail did not go out. */
type Failure = Pick<MailError, 'message' | 'isPermanent' | 'isServerDown'>;
type Outcome = 'SENT' | 'SUPERSEDED' | Failure;

const forGood = (message: string): Failure => ({ message, isPermanent: true, isServerDown: false });

async function attempt(context: MailContext, send: SendMail, due: DueMail): Promise<Outcome> {
  if (isObsolete(due)) return 'SUPERSEDED';
  if (!due.email) return forGood('The person has no verified address, or is not active.');
  const link = linkOf(context, due);
  if (!link) return forGood('The link cannot be read any more: send the confirmation again.');
  try {
    await send({ to: due.email, key: due.id, fromName: fromNameOf(due), ...render(context, due, link) });
    return 'SENT';
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    context.log.warn({ mail: due.id, petition: due.petitionId, error }, 'a mail of a petition could not be sent');
    return error;
  }
}

const CONFIRMABLE: readonly PetitionStatus[] = [PetitionStatus.CREATED, PetitionStatus.PENDING_CONFIRMATION];

/** Whether what the mail asks for cannot be done any more: the address is confirmed, somebody has decided. */
function isObsolete({ kind, status, confirmationExpiresAt }: DueMail): boolean {
  if (isConfirmation(kind)) return !CONFIRMABLE.includes(status) || confirmationExpiresAt === null;
  return kind.startsWith('APPROVAL_') && status !== PetitionStatus.PENDING_APPROVAL;
}

/** The token is in the fragment, which browsers send to nobody and servers do not log. Null: it cannot be read. */
function linkOf({ config, sealing }: MailContext, { kind, petitionId, sealedToken, host }: DueMail): string | null {
  const publicUrl = publicUrlOf(host, config.publicUrl ?? `http://localhost:${config.port}`);
  if (!isConfirmation(kind)) return `${publicUrl}/petitions#petition=${toGlobalId('Petition', petitionId)}`;
  try {
    return `${publicUrl}/petitions/confirm#token=${sealing.open(sealedToken ?? '', confirmationTokenPlace(petitionId))}`;
  } catch {
    return null;
  }
}

/** A name that shows another address than the one that it comes from would deceive. */
function fromNameOf({ fromName }: DueMail): string | null {
  return oneLine((fromName ?? '').replace(/[<>@"]/g, ' '), 128) || null;
}

/** In the flow's words; where these cannot be used, in Vestibule's, so that no mail is held up by them. */
function render({ log }: MailContext, due: DueMail, link: string): RenderedMail {
  const { kind, locale, templates, recipientName, petitionId } = due;
  const expiresAt = isConfirmation(kind) ? due.confirmationExpiresAt : due.petitionExpiresAt;
  const about = { ...due, status: due.toldStatus ?? due.status };
  const values = mailValues(about, locale, { link, expiresAt, recipientName });
  const template = templates.find((candidate) => candidate.kind === kind && candidate.locale === locale) ?? null;
  try {
    return renderMail(kind, locale, template, values);
  } catch (error) {
    if (!(error instanceof TemplateError) || !template) throw error;
    const { part, line, message } = error;
    log.warn({ petition: petitionId, kind, locale, part, line, reason: message }, "a flow's words could not be used");
    return renderMail(kind, locale, null, values);
  }
}

async function settle(
  { database, clock }: MailContext,
  tenantId: string,
  { id, petitionId, organizationId, kind, attempts }: DueMail,
  outcome: Outcome,
): Promise<void> {
  const at = clock();
  const failure = typeof outcome === 'object' ? outcome : null;
  const isGivenUp = failure !== null && (failure.isPermanent || attempts >= MOST_MAIL_ATTEMPTS);
  const status = typeof outcome === 'string' ? outcome : isGivenUp ? 'FAILED' : 'WAITING';
  const retryAt = status === 'WAITING' ? new Date(at.getTime() + mailPause(attempts)) : null;
  const reason = failure?.message ?? null;
  await transact(database, tenantId, async (manager) => {
    const values = [tenantId, id, attempts, status, retryAt, status === 'SENT' ? at : null, reason];
    const settled = await runSql(manager, SETTLE, values);
    if (!settled.length || !isGivenUp) return;
    const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'mailPetitions' };
    await recordEvents(manager, { tenantId, at, actor }, [
      { type: 'petition.mail_failed', organizationId, objectId: petitionId, after: { kind, reason: reason! } },
    ]);
  });
}
