import { describe, expect, it } from '@jest/globals';
import {
  ApprovalRule,
  DecisionDemand,
  DuplicateMode,
  FlowAuthorization,
  VettingStatus,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Account } from '../../src/enrollment/machine/state.js';
import { DENIAL_WORDS, account, flowOf } from '../support/petition-arbitraries.js';
import {
  ADA,
  ADMINISTRATOR,
  APPROVER,
  ENROLLEE,
  GRACE,
  KIM,
  LIN,
  MAILED,
  PETITIONER,
  Petition,
  STANDING,
  SYSTEM,
  approve,
  deny,
} from '../support/petition-driver.js';

describe('vetting', () => {
  const record = (outcome: VettingStatus) => ({ kind: 'RECORD_VETTING', outcome }) as const;

  it('[ENR-59] that is passed leads to the approval', () => {
    const petition = STANDING.VETTING!();
    expect(petition.state).toMatchObject({
      status: 'PENDING_VETTING',
      waitsFor: 'ADMINISTRATOR',
      vettingStatus: 'REQUESTED',
    });
    for (const open of [VettingStatus.PENDING_RESULT, VettingStatus.PENDING_MANUAL, VettingStatus.REQUESTED]) {
      petition.give(record(open), SYSTEM);
      expect(petition.state).toMatchObject({ status: 'PENDING_VETTING', vettingStatus: open });
      expect(petition.actions).toEqual(['VETTING_REQUESTED']);
    }
    petition.give(record(VettingStatus.PASSED), ADMINISTRATOR);
    expect(petition.state).toMatchObject({
      status: 'PENDING_APPROVAL',
      step: 'WAIT_FOR_APPROVAL',
      waitsFor: 'APPROVER',
    });
    expect(petition.effects).toEqual(['MAIL APPROVAL_REQUESTED']);
  });

  it('[ENR-59] that is not passed denies', () => {
    for (const outcome of [VettingStatus.FAILED, VettingStatus.ERROR, VettingStatus.CANCELED]) {
      const petition = STANDING.VETTING!().give(record(outcome), SYSTEM);
      expect(petition.state).toMatchObject({ status: 'DENIED', vettingStatus: outcome });
      expect(petition.actions).toEqual(['VETTING_COMPLETED', 'DENIED']);
    }
    for (const parties of [PETITIONER, ENROLLEE, APPROVER])
      expect(STANDING.VETTING!().refuse(record(VettingStatus.PASSED), parties).code).toBe('NOT_YOUR_TURN');
  });
});

describe('a decision', () => {
  const waiting = (changes: Partial<FlowSettings> = {}, petitioner: Account | null = null) =>
    new Petition(flowOf({ ...MAILED, requiresApproval: true, ...changes }), petitioner).submit().confirm();

  it('[ENR-52] is for approvers alone', () => {
    const petition = waiting();
    expect(petition.state).toMatchObject({ status: 'PENDING_APPROVAL', waitsFor: 'APPROVER' });
    for (const parties of [PETITIONER, ENROLLEE, ADMINISTRATOR, SYSTEM, []])
      for (const command of [approve(), deny()]) expect(petition.refuse(command, parties).code).toBe('NOT_YOUR_TURN');
    expect(STANDING.ATTRIBUTES!().refuse(approve(), APPROVER).code).toBe('WRONG_STATUS');
    petition.give(approve(), APPROVER);
    expect(petition.state).toMatchObject({ status: 'APPROVED', step: 'FINALIZE' });
    expect(petition.effects).toEqual(['RECORD_DECISION', 'FINALIZE']);
    expect(petition.last.history).toMatchObject([
      { action: 'APPROVED', before: 'PENDING_APPROVAL', after: 'APPROVED' },
    ]);
  });

  it('[ENR-53] needs the comment and the confirmation that the flow demands', () => {
    const demands: [DecisionDemand, boolean, boolean][] = [
      [DecisionDemand.ALWAYS, true, true],
      [DecisionDemand.APPROVAL, true, false],
      [DecisionDemand.DENIAL, false, true],
      [DecisionDemand.NEVER, false, false],
    ];
    for (const [demand, ofApproval, ofDenial] of demands) {
      for (const [command, isDemanded] of [
        [approve, ofApproval],
        [deny, ofDenial],
      ] as const) {
        const commented = { comment: 'As agreed.' };
        const attempt = (changes: Partial<FlowSettings>, said: object) =>
          isDemanded
            ? waiting(changes).refuse(command(LIN, said), APPROVER)
            : waiting(changes).give(command(LIN, said), APPROVER);
        const refusedComment = attempt({ decisionComment: demand }, { comment: '  ' });
        const refusedConfirmation = attempt({ decisionConfirmation: demand }, commented);
        if (isDemanded) {
          expect(refusedComment).toMatchObject({ code: 'REQUIRED', field: ['comment'] });
          expect(refusedConfirmation).toMatchObject({ code: 'REQUIRED', field: ['isConfirmed'] });
        }
        waiting({ decisionComment: demand }).give(command(LIN, commented), APPROVER);
        waiting({ decisionConfirmation: demand }).give(command(LIN, { isConfirmed: true }), APPROVER);
      }
    }
  });

  it('[ENR-54] that denies is mailed where the flow has words for it', () => {
    const words = { mailTemplates: [DENIAL_WORDS] };
    const mails = (changes: Partial<FlowSettings>) =>
      waiting(changes)
        .give(deny(), APPROVER)
        .effects.filter((effect) => effect.startsWith('MAIL'));
    expect(mails({ notifiesOfDecision: true, ...words })).toEqual(['MAIL DENIED']);
    expect(mails({ notifiesOfDecision: true })).toEqual([]);
    expect(mails(words)).toEqual([]);
    const told = waiting({ notifiesOfDecision: true }).give(approve(), APPROVER);
    expect(told.effects).toContain('MAIL APPROVED');
  });

  it('[ENR-56] is made once', () => {
    for (const first of [approve(), deny()]) {
      const petition = waiting().give(first, APPROVER);
      for (const second of [approve(KIM), deny(KIM)])
        expect(petition.refuse(second, APPROVER).code).toBe('PETITION_ALREADY_DECIDED');
    }
    expect(STANDING.DUPLICATE!().refuse(approve(), APPROVER).code).toBe('PETITION_ALREADY_DECIDED');
    expect(STANDING.CANCELED!().refuse(approve(), APPROVER).code).toBe('PETITION_FINISHED');
  });

  it('can deny before it is time to approve, but not what cannot be denied', () => {
    for (const place of ['ATTRIBUTES', 'WAIT_FOR_CONFIRMATION', 'TERMS', 'VETTING'])
      expect(STANDING[place]!().give(deny(), APPROVER).state.status).toBe('DENIED');
    expect(STANDING.FINALIZE!().refuse(deny(), APPROVER).code).toBe('PETITION_ALREADY_DECIDED');
    const flag = { kind: 'FLAG_DUPLICATE', comment: null } as const;
    expect(STANDING.VETTING!().refuse(flag, APPROVER).code).toBe('WRONG_STATUS');
    expect(STANDING.WAIT_FOR_APPROVAL!().refuse(flag, ADMINISTRATOR).code).toBe('NOT_YOUR_TURN');
  });

  it("is nobody's on their own petition, unless the flow says so", () => {
    const settings = { authorization: FlowAuthorization.TENANT_MEMBER };
    for (const command of [approve(KIM), deny(KIM)]) {
      const own = waiting(settings, account({ userId: KIM }));
      expect(own.refuse(command, APPROVER).code).toBe('OWN_PETITION');
      waiting({ ...settings, allowsOwnApproval: true }, account({ userId: KIM })).give(command, APPROVER);
    }
    const enrollee = waiting({ duplicateMode: DuplicateMode.NEW_ROLE }, null);
    enrollee.last = { ...enrollee.last, state: { ...enrollee.state, enrolleeUserId: GRACE } };
    expect(enrollee.refuse(approve(GRACE), APPROVER).code).toBe('OWN_PETITION');
  });

  it('of several counts people, and each once', () => {
    const petition = waiting({ approvalRule: ApprovalRule.N_OF_M, approvalCount: 2 });
    petition.give(approve(LIN), APPROVER);
    expect(petition.state).toMatchObject({ status: 'PENDING_APPROVAL', progress: { approvals: [LIN] } });
    expect(petition.actions).toEqual(['APPROVAL_RECORDED']);
    expect(petition.refuse(approve(LIN), APPROVER).code).toBe('PETITION_ALREADY_DECIDED');
    expect(petition.give(approve(KIM), APPROVER).state.status).toBe('APPROVED');
  });

  it('of several counts approvers, and nobody more than once by naming delegates', () => {
    const rule = {
      approvalRule: ApprovalRule.N_OF_M,
      approvalCount: 2,
      authorization: FlowAuthorization.TENANT_MEMBER,
    };
    const approvers = [
      { userId: LIN, delegateIds: [GRACE, ADA] },
      { userId: KIM, delegateIds: [] },
    ];
    const petition = waiting(rule, null);
    expect(petition.give(approve(GRACE), APPROVER, { approvers }).state.progress.seats).toEqual([LIN]);
    expect(petition.refuse(approve(ADA), APPROVER, { approvers }).code).toBe('PETITION_ALREADY_DECIDED');
    expect(petition.refuse(approve(LIN), APPROVER, { approvers }).code).toBe('PETITION_ALREADY_DECIDED');
    expect(petition.give(approve(KIM), APPROVER, { approvers }).state.status).toBe('APPROVED');
  });

  it('of all waits for each approver, or who acts for them, and not for whose petition it is', () => {
    const approvers = [LIN, KIM, ADA].map((userId) => ({ userId, delegateIds: userId === KIM ? [GRACE] : [] }));
    const all = { approvalRule: ApprovalRule.ALL, authorization: FlowAuthorization.TENANT_MEMBER };
    const petition = waiting(all, account({ userId: ADA }));
    expect(petition.give(approve(LIN), APPROVER, { approvers }).state.status).toBe('PENDING_APPROVAL');
    expect(petition.refuse(approve(LIN), APPROVER, { approvers }).code).toBe('PETITION_ALREADY_DECIDED');
    expect(petition.give(approve(GRACE), APPROVER, { approvers }).state.status).toBe('APPROVED');
    const left = waiting(all, account({ userId: ADA })).give(approve(LIN), APPROVER, { approvers });
    left.give(approve(LIN), APPROVER, { approvers: approvers.filter(({ userId }) => userId !== KIM) });
    expect(left.state).toMatchObject({ status: 'APPROVED', progress: { approvals: [LIN] } });
  });
});
