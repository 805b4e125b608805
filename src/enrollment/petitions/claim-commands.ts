import { EmailAddress } from '../../entities/email-address.js';
import { fault, Faults, UserErrorCode } from '../../faults.js';
import { limitChecks } from '../confirmations/limit.js';
import { refuseEarly } from './commands.js';
import { findAccount } from './facts.js';
import { type CommandDone, type PetitionContext, runCommand } from './run-command.js';

/**
 * The petitioner gives the address that a CLAIM source is to be asked about (ENR-49). Where it is not proven already, by
 * the petitioner's account or by this petition, a link is mailed to it, and nothing is asked before the petitioner has
 * opened it. Throws Faults: INVALID, RATE_LIMITED, and those of {@link runCommand}.
 */
export function giveEmail(
  context: PetitionContext,
  { id, email }: { id: string; email: string },
): Promise<CommandDone> {
  return runCommand(context, 'petitionGiveEmail', id, async (manager, petition, { at }) => {
    await refuseEarly(manager, context, petition, 'GIVE_EMAIL');
    const address = EmailAddress.parse(email);
    if (!address) throw new Faults([fault(UserErrorCode.INVALID, 'This is no email address.', 'email')]);
    const tenantId = context.tenant.id;
    const { petitionerUserId, enrolleeUserId } = petition.state;
    // Whose petition nobody signed in for is theirs who signed in at a source.
    const account = await findAccount(manager, tenantId, petitionerUserId ?? enrolleeUserId);
    const isVerified = account?.isEmailVerified === true && account.email === address.normalized;
    // Each address is a question to a source: mails have limits of their own.
    await limitChecks(manager, { tenantId, at, petitionId: id });
    const userId = context.viewer?.sessionId ? context.viewer.userId : null;
    const given = { normalized: address.normalized, isVerified };
    return { command: { kind: 'GIVE_EMAIL', email: given, userId }, email: address.value };
  });
}

/**
 * Says which of the people whom the match server named it is; null: none of them. It is told so, and answers for good.
 * Throws Faults: NOT_FOUND for one whom it did not name, and those of {@link runCommand}.
 */
export function chooseMatch(
  context: PetitionContext,
  { id, referenceId }: { id: string; referenceId: string | null },
): Promise<CommandDone> {
  return runCommand(context, 'petitionChooseMatch', id, () => ({ command: { kind: 'CHOOSE_MATCH', referenceId } }));
}
