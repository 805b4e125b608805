import type { EntityManager } from '@mikro-orm/postgresql';
import { sessionOf, type Writer, writerOf } from '../../actor.js';
import { runSql, transact } from '../../database/transact.js';
import { ConfirmationMode, PetitionAction, PetitionParty, PetitionStep } from '../../entities/enums.js';
import { type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import type { LockedPetition } from '../petitions/locked-petition.js';
import {
  type CommandDone,
  findParties,
  giveCommand,
  type PetitionContext,
  runCommand,
} from '../petitions/run-command.js';
import { linksLogins } from '../machine/recognize.js';
import { takeTokenTurn } from './limit.js';
import { type Confirmation, lockConfirmation } from './lock-confirmation.js';

/** What a page shows to whoever opened a link, and no more. */
export interface OpenedConfirmation {
  flowName: string;
  /** Where the petition leads to; null: into no organization. */
  organizationName: string | null;
  mode: ConfirmationMode;
  expiresAt: Date;
  requiresSignIn: boolean;
  /** Of a flow that links logins: whose account they open from then on. */
  linksTo: string | null;
}

/** The token of a link, as it came. */
export interface TokenInput {
  token: string;
}

const ENROLLEE = [PetitionParty.ENROLLEE];
const PETITIONER = [PetitionParty.PETITIONER];

/** Whether a link proves the address that a source is to be asked about (ENR-49), and not who is enrolled. */
const isProof = ({ state }: LockedPetition) => state.step === PetitionStep.SOURCES;

/**
 * Opens a link: the history tells that it was viewed, once a link, and nothing else changes. Throws Faults:
 * INVALID_TOKEN, CONFIRMATION_EXPIRED, CONFIRMATION_RENEWED, FLOW_NOT_ACTIVE, RATE_LIMITED.
 */
export async function openConfirmation(context: PetitionContext, { token }: TokenInput): Promise<OpenedConfirmation> {
  return withConfirmation(context, 'petitionOpenConfirmation', token, async (manager, writer, confirmation) => {
    const { petition, expiresAt } = confirmation;
    const { flow, flowName, state } = petition;
    const isNew = !(await wasViewed(manager, writer.tenantId, confirmation));
    const [isOfPetitioner, view] = [isProof(petition), { command: { kind: 'VIEW_CONFIRMATION' } } as const];
    if (isNew) await giveCommand(manager, context, writer, petition, view, isOfPetitioner ? PETITIONER : ENROLLEE);
    return {
      flowName,
      organizationName: await nameOf(manager, writer.tenantId, state.organizationId),
      mode: isOfPetitioner ? ConfirmationMode.REVIEW : flow.confirmation,
      expiresAt,
      requiresSignIn: isOfPetitioner ? state.petitionerUserId !== null : flow.requiresAuthentication,
      linksTo:
        linksLogins(flow) && !isOfPetitioner ? await personOf(manager, writer.tenantId, state.enrolleeUserId) : null,
    };
  });
}

/**
 * Confirms by a link, once: the address is proven, and who is signed in is the enrollee where the flow asks for that. A
 * link to an address that a source is to be asked about is of use to the petitioner alone, in their session or with their
 * token: who is talked into opening it gives nothing away. Throws Faults: as {@link openConfirmation}; SIGN_IN_REQUIRED, REAUTHENTICATION_REQUIRED, MANUAL_ACTION_NEEDED.
 */
export async function confirmPetition(context: PetitionContext, { token }: TokenInput): Promise<CommandDone> {
  const userId = sessionOf(context)?.userId ?? null;
  return withConfirmation(context, 'petitionConfirm', token, async (manager, writer, { petition }) => {
    if (!isProof(petition))
      return giveCommand(manager, context, writer, petition, { command: { kind: 'CONFIRM', userId } }, ENROLLEE);
    const parties = await findParties(manager, context, petition);
    const message = 'Open the link as who gave the address: signed in as they are, or with the token of the petition.';
    refuseFaults([!parties.includes(PetitionParty.PETITIONER) && fault(UserErrorCode.SIGN_IN_REQUIRED, message)]);
    return giveCommand(manager, context, writer, petition, { command: { kind: 'PROVE_EMAIL', userId } }, parties);
  });
}

/**
 * Declines by a link, which ends the petition; WRONG_STATUS for a link that only proves an address, which nobody need open.
 * Throws Faults: as {@link openConfirmation}.
 */
export async function declinePetition(context: PetitionContext, { token }: TokenInput): Promise<CommandDone> {
  return withConfirmation(context, 'petitionDecline', token, (manager, writer, { petition }) =>
    giveCommand(manager, context, writer, petition, { command: { kind: 'DECLINE' } }, ENROLLEE),
  );
}

/** Mails another link to the same address; the one before opens nothing any more. Throws Faults: of a command; RATE_LIMITED. */
export async function resendConfirmation(context: PetitionContext, { id }: { id: string }): Promise<CommandDone> {
  return runCommand(context, 'petitionResendConfirmation', id, () => ({ command: { kind: 'RESEND_CONFIRMATION' } }));
}

type Act<Result> = (manager: EntityManager, writer: Writer, confirmation: Confirmation) => Promise<Result>;

/** Does something by a link. A link that has expired is dealt with instead: that is written, and refused all the same. */
async function withConfirmation<Result>(
  context: PetitionContext,
  via: string,
  token: string,
  act: Act<Result>,
): Promise<Result> {
  const giveBackTurn = await takeTokenTurn(context);
  const writer = writerOf(context, via);
  const outcome = await transact<{ result: Result } | { refused: Fault }>(
    context.database,
    writer.tenantId,
    async (manager) => {
      const confirmation = await lockConfirmation(manager, writer.tenantId, token);
      if (!confirmation) throw new Faults([invalidToken()]);
      if (confirmation.expiresAt <= writer.at) return { refused: await lapse(manager, context, writer, confirmation) };
      const result = await act(manager, writer, confirmation);
      await giveBackTurn(manager);
      return { result };
    },
  );
  if ('refused' in outcome) throw new Faults([outcome.refused]);
  return outcome.result;
}

/** The link is over: where the flow says so, a new one goes to the petition's own address, whoever asks. */
async function lapse(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  { petition }: Confirmation,
): Promise<Fault> {
  const system = [PetitionParty.SYSTEM];
  await giveCommand(manager, context, writer, petition, { command: { kind: 'RENEW_CONFIRMATION' } }, system);
  return petition.flow.regeneratesConfirmation
    ? fault(
        UserErrorCode.CONFIRMATION_RENEWED,
        'The link has expired: a new one was mailed to the same address.',
        'token',
      )
    : fault(
        UserErrorCode.CONFIRMATION_EXPIRED,
        'The link has expired: ask whoever enrolls you for a new one.',
        'token',
      );
}

const invalidToken = () =>
  fault(UserErrorCode.INVALID_TOKEN, 'This link is not valid, or not valid any more: it works once.', 'token');

async function wasViewed(
  manager: EntityManager,
  tenantId: string,
  { petition, sentAt }: { petition: LockedPetition; sentAt: Date },
): Promise<boolean> {
  const values = [tenantId, petition.id, PetitionAction.CONFIRMATION_VIEWED, sentAt];
  const text = `select 1 from petition_history
    where tenant_id = $1 and petition_id = $2 and action = $3 and at >= $4 limit 1`;
  return (await runSql(manager, text, values)).length > 0;
}

async function nameOf(manager: EntityManager, tenantId: string, organizationId: string | null): Promise<string | null> {
  if (!organizationId) return null;
  const text = 'select name from organizations where tenant_id = $1 and id = $2';
  return (await runSql<{ name: string }>(manager, text, [tenantId, organizationId]))[0]?.name ?? null;
}

/** How the account of somebody is called: by name, or else by address. */
async function personOf(manager: EntityManager, tenantId: string, userId: string | null): Promise<string | null> {
  if (!userId) return null;
  const text = `select coalesce(nullif(concat_ws(' ', given_name, family_name), ''), email) as name
    from users where tenant_id = $1 and id = $2`;
  return (await runSql<{ name: string | null }>(manager, text, [tenantId, userId]))[0]?.name ?? null;
}
