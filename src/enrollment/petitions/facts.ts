import type { EntityManager } from '@mikro-orm/postgresql';
import { hasRecentSession, sessionOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { runSql } from '../../database/transact.js';
import { ApprovalRule, FactorKind, MatchPolicy, PetitionStep, SourceMode, TermsMode } from '../../entities/enums.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { findApprovers } from '../approvals/find-approvers.js';
import { readOtherAddresses } from '../checks/read-person.js';
import { isBareSql } from '../finalize/bare-account.js';
import { linksLogins } from '../machine/recognize.js';
import { IS_ENROLLED } from '../people/is-enrolled.js';
import type { Account, Command, CommandKind, Facts, KnownPerson, Linking, OwnProof } from '../machine/state.js';
import { findActiveTerms } from '../terms/find-active-terms.js';
import type { LockedPetition } from './locked-petition.js';

/** After these nobody has to be recognized. */
const ABOUT_NOBODY: readonly CommandKind[] = ['APPROVE', 'DENY', 'COMMENT', 'CANCEL', 'EXPIRE', 'REMIND', 'ESCALATE'];

/** `id` is null of a petition that is not there yet. */
type FactsOf = Pick<LockedPetition, 'flow' | 'isFlowActive' | 'approvers' | 'state'> & { id: string | null };

/** A command, or that a petition begins: with whom, where it is about them. */
type Given = Command | { kind: 'START'; userId: string | null };

/** By these the enrollee sets out for another login, or has its link mailed again. */
const SETTING_OUT: readonly (CommandKind | 'START')[] = ['START', 'SUBMIT_ATTRIBUTES', 'RESEND_CONFIRMATION'];

/** Who asks, and when. */
type Asking = Pick<OperationContext, 'tenant' | 'viewer' | 'clock'>;

/** Reads what the world is like as a command is given. */
export async function readFacts(
  manager: EntityManager,
  context: Asking,
  { id, flow, isFlowActive, approvers, state }: FactsOf,
  command: Given,
): Promise<Facts> {
  const [tenantId, now] = [context.tenant.id, context.clock()];
  // Where one decides, nobody needs to know who else could.
  const countsApprovers = command.kind === 'APPROVE' && flow.approvalRule !== ApprovalRule.ANY;
  const terms = flow.terms === TermsMode.IGNORE ? [] : await findActiveTerms(manager, tenantId, state.organizationId);
  const known = await findKnown(manager, tenantId, { flow, state }, command);
  return {
    isFlowActive,
    terms: terms.map(({ id, edition }) => termsKey(id, edition)),
    factors:
      flow.authenticators.length && state.enrolleeUserId
        ? await findFactors(manager, tenantId, state.enrolleeUserId)
        : [],
    approvers: countsApprovers && approvers ? await findApprovers(manager, tenantId, approvers, now) : [],
    known,
    ...(flow.sources.length ? await findSourceFacts(manager, tenantId, { id, flow, state }, command, known) : {}),
    ...(linksLogins(flow) ? await findLinking(manager, context, { flow, state }, command) : {}),
  };
}

/** Terms as the machine knows them: agreeing to one edition is not agreeing to the next. */
export const termsKey = (id: string, edition: number): string => `${id}:${edition}`;

async function findFactors(manager: EntityManager, tenantId: string, userId: string): Promise<FactorKind[]> {
  const rows = await runSql<{ kind: FactorKind }>(
    manager,
    'select distinct kind from user_factors where tenant_id = $1 and user_id = $2',
    [tenantId, userId],
  );
  return rows.map(({ kind }) => kind);
}

const KNOWN = `select u.id as "userId",
  ${IS_ENROLLED} as "isEnrolled",
  exists (select 1 from memberships m where m.tenant_id = $1 and m.user_id = u.id and m.organization_id = $3)
    as "isMember"
  from users u where u.tenant_id = $1`;

/**
 * Who has the account that confirms, or else the address, proven: an account that merely says so is not recognized by it,
 * for it could be anybody's. Throws Faults SIGN_IN_REQUIRED when the account that confirms is gone.
 */
async function findKnown(
  manager: EntityManager,
  tenantId: string,
  { flow, state }: Pick<FactsOf, 'flow' | 'state'>,
  command: Given,
): Promise<KnownPerson | null> {
  if (command.kind === 'START' || ABOUT_NOBODY.includes(command.kind)) return null;
  const confirming = command.kind === 'CONFIRM' && flow.requiresAuthentication ? command.userId : null;
  // While the enrollee signs in at a source, the account that confirmed is theirs, if that source says nothing else.
  const isIdentified = state.step === PetitionStep.COLLECT_IDENTIFIER;
  const login = confirming ?? (isIdentified ? (state.progress.confirmedByUserId ?? null) : null);
  const given = command.kind === 'SUBMIT_ATTRIBUTES' ? (command.email?.normalized ?? null) : null;
  const address = given ?? state.email;
  if (!login && !address) return null;
  const [found] = await runSql<Omit<KnownPerson, 'via'>>(
    manager,
    `${KNOWN} and ${login ? 'u.id = $2' : 'u.email_normalized = $2 and u.is_email_verified'}`,
    [tenantId, login ?? address, state.organizationId],
  );
  // The account may have been deleted, or become part of another one, since its session was looked up.
  const isGone = confirming !== null && !found;
  refuseFaults([isGone && fault(UserErrorCode.SIGN_IN_REQUIRED, 'Sign in again, then open the link again.')]);
  return found ? { ...found, via: login ? 'LOGIN' : 'ADDRESS' } : null;
}

/** Somebody by their account, whom a record of a source is linked to; null when there is none. */
export async function findKnownUser(
  manager: EntityManager,
  tenantId: string,
  userId: string,
  organizationId: string | null,
): Promise<KnownPerson | null> {
  const values = [tenantId, userId, organizationId];
  const [found] = await runSql<Omit<KnownPerson, 'via'>>(manager, `${KNOWN} and u.id = $2`, values);
  return found ? { ...found, via: 'ADDRESS' } : null;
}

const SUSPENDED = `
select w.id from unnest($2::uuid[]) as w(id)
left join sources s on s.tenant_id = $1 and s.id = w.id and s.status = 'ACTIVE'
where s.id is null`;

/** What the machine is to know of sources: those that are not asked now, and by what else than the petition's address they could be. */
async function findSourceFacts(
  manager: EntityManager,
  tenantId: string,
  { id, flow, state }: Pick<FactsOf, 'id' | 'flow' | 'state'>,
  command: Given,
  known: KnownPerson | null,
): Promise<Pick<Facts, 'suspendedSources' | 'hasVerifiedRecordEmail'>> {
  const sourceIds = flow.sources.map(({ sourceId }) => sourceId);
  const suspended = await runSql<{ id: string }>(manager, SUSPENDED, [tenantId, sourceIds]);
  // What is proven before a command need not be afterwards: another address may be given by it.
  const isSearched = flow.sources.some(({ mode }) => SEARCHED.includes(mode));
  // Who is enrolled may become known by this very command.
  const joining = 'account' in command && command.account ? command.account.userId : null;
  const starting = command.kind === 'START' && flow.match === MatchPolicy.SELF ? command.userId : null;
  const userId = state.enrolleeUserId ?? joining ?? starting ?? known?.userId ?? null;
  const read = <Row>(text: string, values: unknown[]) => runSql<Row>(manager, text, values);
  return {
    suspendedSources: suspended.map((source) => source.id),
    hasVerifiedRecordEmail: isSearched && (await readOtherAddresses(read, tenantId, userId, id)).length > 0,
  };
}

const SEARCHED: readonly SourceMode[] = [SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED];

const LINKING = `select ${isBareSql('u')} as "isBare",
  e.is_email_verified and e.email_normalized is not distinct from $4 as "isMailedToEnrollee",
  exists (select 1 from user_factors f join tenants t on t.id = $1 and f.kind = any(t.mfa_factors)
    where f.tenant_id = $1 and f.user_id = e.id and f.kind <> '${FactorKind.ASSERTED}') as "hasFactor"
  from users u join users e on e.tenant_id = $1 and e.id = $3 where u.tenant_id = $1 and u.id = $2`;

/** What decides whether a login is linked to the enrollee: how they set out, or which account confirms. */
async function findLinking(
  manager: EntityManager,
  context: Asking,
  { flow, state }: Pick<FactsOf, 'flow' | 'state'>,
  command: Given,
): Promise<Pick<Facts, 'ownProof' | 'linking'>> {
  const tenantId = context.tenant.id;
  const isRecent = hasRecentSession(context);
  if (SETTING_OUT.includes(command.kind)) {
    const session = sessionOf(context);
    const isTheirs =
      command.kind === 'START' ? flow.match === MatchPolicy.SELF : session?.userId === state.enrolleeUserId;
    return { ownProof: session && isRecent && isTheirs ? await findProof(manager, tenantId, session.sessionId) : null };
  }
  if (command.kind !== 'CONFIRM' || !command.userId || !state.enrolleeUserId) return {};
  if (command.userId === state.enrolleeUserId) return {};
  const values = [tenantId, command.userId, state.enrolleeUserId, state.email];
  const [found] = await runSql<Omit<Linking, 'isRecent'>>(manager, LINKING, values);
  return { linking: found ? { ...found, isRecent } : null };
}

async function findProof(manager: EntityManager, tenantId: string, sessionId: string): Promise<OwnProof | null> {
  const [session] = await runSql<{ isProven: boolean }>(
    manager,
    'select mfa_at is not null as "isProven" from sessions where tenant_id = $1 and id = $2',
    [tenantId, sessionId],
  );
  if (!session) return null;
  return session.isProven ? 'FACTOR' : 'SIGN_IN';
}

/** An account as the machine knows it; null when there is none. It is kept from being deleted meanwhile. */
export async function findAccount(
  manager: EntityManager,
  tenantId: string,
  userId: string | null,
): Promise<Account | null> {
  if (!userId) return null;
  const [found] = await runSql<Account>(
    manager,
    `select id as "userId", email_normalized as email, is_email_verified as "isEmailVerified"
     from users where tenant_id = $1 and id = $2 for key share`,
    [tenantId, userId],
  );
  return found ?? null;
}
