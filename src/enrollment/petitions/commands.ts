import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../database/transact.js';
import { AttributeTarget, AttributeType, UserStatus } from '../../entities/enums.js';
import { EmailAddress } from '../../entities/email-address.js';
import { fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import type { AccountFacts } from '../attributes/default-value.js';
import { readValues } from '../attributes/read-values.js';
import { waitsForSources } from '../checks/questions.js';
import { limitChecks } from '../confirmations/limit.js';
import { isAdministrative } from '../machine/plan.js';
import { isMemberSql, reachOf } from '../people/reach.js';
import { refuseCommand } from '../machine/refuse.js';
import type { CommandKind } from '../machine/state.js';
import { findAccount, termsKey } from './facts.js';
import type { LockedPetition } from './locked-petition.js';
import { type CommandDone, findParties, type PetitionContext, runCommand } from './run-command.js';

/**
 * The petitioner chooses whom the petition enrolls: an active user of the tenant (section 4, step 2), among those whom
 * {@link reachOf} leaves them.
 * Throws Faults: NOT_FOUND, and those of {@link runCommand}.
 */
export function selectEnrollee(
  context: PetitionContext,
  { id, userId }: { id: string; userId: string },
): Promise<CommandDone> {
  return runCommand(context, 'petitionSelectEnrollee', id, async (manager, petition) => {
    const account = await findAccount(manager, context.tenant.id, userId);
    const [found] = account
      ? await runSql<{ status: UserStatus; email: string | null }>(
          manager,
          'select status, email from users where tenant_id = $1 and id = $2',
          [context.tenant.id, userId],
        )
      : [];
    await refuseEarly(manager, context, petition, 'SELECT_ENROLLEE');
    const isReached = account !== null && (await isInReach(manager, context, petition, 'u.id = $2::uuid', userId));
    if (!isReached || found?.status !== UserStatus.ACTIVE) {
      throw new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such person here.', 'userId')]);
    }
    return { command: { kind: 'SELECT_ENROLLEE', account }, email: found.email };
  });
}

/**
 * Takes the attributes of a petition: all of them, or nothing and everything that is wrong with them (ENR-14).
 * Throws Faults: REQUIRED, INVALID, TOO_LONG at `attributes.…`, and those of {@link runCommand}.
 */
export function submitAttributes(
  context: PetitionContext,
  { id, attributes }: { id: string; attributes: unknown },
): Promise<CommandDone> {
  return runCommand(context, 'petitionSubmitAttributes', id, async (manager, petition) => {
    // Who may not give them learns nothing about what would be wrong with them.
    await refuseEarly(manager, context, petition, 'SUBMIT_ATTRIBUTES');
    const { flow, state } = petition;
    const tenantId = context.tenant.id;
    const account = await findPerson(manager, tenantId, accountOf(flow, state));
    const { values, faults } = readValues(flow.attributes, attributes, account, {
      ignoresAccountDefaults: flow.ignoresAccountDefaults,
    });
    refuseFaults(faults);
    await runSql(manager, 'update petitions set attributes = $3 where tenant_id = $1 and id = $2', [
      tenantId,
      petition.id,
      JSON.stringify(values),
    ]);
    // Where nothing else is asked for, they are what the person is made of in this same transaction.
    petition.attributes = values;
    const address = addressOf(petition, values);
    const isOwn = account?.isEmailVerified === true && account.emailNormalized === address?.normalized;
    const email = address && {
      normalized: address.normalized,
      isVerified: isOwn,
      isVouchedFor: await isInReach(manager, context, petition, 'u.email_normalized = $2', address.normalized),
    };
    const userId = context.viewer?.sessionId ? context.viewer.userId : null;
    return { command: { kind: 'SUBMIT_ATTRIBUTES', email, userId }, email: address?.value ?? null };
  });
}

/** Agrees to terms: those that were shown, each in its edition. Throws Faults: TERMS_REQUIRED, and those of runCommand. */
export function agreeToTerms(
  context: PetitionContext,
  { id, terms }: { id: string; terms: readonly { id: string; edition: number }[] },
): Promise<CommandDone> {
  const keys = terms.map((one) => termsKey(one.id, one.edition));
  const userId = context.viewer?.sessionId ? context.viewer.userId : null;
  const command = { kind: 'AGREE_TO_TERMS', terms: keys, userId } as const;
  return runCommand(context, 'petitionAgreeToTerms', id, () => ({ command }));
}

/**
 * Tries the step again where the petition waits: once second factors are set up, an address is there, or what failed is
 * mended. Sources that did not answer are asked again at once.
 */
export function continuePetition(context: PetitionContext, { id }: { id: string }): Promise<CommandDone> {
  return runCommand(context, 'petitionContinue', id, async (manager, { flow, state }, { at }) => {
    if (waitsForSources(flow, state)) await limitChecks(manager, { tenantId: context.tenant.id, at, petitionId: id });
    const userId = context.viewer?.sessionId ? context.viewer.userId : null;
    const account = await findAccount(manager, context.tenant.id, state.enrolleeUserId);
    return { command: { kind: 'CONTINUE', userId, account } };
  });
}

/** Ends a petition that is not decided. */
export function cancelPetition(
  context: PetitionContext,
  { id, comment }: { id: string; comment?: string | null },
): Promise<CommandDone> {
  return runCommand(context, 'petitionCancel', id, () => ({ command: { kind: 'CANCEL', comment: comment ?? null } }));
}

/** Refuses what is not the caller's to do before anything that they give is looked at. */
export async function refuseEarly(
  manager: EntityManager,
  context: PetitionContext,
  petition: LockedPetition,
  kind: CommandKind,
): Promise<void> {
  const parties = await findParties(manager, context, petition);
  const refused = refuseCommand(petition.state, kind, parties, petition.isFlowActive);
  if (refused) throw new Faults([refused]);
}

/**
 * Whose account attributes begin with: the petitioner's own; or that of who is enrolled, where administrators enroll. Who
 * picks somebody else learns nothing of their account.
 */
export function accountOf(
  flow: LockedPetition['flow'],
  { enrolleeUserId, petitionerUserId }: Pick<LockedPetition['state'], 'enrolleeUserId' | 'petitionerUserId'>,
): string | null {
  if (isAdministrative(flow) || enrolleeUserId === petitionerUserId) return enrolleeUserId;
  return enrolleeUserId ? null : petitionerUserId;
}

/** Whether the caller may have this petition enroll the user of whom the condition holds, without that person's doing. */
async function isInReach(
  manager: EntityManager,
  { tenant, viewer }: PetitionContext,
  { flowOrganizationId }: LockedPetition,
  condition: 'u.id = $2::uuid' | 'u.email_normalized = $2',
  value: string,
): Promise<boolean> {
  const reach = reachOf(viewer, flowOrganizationId);
  if (!reach) return true;
  const text = `select 1 from users u where u.tenant_id = $1 and ${condition} and ${isMemberSql('u.id', '$3')}`;
  return (await runSql(manager, text, [tenant.id, value, reach])).length > 0;
}

/** The address that is to be proven: what goes to the account, or else the first address that is asked for. */
function addressOf({ flow }: LockedPetition, values: Record<string, unknown>): EmailAddress | null {
  const addresses = flow.attributes.filter(({ type }) => type === AttributeType.EMAIL);
  const definition = addresses.find(({ target }) => target === AttributeTarget.USER_EMAIL) ?? addresses[0];
  return definition ? EmailAddress.parse(values[definition.key]) : null;
}

type Person = AccountFacts & { emailNormalized: string | null; isEmailVerified: boolean };

async function findPerson(manager: EntityManager, tenantId: string, userId: string | null): Promise<Person | null> {
  if (!userId) return null;
  const [found] = await runSql<Person>(
    manager,
    `select email, email_normalized as "emailNormalized", is_email_verified as "isEmailVerified",
       given_name as "givenName", family_name as "familyName" from users where tenant_id = $1 and id = $2`,
    [tenantId, userId],
  );
  return found ?? null;
}
