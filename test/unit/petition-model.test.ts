import { deepEqual, ok, strictEqual } from 'node:assert';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FactorKind } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { checkFlow } from '../../src/enrollment/flows/check-flow.js';
import { advance, begin } from '../../src/enrollment/machine/advance.js';
import { nextActions, PETITION_ACTIONS } from '../../src/enrollment/machine/next-actions.js';
import type { Advanced, Command, Effect, PetitionState } from '../../src/enrollment/machine/state.js';
import { toFact } from '../../src/enrollment/petitions/write-petition.js';
import {
  accountFrom,
  commandFrom,
  factsFrom,
  FLOWS,
  OLD_FLOWS,
  ORGANIZATION,
  PARTIES,
  partiesFrom,
  type Turn,
  TURNS,
} from '../support/petition-arbitraries.js';
import { expectBeginning, expectCommand } from '../support/petition-model.js';
import {
  COMMAND_KINDS,
  eventOf,
  FOLLOWS,
  isOfferedBySource,
  type Model,
  type Row,
  whyNot,
} from '../support/petition-model-rules.js';

const RUNS = Number(process.env.PETITION_MODEL_RUNS ?? 10_000);
const PETITION = { id: '01936d5e-0000-7000-8000-000000000777', flowId: null, flowVersion: 1 };

/** Effects that the model knows of: which mails go out. */
const mailsOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'MAIL' ? [effect.mail] : []));

function compare(flow: FlowSettings, advanced: Advanced, expected: ReturnType<typeof expectBeginning>) {
  const { state, history, effects, failure } = advanced;
  const { model } = expected;
  const rows: Row[] = history.map(({ action, party, before, after }) => [action, party, before, after]);
  const seen = {
    status: state.status as string,
    step: state.step as string,
    waitsFor: state.waitsFor as string | null,
    petitioner: state.petitionerUserId,
    enrollee: state.enrolleeUserId,
    email: state.email,
    isProven: state.isEmailVerified,
    reminders: state.reminders,
    isEscalated: state.isEscalated,
    isMatched: state.progress.isMatched,
    said: state.progress.sources as Record<string, string>,
    approvals: state.progress.approvals,
    seats: state.progress.seats ?? [],
    proof: state.progress.ownProof ?? null,
    isSignedIn: state.progress.isAuthenticated ?? false,
    isProving: state.progress.isProvingEmail ?? false,
    candidates: state.progress.matchCandidates?.map(({ referenceId }) => referenceId) ?? null,
    choice: state.progress.matchChoice ?? null,
    delays: state.progress.matchDelays ?? [],
    identifier: state.progress.matchIdentifier?.value ?? null,
    confirmedBy: state.progress.confirmedByUserId ?? null,
  } satisfies Model;
  const got = [seen, rows, mailsOf(effects), failure?.code ?? null];
  deepEqual(got, [model, expected.history, expected.mails, expected.failed]);
  const facts = history.map((entry) => toFact({ ...PETITION, flow }, state, entry, null));
  deepEqual(
    facts.map(({ type, objectId, organizationId, ...fact }) => [type, objectId, organizationId, told(type, fact)]),
    expected.history.map((row) => [eventOf(row), PETITION.id, ORGANIZATION, toldBy(row)]),
  );
}

/** What an event says of the status. */
function told(type: string, { before, after }: { before?: unknown; after?: unknown }) {
  if (type === 'petition.created' || type === 'petition.finalized') return {};
  return before ? { before, after } : { after };
}

function toldBy(row: Row) {
  const [action, party, before, after] = row;
  if (eventOf(row) === 'petition.advanced') return { after: { action, party } };
  return before ? { before: { status: before }, after: { status: after, party } } : {};
}

/** What holds of whatever the machine leads to. */
function checkSoundness(before: PetitionState | null, { state, history, effects }: Advanced) {
  let status: string | null = before?.status ?? null;
  for (const entry of history) {
    if (entry.after === null) continue;
    strictEqual(entry.before, status);
    if (status !== null) ok(FOLLOWS[status]!.split(' ').includes(entry.after));
    status = entry.after;
  }
  strictEqual(state.status, status);
  ok(history.every(({ comment }) => comment === null || [...comment].length <= 256));
  const isOver = FOLLOWS[state.status] === '';
  strictEqual(state.step === 'DONE', isOver);
  strictEqual(state.waitsFor === null, isOver);
  const finalizes = effects.some(({ kind }) => kind === 'FINALIZE');
  if (finalizes) deepEqual([state.step, state.waitsFor], ['FINALIZE', 'SYSTEM']);
  else ok(state.step !== 'FINALIZE' || before?.step === 'FINALIZE');
}

/** What each party may do next is what the rules let them do. */
function checkActions(flow: FlowSettings, state: PetitionState, model: Model) {
  for (const isFlowActive of [true, false]) {
    for (const party of PARTIES) {
      deepEqual(
        nextActions(flow, state, [party], isFlowActive, null),
        PETITION_ACTIONS.filter(
          (kind) =>
            isOfferedBySource(flow, model, kind, party, isFlowActive) ??
            whyNot(model, kind as Command['kind'], [party], isFlowActive) === null,
        ),
      );
    }
  }
}

const seenSteps = new Map<string, number>();

function play(flow: FlowSettings, starter: number, first: Turn, turns: readonly Turn[]) {
  const beginning = {
    petitioner: starter % 4 ? accountFrom(starter) : null,
    organizationId: ORGANIZATION,
  };
  const facts = { ...factsFrom(first), isFlowActive: true, known: null };
  const begun = begin(flow, beginning, facts);
  const expected = expectBeginning(flow, beginning, facts);
  compare(flow, begun, expected);
  checkSoundness(null, begun);
  let { state } = begun;
  let { model } = expected;
  for (const turn of turns) {
    const world = factsFrom(turn);
    const able = (kind: Command['kind']) =>
      PARTIES.filter((party) => whyNot(model, kind, [party], true) === null) as string[];
    const possible = COMMAND_KINDS.filter((kind) => able(kind).length);
    const among = turn.isGuided && possible.length ? possible : COMMAND_KINDS;
    // Ends come last, so that most petitions get somewhere.
    const ends = ['DENY', 'FLAG_DUPLICATE', 'CANCEL', 'EXPIRE', 'DECLINE', 'FAIL_STEP'];
    const lively = among.filter((kind) => !ends.includes(kind));
    const kinds = lively.length && turn.numbers[5]! % 8 ? lively : among;
    const kind = kinds[turn.numbers[0]! % kinds.length]!;
    const command = commandFrom(kind, turn, flow, state);
    const parties = partiesFrom(turn, able(kind));
    const frozen = JSON.stringify([flow, state, command, world]);
    const outcome = advance(flow, state, command, parties, world);
    const due = expectCommand(flow, model, command, parties, world);
    strictEqual(JSON.stringify([flow, state, command, world]), frozen);
    if ((PETITION_ACTIONS as readonly string[]).includes(kind)) {
      const named: string[] = nextActions(flow, state, parties, world.isFlowActive, null);
      if (!named.includes(kind)) ok('refusal' in outcome);
    }
    if ('refusal' in outcome || 'refused' in due) {
      strictEqual('refusal' in outcome ? outcome.refusal.code : 'done', 'refused' in due ? due.refused : 'done');
      continue;
    }
    compare(flow, outcome, due);
    checkSoundness(state, outcome);
    checkActions(flow, outcome.state, due.model);
    ({ state } = outcome);
    ({ model } = due);
    seenSteps.set(state.step, (seenSteps.get(state.step) ?? 0) + 1);
    seenSteps.set(state.status, (seenSteps.get(state.status) ?? 0) + 1);
  }
}

describe('the petition machine and the model of its rules', () => {
  it('is tried with flows that can be saved', () => {
    const place = { organizationId: null, origins: [], factorKinds: [FactorKind.TOTP, FactorKind.PASSKEY] };
    fc.assert(
      fc.property(FLOWS, (flow) => {
        expect(checkFlow(flow, place).faults).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it(`agree on status, history and events of ${RUNS} random sequences of commands`, () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: FLOWS }, OLD_FLOWS), fc.nat(999), TURNS, (flow, starter, turns) =>
        play(flow, starter, turns[0]!, turns),
      ),
      {
        numRuns: RUNS,
      },
    );
    // The sequences come everywhere.
    for (const status of Object.keys(FOLLOWS)) expect([status, seenSteps.get(status) ?? 0]).not.toEqual([status, 0]);
  }, 300_000);
});
