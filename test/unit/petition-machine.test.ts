import { describe, expect, it } from '@jest/globals';
import { MatchPolicy, PetitionParty as P, PetitionStatus, PetitionStep, TermsMode } from '../../src/entities/enums.js';
import { advance } from '../../src/enrollment/machine/advance.js';
import { nextActions } from '../../src/enrollment/machine/next-actions.js';
import type { Command, PetitionState } from '../../src/enrollment/machine/state.js';
import { TERMINAL_STATUSES, isTerminal, mayFollow } from '../../src/enrollment/machine/transitions.js';
import {
  PARTIES,
  ROLE,
  TERMS,
  account,
  attributeOf,
  commandFrom,
  factsOf,
  flowOf,
} from '../support/petition-arbitraries.js';
import { COMMAND_KINDS, FOLLOWS } from '../support/petition-model-rules.js';
import {
  ADA,
  ADMINISTRATOR,
  APPROVER,
  ENROLLEE,
  MAILED,
  OPEN,
  OPEN_RULES,
  PETITIONER,
  Petition,
  STANDING,
  SYSTEM,
  approve,
  deny,
  finalized,
} from '../support/petition-driver.js';

describe('transitions', () => {
  const statuses = Object.values(PetitionStatus);

  it.each(statuses.flatMap((from) => statuses.map((to) => ({ from, to }))))('from $from to $to', ({ from, to }) => {
    expect(mayFollow(from, to)).toBe(FOLLOWS[from]!.split(' ').includes(to));
  });

  it('end in the statuses that nothing follows', () => {
    expect([...TERMINAL_STATUSES].sort()).toEqual([
      'CANCELED',
      'DECLINED',
      'DENIED',
      'DUPLICATE',
      'EXPIRED',
      'FINALIZED',
    ]);
    expect(statuses.filter(isTerminal)).toEqual([...TERMINAL_STATUSES]);
  });
});

describe('every command in every place', () => {
  const turn = (number: number) => ({
    isGuided: true,
    numbers: Array.from({ length: 12 }, (_, at) => number * 7 + at * 3),
  });

  it.each(Object.keys(STANDING))('in %s is accepted or refused, and never throws', (place) => {
    const { flow, state, facts } = STANDING[place]!();
    expect([state.step, state.status]).toContain(place.split(' ')[0]);
    for (const kind of COMMAND_KINDS) {
      for (const parties of [[], ...PARTIES.map((party) => [party]), PARTIES]) {
        for (let number = 0; number < 12; number++) {
          const outcome = advance(flow, state, commandFrom(kind, turn(number), flow, state), parties, facts);
          if ('refusal' in outcome) continue;
          expect(parties.length).toBeGreaterThan(0);
          const isMoved = outcome.state.status !== state.status;
          const changes = outcome.history.filter(({ after }) => after !== null);
          expect(changes.length > 0).toBe(isMoved);
        }
      }
    }
  });

  it.each(TERMINAL_STATUSES)('[ENR-61] is refused in %s, whoever gives it', (status) => {
    const { flow, state, facts } = STANDING[status]!();
    expect(state).toMatchObject({ status, step: PetitionStep.DONE, waitsFor: null });
    expect(nextActions(OPEN_RULES, state, PARTIES, true, null)).toEqual([]);
    for (const kind of COMMAND_KINDS) {
      const isDecision = kind === 'APPROVE' || kind === 'DENY';
      const isDecided = ['DENIED', 'DUPLICATE', 'FINALIZED'].includes(status);
      const code = isDecision && isDecided ? 'PETITION_ALREADY_DECIDED' : 'PETITION_FINISHED';
      expect(advance(flow, state, commandFrom(kind, turn(1), flow, state), PARTIES, facts)).toMatchObject({
        refusal: { code },
      });
    }
  });

  it('ends the confirmation where a petition ends', () => {
    expect(STANDING.DECLINED!().effects).toEqual(['REVOKE_CONFIRMATION']);
    expect(STANDING.WAIT_FOR_CONFIRMATION!().give(deny(), APPROVER).effects).toContain('REVOKE_CONFIRMATION');
    expect(STANDING.ATTRIBUTES!().give({ kind: 'EXPIRE' }, SYSTEM).effects).toEqual(['MAIL EXPIRED']);
  });

  it('is refused while the flow is not active, except what ends a petition or talks about it', () => {
    const { flow, state } = STANDING.WAIT_FOR_APPROVAL!();
    const facts = factsOf({ isFlowActive: false });
    const accepted = COMMAND_KINDS.filter(
      (kind) => !('refusal' in advance(flow, state, commandFrom(kind, turn(1), flow, state), PARTIES, facts)),
    );
    expect(accepted).toEqual(['COMMENT', 'CANCEL', 'EXPIRE']);
    expect(advance(flow, state, approve(), APPROVER, facts)).toMatchObject({ refusal: { code: 'FLOW_NOT_ACTIVE' } });
  });
});

describe('a petition', () => {
  it('[ENR-02] [ENR-03] records nobody as its petitioner where everybody may start it', () => {
    for (const petitioner of [null, account()]) {
      const { state, last } = new Petition(flowOf(OPEN), petitioner);
      expect(state).toMatchObject({
        status: 'CREATED',
        step: 'ATTRIBUTES',
        petitionerUserId: null,
        enrolleeUserId: null,
      });
      expect(last.history).toEqual([
        { action: 'CREATED', party: 'PETITIONER', before: null, after: 'CREATED', comment: null },
      ]);
    }
  });

  it('[ENR-10] is finalized by its petitioner where nothing is asked', () => {
    const petition = new Petition(flowOf(), account());
    expect(petition.state).toMatchObject({ status: 'CREATED', step: 'FINALIZE', waitsFor: 'SYSTEM' });
    expect(petition.effects).toEqual(['FINALIZE']);
    finalized(petition);
    expect(petition.state).toMatchObject({ status: 'FINALIZED', step: 'DONE', enrolleeUserId: ADA });
  });

  it('[ENR-11] enrolls who starts it with match SELF', () => {
    const petition = new Petition(flowOf({ match: MatchPolicy.SELF, attributes: [attributeOf()] }), account());
    expect(petition.state).toMatchObject({ step: 'ATTRIBUTES', enrolleeUserId: ADA, email: 'ada@example.org' });
    expect(petition.actions).toEqual(['CREATED', 'IDENTITY_LINKED']);
  });

  it('[ENR-12] enrolls who is chosen with match SELECT', () => {
    const petition = STANDING.SELECT_ENROLLEE!();
    expect(petition.state).toMatchObject({ step: 'SELECT_ENROLLEE', waitsFor: 'PETITIONER', enrolleeUserId: null });
    const command = { kind: 'SELECT_ENROLLEE', account: account() } as const;
    expect(petition.refuse(command, ENROLLEE).code).toBe('NOT_YOUR_TURN');
    petition.give(command, PETITIONER);
    expect(petition.state).toMatchObject({
      step: 'WAIT_FOR_CONFIRMATION',
      enrolleeUserId: ADA,
      email: 'ada@example.org',
    });
    expect(petition.refuse(command, PETITIONER).code).toBe('WRONG_STATUS');
  });

  it('tells those who are to be told of each status', () => {
    const petition = new Petition(flowOf({ ...MAILED, notificationRoleId: ROLE }));
    expect(petition.effects).toEqual(['MAIL STATUS_CHANGED']);
    expect(petition.submit().effects).toEqual(['MAIL STATUS_CHANGED', 'SEND_CONFIRMATION']);
  });

  it('[ENR-65] keeps its status when a step fails, and who it waits for, or an administrator', () => {
    const failed = STANDING.FINALIZE!().give({ kind: 'FAIL_STEP', message: 'The address is taken.' }, SYSTEM);
    expect(failed.state).toMatchObject({ status: 'APPROVED', step: 'FINALIZE', waitsFor: 'ADMINISTRATOR' });
    expect(failed.last.history).toEqual([
      { action: 'STEP_FAILED', party: 'SYSTEM', before: null, after: null, comment: 'The address is taken.' },
    ]);
    expect(failed.refuse({ kind: 'CONTINUE', userId: null }, PETITIONER).code).toBe('NOT_YOUR_TURN');
    failed.give({ kind: 'CONTINUE', userId: null }, ADMINISTRATOR);
    expect(failed.effects).toEqual(['FINALIZE']);
    const asked = STANDING.TERMS!().give({ kind: 'FAIL_STEP', message: 'Something.' }, SYSTEM);
    expect(asked.state.waitsFor).toBe('ENROLLEE');
    asked.give({ kind: 'AGREE_TO_TERMS', terms: TERMS }, ENROLLEE);
  });

  it('cuts comments of the history at 256 characters, and no character in half', () => {
    const petition = STANDING.ATTRIBUTES!().give({ kind: 'CANCEL', comment: '🚪'.repeat(300) }, PETITIONER);
    expect(petition.last.history[0]!.comment).toBe('🚪'.repeat(256));
  });

  it('[ENR-58] is given identifiers, then its status, then accounts; provisioning comes once, and mail last', () => {
    const flow = flowOf({ ...OPEN, accountSystems: ['mail'], notifiesOfFinalization: true });
    const petition = finalized(new Petition(flow).submit());
    expect(petition.actions).toEqual(['IDENTIFIERS_ASSIGNED', 'STATUS_UPDATED', 'ACCOUNTS_REQUESTED', 'PROVISIONED']);
    expect(petition.effects).toEqual(['MAIL FINALIZED']);
  });
});

describe('terms', () => {
  const flow = flowOf({ ...OPEN, terms: TermsMode.EXPLICIT });

  it('[ENR-50] must all be agreed to, in the edition that is active', () => {
    const petition = new Petition(flow, null, factsOf({ terms: TERMS })).submit();
    expect(petition.state).toMatchObject({ step: 'PETITIONER_TERMS', waitsFor: 'PETITIONER' });
    for (const terms of [[], TERMS.slice(1), ['terms-a:2', TERMS[1]!]])
      expect(petition.refuse({ kind: 'AGREE_TO_TERMS', terms }, PETITIONER)).toMatchObject({ code: 'TERMS_REQUIRED' });
    petition.give({ kind: 'AGREE_TO_TERMS', terms: TERMS }, PETITIONER);
    expect(petition.last.effects[0]).toEqual({ kind: 'RECORD_TERMS', terms: TERMS, isExplicit: true });
    expect(petition.actions).toEqual(['TERMS_AGREED']);
  });

  it('[ENR-50] are skipped where none is active, or the flow ignores them', () => {
    expect(new Petition(flow).submit().state.step).toBe('FINALIZE');
    const ignoring = flowOf({ ...flow, terms: TermsMode.IGNORE });
    expect(new Petition(ignoring, null, factsOf({ terms: TERMS })).submit().state.step).toBe('FINALIZE');
  });

  it('are agreed to by going on where they are implied', () => {
    const implying = flowOf({ ...flow, terms: TermsMode.IMPLIED });
    const petition = new Petition(implying, null, factsOf({ terms: TERMS })).submit();
    expect(petition.last.effects[0]).toEqual({ kind: 'RECORD_TERMS', terms: TERMS, isExplicit: false });
    expect(petition.actions).toEqual(['ATTRIBUTES_UPDATED', 'TERMS_IMPLIED']);
  });

  it('are agreed to by whom the step is for', () => {
    const petition = STANDING.TERMS!();
    expect(petition.state.waitsFor).toBe('ENROLLEE');
    const command = { kind: 'AGREE_TO_TERMS', terms: TERMS } as const;
    expect(petition.refuse(command, PETITIONER).code).toBe('NOT_YOUR_TURN');
    expect(petition.refuse(command, APPROVER).code).toBe('NOT_YOUR_TURN');
    petition.give(command, ENROLLEE);
  });
});

describe('the clock', () => {
  it('reminds as often as the flow says, and begins anew in the next step', () => {
    const flow = flowOf({ ...MAILED, requiresApproval: true, reminderHours: 1, reminderCount: 3, escalationHours: 5 });
    const petition = new Petition(flow).submit();
    const remind = (number?: number): Command => ({ kind: 'REMIND', number });
    petition.give(remind(), SYSTEM);
    expect(petition.effects).toEqual(['SEND_CONFIRMATION']);
    expect(petition.state.reminders).toBe(1);
    expect(petition.give(remind(9), SYSTEM).state.reminders).toBe(3);
    expect(petition.refuse(remind(), SYSTEM).code).toBe('WRONG_STATUS');
    expect(petition.confirm().state.reminders).toBe(0);
    expect(petition.give(remind(), SYSTEM).effects).toEqual(['MAIL APPROVAL_REMINDER']);
    expect(petition.give({ kind: 'ESCALATE' }, SYSTEM).effects).toEqual(['MAIL APPROVAL_ESCALATED']);
    expect(petition.refuse({ kind: 'ESCALATE' }, SYSTEM).code).toBe('WRONG_STATUS');
    expect(petition.state).toMatchObject({ reminders: 1, isEscalated: true });
  });

  it('never ends what is approved', () => {
    expect(STANDING.FINALIZE!().refuse({ kind: 'EXPIRE' }, SYSTEM).code).toBe('WRONG_STATUS');
    expect(STANDING.WAIT_FOR_APPROVAL!().give({ kind: 'EXPIRE' }, SYSTEM).state.status).toBe('EXPIRED');
  });
});

describe('next actions', () => {
  const of = (place: string, ...parties: P[]) => nextActions(OPEN_RULES, STANDING[place]!().state, parties, true, null);

  it('are what each party may do in each place', () => {
    expect(of('ATTRIBUTES', P.PETITIONER)).toEqual(['SUBMIT_ATTRIBUTES', 'CANCEL']);
    expect(of('ATTRIBUTES', P.ENROLLEE)).toEqual(['CANCEL']);
    expect(of('ATTRIBUTES', P.APPROVER)).toEqual(['DENY', 'FLAG_DUPLICATE', 'COMMENT']);
    expect(of('ATTRIBUTES')).toEqual([]);
    expect(of('WAIT_FOR_CONFIRMATION', P.PETITIONER)).toEqual(['RESEND_CONFIRMATION', 'CANCEL']);
    expect(of('WAIT_FOR_CONFIRMATION', P.ENROLLEE)).toEqual(['CONFIRM', 'DECLINE', 'CANCEL']);
    expect(of('VETTING', P.ADMINISTRATOR)).toEqual(['RECORD_VETTING', 'COMMENT', 'CANCEL']);
    expect(of('WAIT_FOR_APPROVAL', P.APPROVER)).toEqual(['APPROVE', 'DENY', 'FLAG_DUPLICATE', 'COMMENT']);
    expect(of('WAIT_FOR_APPROVAL', P.PETITIONER)).toEqual(['CANCEL']);
    expect(of('FINALIZE', P.APPROVER)).toEqual(['CONTINUE', 'COMMENT']);
    expect(of('SOURCES', P.SYSTEM)).toEqual([]);
  });

  it('are fewer while the flow is not active', () => {
    const state: PetitionState = STANDING.WAIT_FOR_APPROVAL!().state;
    expect(nextActions(OPEN_RULES, state, PARTIES, false, null)).toEqual(['COMMENT', 'CANCEL']);
  });
});
