import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../../actor.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { HELD_BY_APPLICATIONS, HELD_BY_USERS, type HeldRole } from '../../database/held-roles.js';
import { runSql, transact } from '../../database/transact.js';
import { FlowStatus, type MailLocale, MatchPolicy, OrganizationStatus } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { createSecret, hashSecret } from '../../secret.js';
import { limitStarts } from '../confirmations/limit.js';
import { mayStart, type Starter } from '../flows/may-start.js';
import { starterOf } from '../flows/starter-of.js';
import { begin } from '../machine/advance.js';
import { approversOf } from '../machine/approvers.js';
import type { Advanced } from '../machine/state.js';
import { expiryOf } from '../machine/due.js';
import { TOKEN_MILLISECONDS } from './effects.js';
import { findAccount, readFacts } from './facts.js';
import type { LockedPetition } from './locked-petition.js';
import { type CommandDone, type PetitionContext, settle } from './run-command.js';
import { insertPetition } from './write-petition.js';

/** Which flow is started, and for where. Ids are uuids. */
export interface StartInput {
  flowId: string;
  /** Where the flow leads to several organizations: which one. */
  organizationId?: string | null;
  /** Where the browser goes afterwards, if the flow admits it. */
  returnUrl?: string | null;
  locale?: MailLocale | null;
  idempotencyKey?: string | null;
}

/** The flow is not for the caller to start: for a forbidden answer, not for a refusal in the payload. */
export class StartForbidden extends Error {}

const LONGEST_RETURN_URL = 4_096;

export interface FoundFlow {
  settings: FlowSettings;
  versionId: string;
  number: number;
  name: string;
  status: FlowStatus;
  organizationId: string | null;
}

const FIND_FLOW = `
select v.settings, v.id as "versionId", v.number, v.name, f.status, f.organization_id as "organizationId"
from enrollment_flows f
join enrollment_flow_versions v on v.tenant_id = $1 and v.id = f.current_version_id
where f.tenant_id = $1 and f.id = $2 for share of f`;

/**
 * Starts a petition of a flow (section 3 of docs/petitions.md): who is signed in is recorded as its petitioner, unless the
 * flow is open to everybody; who is not gets a token, shown this once. The petition goes through the steps as far as
 * nobody is needed. With an idempotency key that was used before, gives the petition of then, without its token.
 * Throws Faults: NOT_FOUND, FLOW_NOT_ACTIVE, REQUIRED, INVALID, WRONG_STATUS, RATE_LIMITED, IDEMPOTENCY_KEY_REUSED; and
 * {@link StartForbidden}.
 */
export async function startPetition(
  context: PetitionContext,
  { idempotencyKey: key, ...input }: StartInput,
): Promise<CommandDone & { petitionerToken: string | null }> {
  const writer = writerOf(context, 'petitionStart');
  const { tenantId, at } = writer;
  await limitStarts(context);
  refuseFaults([checkReturnUrl(input.returnUrl)]);
  return transact(context.database, tenantId, async (manager) => {
    const flow = await findFlow(manager, tenantId, input.flowId);
    const starter = await findStarter(manager, context);
    if (!mayStart({ settings: flow.settings, organizationId: flow.organizationId }, starter))
      throw new StartForbidden();
    const id = v7();
    const request = { tenantId, at, operation: writer.actor.via, key, input, objectId: id, caller: writer.actor };
    const made = await takeIdempotencyKey(manager, request);
    if (made) return { petitionId: made, faults: [], enrolleeToken: null, petitionerToken: null };
    if (flow.status !== FlowStatus.ACTIVE) {
      throw new Faults([fault(UserErrorCode.FLOW_NOT_ACTIVE, 'This enrollment flow is not active now.', 'flowId')]);
    }
    const organizationId = await chooseOrganization(manager, tenantId, flow, input.organizationId ?? null);
    return start(manager, context, writer, { id, flow, input, organizationId });
  });
}

async function start(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  {
    id,
    flow,
    input,
    organizationId,
  }: { id: string; flow: FoundFlow; input: StartInput; organizationId: string | null },
): Promise<CommandDone & { petitionerToken: string | null }> {
  const { tenantId } = writer;
  const { viewer } = context;
  const { settings } = flow;
  const petitioner = await findAccount(manager, tenantId, viewer?.sessionId ? viewer.userId : null);
  if (settings.match === MatchPolicy.SELF && !petitioner) {
    const message = 'This enrollment flow enrolls whoever starts it: start it in a session of your own.';
    throw new Faults([fault(UserErrorCode.SIGN_IN_REQUIRED, message, 'flowId')]);
  }
  const about = {
    flow: settings,
    isFlowActive: true,
    approvers: null,
    state: { ...NOWHERE, organizationId },
    id: null,
  };
  const facts = await readFacts(manager, context, about, {
    kind: 'START',
    userId: petitioner?.userId ?? null,
  });
  const advanced = begin(settings, { petitioner, organizationId }, facts);
  const petitionerToken = advanced.state.petitionerUserId ? null : createSecret();
  const done = await writeBeginning(manager, context, writer, {
    ...{ id, flowId: input.flowId, flow, advanced, petitionerToken, email: advanced.state.email },
    ...{ locale: input.locale ?? null, returnUrl: input.returnUrl ?? null },
  });
  return { ...done, petitionerToken };
}

/** A petition that begins. */
interface BeginningPetition {
  id: string;
  flowId: string;
  flow: FoundFlow;
  advanced: Advanced;
  petitionerToken: string | null;
  /** The address as it is written. */
  email: string | null;
  locale: MailLocale | null;
  returnUrl: string | null;
}

/** Writes a petition that begins, and does what its first steps bring about. */
export async function writeBeginning(
  manager: EntityManager,
  context: PetitionContext,
  writer: Writer,
  { id, flowId, flow, advanced, petitionerToken, email, locale, returnUrl }: BeginningPetition,
): Promise<CommandDone> {
  const { at } = writer;
  const { settings } = flow;
  const petition: LockedPetition = {
    id,
    flow: settings,
    flowId,
    flowOrganizationId: flow.organizationId,
    flowVersion: flow.number,
    flowName: flow.name,
    isFlowActive: true,
    state: advanced.state,
    attributes: {},
    email,
    locale: locale ?? settings.mailLocale,
    returnUrl,
    approvers: approversOf(settings, advanced.state.organizationId),
    tokens: {
      petitionerTokenHash: petitionerToken && hashSecret(petitionerToken),
      petitionerTokenExpiresAt: petitionerToken && new Date(at.getTime() + TOKEN_MILLISECONDS),
      enrolleeTokenHash: null,
      enrolleeTokenExpiresAt: null,
    },
    membershipId: null,
    createdAt: at,
    expiresAt: expiryOf(settings, at),
    waitsSince: at,
    version: 1,
  };
  await insertPetition(manager, writer, { ...petition, flowVersionId: flow.versionId });
  return settle(manager, context, writer, petition, advanced, email);
}

/** What the facts need of a petition that is not there yet. */
export const NOWHERE = { enrolleeUserId: null, email: null } as LockedPetition['state'];

/** The flow, kept from being changed meanwhile. Throws Faults NOT_FOUND. */
export async function findFlow(manager: EntityManager, tenantId: string, flowId: string): Promise<FoundFlow> {
  const [flow] = await runSql<FoundFlow>(manager, FIND_FLOW, [tenantId, flowId]);
  if (!flow) throw new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such enrollment flow.', 'flowId')]);
  return flow;
}

/** The same as `readStarter`, in the transaction that starts the petition. */
async function findStarter(manager: EntityManager, { viewer, tenant }: PetitionContext): Promise<Starter> {
  if (!viewer || viewer.isTenantAdministrator || !viewer.rolesByOrganization.size) return starterOf(viewer, []);
  const { applicationId, userId } = viewer;
  const text = applicationId ? HELD_BY_APPLICATIONS : HELD_BY_USERS;
  return starterOf(viewer, await runSql<HeldRole>(manager, text, [tenant.id, [applicationId ?? userId]]));
}

/** Where a petition of this flow leads: to the one organization of the flow, or the chosen one of several. */
async function chooseOrganization(
  manager: EntityManager,
  tenantId: string,
  { settings, organizationId: own }: FoundFlow,
  asked: string | null,
): Promise<string | null> {
  const choices = settings.organizationIds.length ? settings.organizationIds : own ? [own] : [];
  if (asked && !choices.includes(asked)) {
    const message = 'This enrollment flow does not lead to that organization.';
    throw new Faults([fault(UserErrorCode.INVALID, message, 'organizationId')]);
  }
  if (!asked && choices.length > 1) {
    const message = 'This enrollment flow leads to several organizations: say which one.';
    throw new Faults([fault(UserErrorCode.REQUIRED, message, 'organizationId')]);
  }
  const chosen = asked ?? choices[0] ?? null;
  if (!chosen) return null;
  const [organization] = await runSql<{ status: OrganizationStatus }>(
    manager,
    'select status from organizations where tenant_id = $1 and id = $2 for key share',
    [tenantId, chosen],
  );
  if (organization?.status === OrganizationStatus.ACTIVE) return chosen;
  const message = 'The organization that this enrollment flow leads to takes no new members now.';
  throw new Faults([fault(UserErrorCode.WRONG_STATUS, message, 'organizationId')]);
}

function checkReturnUrl(url: string | null | undefined) {
  if (!url || (URL.canParse(url) && url.length <= LONGEST_RETURN_URL)) return null;
  const message = `returnUrl is an absolute address of at most ${LONGEST_RETURN_URL} characters.`;
  return fault(UserErrorCode.INVALID, message, 'returnUrl');
}
