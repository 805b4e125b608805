import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { EmailAddress } from '../../entities/email-address.js';
import { ActorKind, ConfirmationMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import type { PersonRecord } from '../../entities/person-record.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import { fault, Faults, UserErrorCode } from '../../faults.js';
import { begin } from '../machine/advance.js';
import type { Account } from '../machine/state.js';
import { findAccount, readFacts } from '../petitions/facts.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import { findFlow, type FoundFlow, NOWHERE, writeBeginning } from '../petitions/start-petition.js';
import type { RecordRow } from '../records/record-rows.js';
import type { OpenedRecord, OpenPetitions } from './run-pipeline.js';
import { chooseOrganization, whyNotOpened } from './openable-flow.js';

/** What petitions of pipelines are opened with. */
export type OpeningContext = Pick<PetitionContext, 'database' | 'sealing' | 'clock' | 'log' | 'tenant' | 'sendsMail'>;

const VIA = 'pipeline';

/** The way in which a pipeline opens petitions. */
export const opener =
  (context: OpeningContext): OpenPetitions =>
  (...given) =>
    openPetitions(context, ...given);

/**
 * Opens a petition of the flow for the person of each record (ENR-71): it has no petitioner, leads to the pipeline's
 * organization where it can, and has a link mailed to the person. The petition is written into the row that is given.
 * Gives for each record whose petition could not be opened why, by the record's id; nothing of it is left then.
 */
async function openPetitions(
  context: OpeningContext,
  manager: EntityManager,
  { tenantId, at }: Writer,
  { flowId, organizationId }: Pick<PipelineSettings, 'flowId' | 'organizationId'>,
  records: readonly OpenedRecord[],
): Promise<Map<string, string>> {
  const notes = new Map<string, string>();
  // Nobody has asked for it: the system has.
  const writer: Writer = { tenantId, at, actor: { kind: ActorKind.SYSTEM, userId: null, via: VIA } };
  for (const { row, record } of records) {
    await runSql(manager, 'savepoint petition');
    try {
      const flow = await findFlow(manager, tenantId, flowId!);
      row.petitionId = await openPetition(manager, context, writer, {
        flowId: flowId!,
        flow,
        organizationId,
        row,
        record,
      });
      await runSql(manager, 'release savepoint petition');
    } catch (error) {
      if (!(error instanceof Faults)) throw error;
      await runSql(manager, 'rollback to savepoint petition');
      notes.set(row.id, `No petition was opened: ${error.message}`);
    }
  }
  return notes;
}

async function openPetition(
  manager: EntityManager,
  given: OpeningContext,
  writer: Writer,
  {
    flowId,
    flow,
    organizationId: preferred,
    row,
    record,
  }: {
    flowId: string;
    flow: FoundFlow;
    organizationId: string | null;
    row: RecordRow;
    record: PersonRecord | null;
  },
): Promise<string> {
  const whyNot = whyNotOpened(flow);
  if (whyNot) throw new Faults([fault(UserErrorCode.WRONG_STATUS, whyNot)]);
  const organizationId = chooseOrganization(flow, preferred);
  if (organizationId === undefined)
    throw new Faults([fault(UserErrorCode.REQUIRED, 'The flow leads to several organizations.')]);
  const context: PetitionContext = { ...given, viewer: null, petitionTokenHash: null };
  const account = await findAccount(manager, writer.tenantId, row.userId);
  if (!account) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'The account is gone.')]);
  const { settings } = flow;
  const { enrolled, email } = withAddress(account, record, settings);
  const state = { ...NOWHERE, organizationId, enrolleeUserId: account.userId, email: enrolled.email };
  const about = { id: null, flow: settings, isFlowActive: true, approvers: null, state };
  const facts = await readFacts(manager, context, about, { kind: 'START', userId: account.userId });
  const advanced = begin(settings, { petitioner: null, organizationId, enrolled }, facts);
  const id = v7();
  const begun = { id, flowId, flow, advanced, petitionerToken: null, email, locale: null, returnUrl: null };
  const { faults } = await writeBeginning(manager, context, writer, begun);
  if (faults.length) throw new Faults(faults);
  return id;
}

/**
 * The link goes to the address of the account, or else to the record's first. That the source vouches for it does not say
 * that the person takes part: they confirm, unless the flow leaves that out for proven addresses.
 */
function withAddress(
  account: Account,
  record: PersonRecord | null,
  { confirmation }: FlowSettings,
): { enrolled: Account; email: string | null } {
  const isEmailVerified = account.isEmailVerified && confirmation === ConfirmationMode.SKIP_IF_VERIFIED;
  if (account.email) return { enrolled: { ...account, isEmailVerified }, email: account.email };
  const offered = record?.emails.map(({ address }) => EmailAddress.parse(address)).find((address) => address !== null);
  if (!offered) return { enrolled: account, email: null };
  return { enrolled: { ...account, email: offered.normalized, isEmailVerified: false }, email: offered.value };
}
