import { deepEqual, ok, strictEqual } from 'node:assert';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { transact } from '../../src/database/transact.js';
import { ActorKind, PetitionParty } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import {
  approvePetition,
  commentPetition,
  denyPetition,
  flagDuplicate,
  recordVetting,
} from '../../src/enrollment/approvals/decide.js';
import {
  confirmPetition,
  declinePetition,
  resendConfirmation,
} from '../../src/enrollment/confirmations/answer-confirmation.js';
import { advance, begin } from '../../src/enrollment/machine/advance.js';
import type { Advanced, Command, HistoryEntry, PetitionState } from '../../src/enrollment/machine/state.js';
import { chooseMatch, giveEmail } from '../../src/enrollment/petitions/claim-commands.js';
import {
  agreeToTerms,
  cancelPetition,
  continuePetition,
  selectEnrollee,
  submitAttributes,
} from '../../src/enrollment/petitions/commands.js';
import { lockPetition } from '../../src/enrollment/petitions/locked-petition.js';
import { type CommandDone, giveCommand, type PetitionContext } from '../../src/enrollment/petitions/run-command.js';
import { startPetition } from '../../src/enrollment/petitions/start-petition.js';
import { toFact } from '../../src/enrollment/petitions/write-petition.js';
import { Faults } from '../../src/faults.js';
import { commandFrom, FLOWS, ORGANIZATION, ROLE, type Turn, TURNS, USERS } from '../support/petition-arbitraries.js';
import { eventOf } from '../support/petition-model-rules.js';
import {
  accountOf,
  factsIn,
  mailedToken,
  makeWorld,
  partiesIn,
  type Person,
  startersOf,
  SUSPENDED_SOURCE,
  type World,
} from '../support/petition-world.js';
import { makeFlow } from '../support/petitions.js';

/** How many sequences are run: `PETITION_SEQUENCES=10000` takes some minutes. `PETITION_SEED` runs the same ones again. */
const SEQUENCES = Number(process.env.PETITION_SEQUENCES ?? 300);
const MINUTE = 60_000;

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.test.close());

const ENDS = ['DENY', 'FLAG_DUPLICATE', 'CANCEL', 'EXPIRE', 'DECLINE', 'COMMENT'];
/** What brings a petition on: tried more often than what ends it, or leaves it where it is. */
const LIVELY = [
  ...['SELECT_ENROLLEE', 'SUBMIT_ATTRIBUTES', 'AGREE_TO_TERMS', 'CONFIRM', 'RECORD_VETTING', 'APPROVE'],
  ...['ANSWER_SOURCE', 'ANSWER_MATCH', 'GIVE_EMAIL', 'PROVE_EMAIL', 'CHOOSE_MATCH'],
];
const SYSTEM_KINDS = ['ANSWER_SOURCE', 'ANSWER_MATCH', 'EXPIRE', 'REMIND', 'ESCALATE', 'RENEW_CONFIRMATION'];
const KINDS: Command['kind'][] = [
  ...(['SELECT_ENROLLEE', 'SUBMIT_ATTRIBUTES', 'AGREE_TO_TERMS', 'RESEND_CONFIRMATION', 'CONFIRM', 'DECLINE'] as const),
  ...([
    'CONTINUE',
    'RECORD_VETTING',
    'APPROVE',
    'DENY',
    'FLAG_DUPLICATE',
    'COMMENT',
    'CANCEL',
    'ANSWER_SOURCE',
  ] as const),
  ...(['ANSWER_MATCH', 'EXPIRE', 'REMIND', 'ESCALATE', 'RENEW_CONFIRMATION'] as const),
  ...(['GIVE_EMAIL', 'PROVE_EMAIL', 'CHOOSE_MATCH'] as const),
];
const pick = <Value>(values: readonly Value[], number: number): Value => values[number % values.length]!;

/** What the sequences came to, so that it shows when they come nowhere. */
const reached = new Map<string, number>();
const count = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);

/** A petition in the database, and the same petition in the fold of `advance` over the same commands. */
class Pair {
  readonly history: HistoryEntry[] = [];
  /** The state that each row of the history led to: events tell of it. */
  readonly states: PetitionState[] = [];
  state!: PetitionState;
  id = '';
  petitionerToken: string | null = null;
  enrolleeToken: string | null = null;
  isFlowActive = true;

  constructor(
    readonly flow: FlowSettings,
    readonly flowId: string,
    readonly people: readonly Person[],
  ) {}

  take({ state, history, effects, failure }: Advanced, done: CommandDone): boolean {
    this.state = state;
    this.history.push(...history);
    this.states.push(...history.map(() => state));
    if (effects.some(({ kind }) => kind === 'END_PETITIONER_TOKEN')) this.petitionerToken = null;
    strictEqual(
      done.enrolleeToken !== null,
      effects.some(({ kind }) => kind === 'ISSUE_ENROLLEE_TOKEN'),
    );
    this.enrolleeToken = done.enrolleeToken ?? this.enrolleeToken;
    if (failure) deepEqual(done.faults[0]?.code, failure.code);
    return effects.some(({ kind }) => kind === 'FINALIZE');
  }

  /** What finalizing made is the database's to say; what the petition makes of it is not. */
  async finalize(done: CommandDone): Promise<void> {
    const [row] = await world.rows(
      'select status, enrollee_user_id as enrollee from petitions where tenant_id = $1 and id = $2',
      this.id,
    );
    const system = [PetitionParty.SYSTEM];
    const facts = { isFlowActive: true, terms: [], factors: [], approvers: [], known: null };
    const isDone = row!.status === 'FINALIZED';
    count(isDone ? 'finalized' : `not finalized: ${done.faults[0]?.message}`);
    const made = await world.rows<{ text: string }>(
      `select type || ' ' || value as text from user_identifiers where tenant_id = $1 and petition_id = $2 order by id`,
      this.id,
    );
    const command: Command = isDone
      ? {
          kind: 'FINALIZED',
          enrolleeUserId: row!.enrollee as string,
          identifiers: made.map(({ text }) => text),
          isMerged: this.state.progress.isMerge,
        }
      : { kind: 'FAIL_STEP', message: done.faults.map(({ message }) => message).join(' ') };
    if (this.state.enrolleeUserId && isDone) strictEqual(row!.enrollee, this.state.enrolleeUserId);
    const outcome = advance(this.flow, this.state, command, system, facts);
    ok(!('refusal' in outcome));
    this.take(outcome, { ...done, enrolleeToken: null, faults: outcome.failure ? [outcome.failure] : [] });
  }

  /** The row, the history and the events in the database are those of the fold. */
  async compare(): Promise<void> {
    const { state } = this;
    const [row] = await world.rows(
      `select status, step, waits_for, petitioner_user_id, enrollee_user_id, organization_id, email_normalized,
         is_email_verified, vetting_status, reminders, is_escalated, progress from petitions
       where tenant_id = $1 and id = $2`,
      this.id,
    );
    deepEqual(Object.values(row!).slice(0, -1), [
      ...[state.status, state.step, state.waitsFor, state.petitionerUserId, state.enrolleeUserId, state.organizationId],
      ...[state.email, state.isEmailVerified, state.vettingStatus, state.reminders, state.isEscalated],
    ]);
    deepEqual(row!.progress, JSON.parse(JSON.stringify(state.progress)));
    const history = await world.rows(
      `select action, party, status_before as before, status_after as after, comment from petition_history
       where tenant_id = $1 and petition_id = $2 order by sequence`,
      this.id,
    );
    deepEqual(
      history.map((one) => ({ ...one })),
      this.history,
    );
    const events = await world.rows(
      `select type, organization_id as "organizationId", user_id as "userId", before, after from events
       where tenant_id = $1 and object_id = $2 and type like 'petition.%' order by id`,
      this.id,
    );
    strictEqual(events.length, this.history.length);
    for (const [index, entry] of this.history.entries()) {
      const event = events[index]!;
      const { action, party, before, after } = entry;
      strictEqual(event.type, eventOf([action, party, before, after]));
      const {
        type,
        objectId: _,
        ...fact
      } = toFact(
        { id: this.id, flowId: this.flowId, flowVersion: 1, flow: this.flow },
        this.states[index]!,
        entry,
        null,
      ) as { type: string; objectId: string; before?: unknown; after?: Record<string, unknown> };
      strictEqual(event.type, type);
      const told = { before: null, after: null, ...fact };
      if (type === 'petition.finalized') {
        ok(event.after.membershipId);
        told.after = { ...told.after, membershipId: event.after.membershipId };
      }
      deepEqual({ ...event, type: null }, { ...told, type: null });
    }
  }
}

/** The petition machine's command of a turn, with the people of this world in place of those who are made up. */
async function commandOf(pair: Pair, turn: Turn, caller: Person | null, kind: Command['kind']): Promise<Command> {
  const { flow, state, people } = pair;
  const given = JSON.parse(JSON.stringify(commandFrom(kind, turn, flow, state)), (key, value: unknown) =>
    USERS.includes(value as string) ? people[USERS.indexOf(value as string) % people.length]!.id : value,
  ) as Command;
  const [, , , one, two] = turn.numbers as [number, number, number, number, number];
  const userId = caller?.id ?? null;
  switch (given.kind) {
    case 'SELECT_ENROLLEE':
      return { ...given, account: (await accountOf(world, given.account.userId))! };
    case 'ANSWER_SOURCE':
      return { ...given, account: given.account && (await accountOf(world, given.account.userId)) };
    case 'CONTINUE':
      return { kind, userId, account: await accountOf(world, state.enrolleeUserId) } as Command;
    case 'CONFIRM':
    case 'PROVE_EMAIL':
      return { ...given, userId };
    case 'GIVE_EMAIL': {
      const account = await accountOf(world, state.petitionerUserId ?? state.enrolleeUserId);
      const addresses = [
        `new-${pair.id}@example.org`,
        account?.email,
        `own-${pair.id}@example.org`,
        pick(people, two).email,
      ];
      const normalized = pick(addresses, one) ?? addresses[0]!;
      const isVerified = account !== null && account.isEmailVerified && account.email === normalized;
      return { ...given, email: { normalized, isVerified }, userId };
    }
    case 'AGREE_TO_TERMS':
      return { ...given, terms: one % 4 ? [world.termsKey] : [], userId };
    case 'APPROVE':
    case 'DENY':
      return { ...given, approverId: userId!, comment: given.comment?.trim() || null };
    case 'SUBMIT_ATTRIBUTES': {
      if (!flow.attributes.some(({ key }) => key === 'email')) return { ...given, email: null, userId };
      const known = pick(people, two).email;
      const isAdministrative = flow.authorization.includes('ADMINISTRATOR');
      // Who picks somebody else vouches for nothing.
      const { enrolleeUserId, petitionerUserId } = state;
      const isOthers = !isAdministrative && enrolleeUserId !== null && enrolleeUserId !== petitionerUserId;
      const own = isOthers ? null : (enrolleeUserId ?? (isAdministrative ? null : petitionerUserId));
      const account = await accountOf(world, own);
      const addresses = [`new-${pair.id}@example.org`, account?.email, `new-${pair.id}@example.org`, known];
      const normalized = pick(addresses, one) ?? addresses[0]!;
      const isVerified = account !== null && account.isEmailVerified && account.email === normalized;
      return { ...given, email: { normalized, isVerified }, userId };
    }
    case 'FLAG_DUPLICATE':
    case 'CANCEL':
      return { ...given, comment: given.comment?.slice(0, 100) ?? null };
    default:
      return given;
  }
}

/** Does what the command says by the operation that people have for it. */
async function perform(
  context: PetitionContext,
  pair: Pair,
  command: Command,
  token: string | null,
): Promise<CommandDone> {
  const { id, flow } = pair;
  switch (command.kind) {
    case 'SELECT_ENROLLEE':
      return selectEnrollee(context, { id, userId: command.account.userId });
    case 'SUBMIT_ATTRIBUTES': {
      const values = { email: command.email?.normalized, motive: 'Because.' } as Record<string, string | undefined>;
      const asked = flow.attributes.filter(({ key, enablement }) => enablement !== 'NOT_PERMITTED' && values[key]);
      return submitAttributes(context, {
        id,
        attributes: Object.fromEntries(asked.map(({ key }) => [key, values[key]])),
      });
    }
    case 'AGREE_TO_TERMS': {
      const terms = command.terms.map((key) => ({ id: key.split(':')[0]!, edition: Number(key.split(':')[1]) }));
      return agreeToTerms(context, { id, terms });
    }
    case 'RESEND_CONFIRMATION':
      return resendConfirmation(context, { id });
    case 'CONFIRM':
    case 'PROVE_EMAIL':
      return confirmPetition(context, { token: token! });
    case 'GIVE_EMAIL':
      return giveEmail(context, { id, email: command.email.normalized });
    case 'CHOOSE_MATCH':
      return chooseMatch(context, { id, referenceId: command.referenceId });
    case 'DECLINE':
      return declinePetition(context, { token: token! });
    case 'CONTINUE':
      return continuePetition(context, { id });
    case 'RECORD_VETTING':
      return recordVetting(context, { id, outcome: command.outcome });
    case 'APPROVE':
      return approvePetition(context, { ...command, id });
    case 'DENY':
      return denyPetition(context, { ...command, id });
    case 'FLAG_DUPLICATE':
      return flagDuplicate(context, { id, comment: command.comment });
    case 'COMMENT':
      return commentPetition(context, { id, text: 'Between us.' });
    case 'CANCEL':
      return cancelPetition(context, { id, comment: command.comment });
    default:
      return transact(context.database, context.tenant.id, async (manager) => {
        const petition = (await lockPetition(manager, context.tenant.id, id))!;
        const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'test' };
        const writer = { tenantId: context.tenant.id, at: context.clock(), actor };
        return giveCommand(manager, context, writer, petition, { command }, [PetitionParty.SYSTEM]);
      });
  }
}

async function refusedWith(act: () => Promise<CommandDone>): Promise<CommandDone | string> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Faults)) throw error;
    return error.faults[0]!.code;
  }
}

async function turnOf(pair: Pair, turn: Turn): Promise<void> {
  const { flow, state } = pair;
  const [what, , who, three, active] = turn.numbers as [number, number, number, number, number];
  world.pass(20 * MINUTE);
  if (active % 16 === 15 || !pair.isFlowActive) {
    pair.isFlowActive = !pair.isFlowActive;
    const status = pair.isFlowActive ? 'ACTIVE' : 'SUSPENDED';
    await world.write('update enrollment_flows set status = $3 where tenant_id = $1 and id = $2', pair.flowId, status);
  }
  const isProving = state.progress.isProvingEmail === true;
  const token = isProving || state.status === 'PENDING_CONFIRMATION' ? await mailedToken(world, pair.id) : null;
  // Who has the link is the enrollee, or proves the petitioner's address; without it there is nothing to answer.
  const [links, other] = [['PROVE_EMAIL'], ['CONFIRM', 'DECLINE']];
  const answers = token === null ? [] : isProving ? links : other;
  const kinds = KINDS.filter((kind) => answers.includes(kind) || ![...links, ...other].includes(kind));
  const people: [Person | null, string | null][] = [
    ...(pair.petitionerToken ? [[null, pair.petitionerToken] as [null, string]] : []),
    ...(pair.enrolleeToken ? [[null, pair.enrolleeToken] as [null, string]] : []),
    ...pair.people.map((person) => [person, null] as [Person, null]),
    [null, null],
  ];
  const able = ([person, held]: [Person | null, string | null], kind: Command['kind']): PetitionParty[] => {
    if (SYSTEM_KINDS.includes(kind)) return [PetitionParty.SYSTEM];
    if (kind === 'CONFIRM' || kind === 'DECLINE') return [PetitionParty.ENROLLEE];
    const isPetitioner = held !== null && held === pair.petitionerToken;
    const isEnrollee = held !== null && held === pair.enrolleeToken;
    return partiesIn(world, flow, state, person, { isPetitioner, isEnrollee });
  };
  const isPossible = (caller: [Person | null, string | null], kind: Command['kind']) =>
    !('refusal' in advance(flow, state, commandFrom(kind, turn, flow, state), able(caller, kind), POSSIBLE));
  const pairs = kinds.flatMap((kind) => people.map((caller) => [caller, kind] as const));
  const possible = turn.isGuided ? pairs.filter(([caller, kind]) => isPossible(caller, kind)) : [];
  const lively = possible.filter(([, kind]) => LIVELY.includes(kind));
  const harmless = possible.filter(([, kind]) => !ENDS.includes(kind));
  const among = [what % 8 ? lively : [], three % 8 ? harmless : [], possible, pairs].find((some) => some.length)!;
  const moves = [...new Set(among.map(([, kind]) => kind))];
  const kind = pick(moves, what);
  const [caller] = pick(
    among.filter(([, of]) => of === kind),
    who + three,
  );
  if ((kind === 'APPROVE' || kind === 'DENY') && !caller[0]) return;
  const command = await commandOf(pair, turn, caller[0], kind);
  const facts = await factsIn(world, flow, state, command, pair.isFlowActive);
  const expected = advance(flow, state, command, able(caller, kind), facts);
  const context = world.contextOf(SYSTEM_KINDS.includes(kind) ? null : caller[0], caller[1]);
  const done = await refusedWith(() => perform(context, pair, command, token));
  count(`${kind} ${typeof done === 'string' ? 'refused' : 'done'}`);
  const told = JSON.stringify({ command, by: caller[0]?.name ?? caller[1], state });
  const mails = 'effects' in expected && expected.effects.some(({ kind: effect }) => effect === 'SEND_CONFIRMATION');
  // How often an address is mailed is no matter of the machine.
  if (done === 'RATE_LIMITED' && (mails || kind === 'GIVE_EMAIL' || kind === 'CONTINUE')) return;
  // A link to claim with is of use to the petitioner alone, and everybody else is told so before anything.
  if (kind === 'PROVE_EMAIL' && !able(caller, kind).includes(PetitionParty.PETITIONER))
    return strictEqual(done, 'SIGN_IN_REQUIRED');
  const isOther = 'refusal' in expected && expected.refusal.code === 'MANUAL_ACTION_NEEDED';
  if (done === 'REAUTHENTICATION_REQUIRED' && isOther) return;
  if ('refusal' in expected || typeof done === 'string') {
    deepEqual(done, 'refusal' in expected ? expected.refusal.code : 'done', told);
    return;
  }
  if (pair.take(expected, done)) await pair.finalize(done);
}

/** The world in which nothing is wrong: for guessing which commands can be given. */
const POSSIBLE = { isFlowActive: true, terms: [], factors: [], approvers: [], known: null };

async function play(drawn: FlowSettings, starter: number, turns: readonly Turn[]): Promise<void> {
  world.pass(24 * 60 * MINUTE);
  const newcomer = await world.makeNewcomer(starter % 2 === 0);
  const texts: Record<string, string> = { [ORGANIZATION]: world.organizationId, [ROLE]: world.roleId };
  const flow = JSON.parse(
    JSON.stringify(drawn),
    (_key, value: unknown) => texts[value as string] ?? value,
  ) as FlowSettings;
  if (flow.requiresApproval && starter % 3 === 0) flow.approverRoleId = world.roleId;
  const { id: flowId } = await makeFlow(world.tenant, { settings: flow });
  const pair = new Pair(flow, flowId, [...world.everybody, newcomer]);
  const person = pick(startersOf(world, flow, newcomer), starter);
  const done = await startPetition(world.contextOf(person), { flowId, organizationId: world.organizationId });
  pair.id = done.petitionId;
  pair.petitionerToken = done.petitionerToken;
  const petitioner = await accountOf(world, person?.id ?? null);
  const terms = flow.terms === 'IGNORE' ? [] : [world.termsKey];
  const sources = {
    suspendedSources: [SUSPENDED_SOURCE],
    hasVerifiedRecordEmail: flow.match === 'SELF' && petitioner?.isEmailVerified === true,
  };
  const begun = begin(flow, { petitioner, organizationId: world.organizationId }, { ...POSSIBLE, ...sources, terms });
  if (pair.take(begun, done)) await pair.finalize(done);
  strictEqual(done.petitionerToken !== null, begun.state.petitionerUserId === null);
  let left = 3;
  for (const turn of turns) {
    // A petition that is over is tried a few times more.
    if (pair.state.waitsFor === null && left-- === 0) break;
    await turnOf(pair, turn);
  }
  await pair.compare();
  count(pair.state.status);
}

describe('petitions in the database and the fold of the machine over the same commands', () => {
  it(
    `agree on status, history and events of ${SEQUENCES} random sequences`,
    async () => {
      const sequences = fc.tuple(FLOWS, fc.nat(999), TURNS);
      const seed = Number(process.env.PETITION_SEED ?? Date.now() % 1_000_000);
      for (const [index, [flow, starter, turns]] of fc.sample(sequences, { numRuns: SEQUENCES, seed }).entries()) {
        try {
          await play(flow, starter, turns);
        } catch (error) {
          throw new Error(`Sequence ${index} of PETITION_SEED=${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
      if (process.env.PETITION_REPORT)
        process.stdout.write(`${JSON.stringify(Object.fromEntries([...reached].sort()), null, 2)}\n`);
      if (SEQUENCES >= 100)
        for (const status of ['FINALIZED', 'DENIED', 'DUPLICATE', 'CANCELED'])
          expect([...reached.keys()]).toContain(status);
    },
    SEQUENCES * 2_000 + 60_000,
  );
});
