import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { INVITATIONS_QUEUE, sendJobs } from '../../database/queue.js';
import { runSql, transact } from '../../database/transact.js';
import type { EmailAddress } from '../../entities/email-address.js';
import { InvitationMailStatus, type MailLocale, type OrganizationStatus, RoleKind } from '../../entities/enums.js';
import type { Fact } from '../../events/catalogue.js';
import { lockMailingTurns } from '../../events/mailing-turns.js';
import { recordEvents } from '../../events/record.js';
import { type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { lockUsableRoles } from '../../memberships/usable-roles.js';
import { createSecret, hashSecret } from '../../secret.js';
import {
  checkAcceptUrl,
  checkExpiry,
  checkMessage,
  checkRoleCount,
  type Expiry,
  expiryOf,
  linkOf,
  MOST_INVITED,
  readInvitee,
  refuseInactive,
  tokenPlace,
} from './check.js';
import { expireInvitationsOf } from './expire.js';

/** What the operator says about links and mail. */
export type Inviting = OperationContext & { allowedOrigins: readonly string[]; sendsMail: boolean };

/** What is the same for all who are invited at once. Ids are uuids. */
export interface InvitationSettings extends Expiry {
  organizationId: string;
  /** Given on accepting; none gives no role. */
  roleIds: readonly string[];
  locale: MailLocale;
  message?: string | null;
  isMailed: boolean;
  /** The page that the link leads to; the gateway's own when absent. */
  acceptUrl?: string | null;
}

/** What came of one address. The link is given here and never again. */
export interface Invited {
  email: string;
  id: string | null;
  acceptLink: string | null;
  faults: readonly Fault[];
}

/**
 * Invites one person. With an idempotency key that was used before, gives what was made then, without the link. Throws
 * Faults: INVALID, TOO_LONG, NOT_FOUND, WRONG_STATUS, TAKEN, ALREADY_MEMBER, RATE_LIMITED, IDEMPOTENCY_KEY_REUSED.
 */
export async function createInvitation(
  context: Inviting,
  { idempotencyKey: key, ...input }: InvitationSettings & { idempotencyKey?: string | null; email: string },
): Promise<{ id: string; acceptLink: string | null }> {
  const writer = writerOf(context, 'organizationInvitationCreate');
  const { tenantId, at } = writer;
  const address = readInvitee(input.email);
  const faults = [address ? null : notAnAddress('email'), ...checkSettings(context, input, at)];
  if (!address) refuseFaults(faults);
  const invitee = prepare(address!, 'email');
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: writer.actor.via, key, input, objectId: invitee.id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return { id: made, acceptLink: null };
    // Only now: what was in the future when the key was first used may be over.
    refuseFaults(faults);
    const [invited] = await invite(manager, context, writer, [invitee], input, null);
    if (invited!.faults.length) throw new Faults(invited!.faults);
    return { id: invited!.id!, acceptLink: invited!.acceptLink };
  });
}

/**
 * Invites up to 100 people alike: each address has its own outcome, in the order of the input, and one that is refused
 * keeps no other from being invited. With an idempotency key that was used before, nobody is invited: gives those of
 * then. Throws Faults for what is wrong with all of them.
 */
export async function createInvitations(
  context: Inviting,
  { idempotencyKey: key, ...input }: InvitationSettings & { idempotencyKey?: string | null; emails: readonly string[] },
): Promise<Invited[]> {
  const writer = writerOf(context, 'organizationInvitationsCreate');
  const { tenantId, at } = writer;
  const { emails } = input;
  const isBounded = emails.length > 0 && emails.length <= MOST_INVITED;
  const faults = [
    emails.length === 0 && fault(UserErrorCode.REQUIRED, 'emails holds at least one address.', 'emails'),
    emails.length > MOST_INVITED &&
      fault(UserErrorCode.INVALID, `emails holds at most ${MOST_INVITED} addresses.`, 'emails'),
    ...checkSettings(context, input, at),
  ];
  if (!isBounded) refuseFaults(faults);
  const batchId = v7();
  const read = emails.map((email, index) => ({ email, index: String(index), address: readInvitee(email) }));
  const first = new Map([...read].reverse().map((item) => [item.address?.normalized, item.index]));
  const invitees = read.flatMap(({ address, index }) =>
    address && first.get(address.normalized) === index ? [prepare(address, 'emails', index)] : [],
  );
  const outcomes = await transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: writer.actor.via, key, input, objectId: batchId };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return findBatch(manager, tenantId, input.organizationId, made);
    refuseFaults(faults);
    const invited = await invite(manager, context, writer, invitees, input, batchId);
    return new Map(invited.map((outcome, index) => [invitees[index]!.address.normalized, outcome]));
  });
  return read.map(({ email, index, address }) => {
    const refused = (found: Fault) => ({ email, id: null, acceptLink: null, faults: [found] });
    if (!address) return refused(notAnAddress('emails', index));
    if (first.get(address.normalized) !== index)
      return refused(fault(UserErrorCode.INVALID, 'This address is in the list twice.', 'emails', index));
    const outcome = outcomes.get(address.normalized);
    const message = 'This address was refused when this idempotencyKey was first used: take a new one to try again.';
    return outcome ? { ...outcome, email } : refused(fault(UserErrorCode.WRONG_STATUS, message, 'emails', index));
  });
}

interface Invitee {
  id: string;
  address: EmailAddress;
  token: string;
  /** Where the address stands in the input. */
  field: string[];
}

const prepare = (address: EmailAddress, ...field: string[]): Invitee => ({
  id: v7(),
  address,
  token: createSecret(),
  field,
});

function checkSettings(context: Inviting, input: InvitationSettings, at: Date) {
  const { allowedOrigins } = context;
  return [
    checkExpiry(input, at),
    checkMessage(input.message),
    checkRoleCount(input.roleIds),
    checkAcceptUrl(input.acceptUrl, { publicUrl: context.tenant.publicUrl, allowedOrigins }),
  ];
}

const notAnAddress = (...field: string[]) =>
  fault(UserErrorCode.INVALID, 'This is no address that mail can be sent to.', ...field);

/** One pending invitation for an organization and address: the index decides, also between two at the same moment. */
const INSERT = `
insert into invitations
  (id, tenant_id, organization_id, email, email_normalized, status, token_hash, sealed_token, accept_url, locale, message,
   batch_id, inviter_user_id, inviter_application_id, expires_at, mail_status, mail_at, created_at, updated_at)
select i.id, $1, $3, i.email, i.normalized, 'PENDING', i."tokenHash", i."sealedToken", $4, $5, $6,
  $7, $8, $9, $10, $11, $12, $13, $13
from jsonb_to_recordset($2::jsonb) as i(id uuid, email text, normalized text, "tokenHash" text, "sealedToken" text)
order by i.normalized
on conflict (tenant_id, organization_id, email_normalized) where status = 'PENDING' do nothing
returning id`;

const GIVE_ROLES = `
insert into invitation_roles (id, tenant_id, invitation_id, role_id)
select gen_random_uuid(), $1, i, r from unnest($2::uuid[]) as i cross join unnest($3::uuid[]) as r`;

/** A constant number of statements, however many are invited. Outcomes come in the order of the invitees. */
async function invite(
  manager: EntityManager,
  context: Inviting,
  writer: Writer,
  invitees: readonly Invitee[],
  input: InvitationSettings,
  batchId: string | null,
): Promise<Invited[]> {
  const { tenantId, at, actor } = writer;
  const { organizationId, locale } = input;
  await lockActiveOrganization(manager, tenantId, organizationId);
  const roles = await lockRoles(manager, tenantId, organizationId, input.roleIds);
  const addresses = invitees.map(({ address }) => address.normalized);
  const facts: Fact[] = await expireInvitationsOf(manager, writer, organizationId, addresses);
  const members = await findMembers(manager, tenantId, organizationId, addresses);
  const isMailed = input.isMailed && context.sendsMail;
  const turns = await lockMailingTurns(manager, writer, isMailed ? addresses : []);

  const refusals = new Map(
    invitees.map(({ id, address: { normalized }, field }) => [
      id,
      members.has(normalized)
        ? fault(UserErrorCode.ALREADY_MEMBER, 'This person is a member already.', ...field)
        : turns.refuse(normalized, ...field),
    ]),
  );
  const admitted = invitees.filter(({ id }) => !refusals.get(id));
  const rows = admitted.map(({ id, address, token }) => ({
    id,
    email: address.value,
    normalized: address.normalized,
    tokenHash: hashSecret(token),
    sealedToken: isMailed ? context.sealing.seal(token, tokenPlace(id)) : null,
  }));
  const acceptUrl = input.acceptUrl ? new URL(input.acceptUrl).href : `${context.tenant.publicUrl}/invitations`;
  const expiresAt = expiryOf(input, at);
  const inserted = await runSql<{ id: string }>(manager, INSERT, [
    tenantId,
    JSON.stringify(rows),
    organizationId,
    acceptUrl,
    locale,
    input.message?.trim() || null,
    batchId,
    actor.userId,
    actor.applicationId ?? null,
    expiresAt,
    isMailed ? InvitationMailStatus.WAITING : InvitationMailStatus.NONE,
    isMailed ? at : null,
    at,
  ]);
  const made = new Set(inserted.map(({ id }) => id));
  const invited = admitted.filter(({ id }) => made.has(id));
  const roleIds = roles.map(({ id }) => id);
  if (invited.length && roleIds.length) await runSql(manager, GIVE_ROLES, [tenantId, [...made], roleIds]);
  if (isMailed && invited.length) {
    await turns.record(invited.map(({ address }) => address.normalized));
    await sendJobs(manager, INVITATIONS_QUEUE, [{ data: { tenantId } }]);
  }
  const after = { roles: roles.map(({ name }) => name).sort(), expiresAt: expiresAt.toISOString(), isMailed };
  facts.push(
    ...invited.map(({ id }) => ({ type: 'invitation.created' as const, organizationId, objectId: id, after })),
  );
  await recordEvents(manager, writer, facts);
  return invitees.map(({ id, address, token, field }) => {
    if (made.has(id)) return { email: address.value, id, acceptLink: linkOf(acceptUrl, token), faults: [] };
    const pending = fault(
      UserErrorCode.TAKEN,
      'There is a pending invitation for this address: send it again, or revoke it first.',
      ...field,
    );
    return { email: address.value, id: null, acceptLink: null, faults: [refusals.get(id) ?? pending] };
  });
}

/** Keeps the organization from being deleted or suspended meanwhile. */
async function lockActiveOrganization(manager: EntityManager, tenantId: string, id: string): Promise<void> {
  const [organization] = await runSql<{ status: OrganizationStatus }>(
    manager,
    'select status from organizations where tenant_id = $1 and id = $2 for share',
    [tenantId, id],
  );
  refuseFaults([
    organization
      ? refuseInactive(organization.status, 'organizationId')
      : fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId'),
  ]);
}

/** Roles for users, of the tenant's template or the organization's own; another organization's is not there. */
async function lockRoles(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  roleIds: readonly string[],
): Promise<{ id: string; name: string }[]> {
  if (!roleIds.length) return [];
  const found = await lockUsableRoles(manager, tenantId, organizationId, roleIds);
  const byId = new Map(found.map((role) => [role.id, role]));
  refuseFaults(
    roleIds.map((id, index) => {
      const role = byId.get(id);
      if (!role) return fault(UserErrorCode.NOT_FOUND, 'There is no role with this id here.', 'roleIds', String(index));
      if (role.kind === RoleKind.USER) return null;
      return fault(UserErrorCode.INVALID, `The role ${role.name} is for applications.`, 'roleIds', String(index));
    }),
  );
  return found;
}

/** Of these addresses, those that members have: addresses are unique in the tenant, so nobody else could accept. */
async function findMembers(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  addresses: readonly string[],
): Promise<Set<string>> {
  const rows = await runSql<{ email: string }>(
    manager,
    `select u.email_normalized as email from users u
     join memberships m on m.tenant_id = $1 and m.user_id = u.id and m.organization_id = $2
     where u.tenant_id = $1 and u.email_normalized = any($3::text[])`,
    [tenantId, organizationId, addresses],
  );
  return new Set(rows.map(({ email }) => email));
}

async function findBatch(manager: EntityManager, tenantId: string, organizationId: string, batchId: string) {
  const rows = await runSql<{ id: string; email: string; normalized: string }>(
    manager,
    `select id, email, email_normalized as normalized from invitations
     where tenant_id = $1 and organization_id = $2 and batch_id = $3`,
    [tenantId, organizationId, batchId],
  );
  return new Map<string, Invited>(
    rows.map(({ id, email, normalized }) => [normalized, { email, id, acceptLink: null, faults: [] }]),
  );
}
