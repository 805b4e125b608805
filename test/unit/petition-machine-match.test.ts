import { describe, expect, it } from '@jest/globals';
import {
  ConfirmationMode,
  DuplicateMode,
  Enablement,
  FactorKind,
  FlowAuthorization,
  MatchPolicy,
  PetitionParty,
  SourceMode,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { nextActions } from '../../src/enrollment/machine/next-actions.js';
import type { Command } from '../../src/enrollment/machine/state.js';
import { account, flowOf, known } from '../support/petition-arbitraries.js';
import {
  ADA,
  ADMINISTRATOR,
  APPROVER,
  ENROLLEE,
  FIRST,
  GRACE,
  KIM,
  MAILED,
  OPEN,
  PETITIONER,
  Petition,
  SYSTEM,
  sources,
} from '../support/petition-driver.js';

describe('the match server', () => {
  const asked = (changes: Partial<FlowSettings> = {}) =>
    new Petition(flowOf({ ...OPEN, match: MatchPolicy.EXTERNAL, ...changes })).submit();

  it('is asked after the attributes, and lets a new person through', () => {
    const petition = asked();
    expect(petition.state).toMatchObject({ step: 'DUPLICATE_CHECK', waitsFor: 'SYSTEM' });
    petition.give({ kind: 'ANSWER_MATCH', outcome: 'NEW' }, SYSTEM);
    expect(petition.actions).toEqual(['MATCH_RESULT']);
    expect(petition.state).toMatchObject({ step: 'FINALIZE', progress: { isMatched: true } });
  });

  it('keeps the petition where it is while it has no answer', () => {
    const petition = asked();
    for (const outcome of ['PENDING', 'ERROR'] as const) {
      petition.give({ kind: 'ANSWER_MATCH', outcome }, SYSTEM);
      expect(petition.last.failure?.code).toBe('SOURCE_UNAVAILABLE');
      expect(petition.state).toMatchObject({ status: 'CREATED', step: 'DUPLICATE_CHECK', waitsFor: 'SYSTEM' });
    }
  });

  it('is told which one it is by who has signed in, and asked again', () => {
    const named = { referenceId: 'M1', names: [{ givenName: 'Ada', familyName: 'Ashford' }], emails: [] };
    const choices: Command = { kind: 'ANSWER_MATCH', outcome: 'CHOICES', candidates: [named] };
    const choose = (referenceId: string | null): Command => ({ kind: 'CHOOSE_MATCH', referenceId });
    const petition = asked({ authorization: FlowAuthorization.SIGNED_IN }).give(choices, SYSTEM);
    expect(petition.state).toMatchObject({ status: 'CREATED', waitsFor: 'PETITIONER' });
    const offered = (party: PetitionParty) => nextActions(petition.flow, petition.state, [party], true, null);
    expect(offered(PetitionParty.PETITIONER)).toContain('CHOOSE_MATCH');
    expect(offered(PetitionParty.ENROLLEE)).not.toContain('CHOOSE_MATCH');
    expect(petition.refuse({ kind: 'ANSWER_MATCH', outcome: 'NEW' }, SYSTEM).code).toBe('WRONG_STATUS');
    expect(petition.refuse(choose('M2'), PETITIONER)).toMatchObject({ code: 'NOT_FOUND', field: ['referenceId'] });
    petition.give(choose(null), PETITIONER);
    expect(petition.state).toMatchObject({ waitsFor: 'SYSTEM', progress: { matchChoice: 'new' } });
    expect(petition.state.progress.matchCandidates).toBeUndefined();
    const identifier = { type: 'reference', value: 'M3' };
    petition.give({ kind: 'ANSWER_MATCH', outcome: 'NEW', identifier }, SYSTEM);
    expect(petition.state).toMatchObject({ step: 'FINALIZE', progress: { matchIdentifier: identifier } });

    const anonymous = asked().give(choices, SYSTEM);
    expect(anonymous.state.waitsFor).toBe('ADMINISTRATOR');
    expect(anonymous.refuse(choose('M1'), PETITIONER).code).toBe('NOT_YOUR_TURN');
    expect(anonymous.give(choose('M1'), ADMINISTRATOR).state.progress.matchChoice).toBe('M1');
    const over = asked().give(choices, SYSTEM).give({ kind: 'EXPIRE' }, SYSTEM);
    expect(over.state.progress.matchCandidates).toBeUndefined();
  });

  it('is told of once while it takes its time, for however long', () => {
    const petition = asked();
    const answer = (outcome: 'PENDING' | 'ERROR') => petition.give({ kind: 'ANSWER_MATCH', outcome }, SYSTEM).actions;
    expect(answer('ERROR')).toEqual(['MATCH_RESULT', 'STEP_FAILED']);
    expect(answer('ERROR')).toEqual([]);
    expect(answer('PENDING')).toEqual(['MATCH_RESULT', 'STEP_FAILED']);
    for (const outcome of ['PENDING', 'ERROR'] as const) expect(answer(outcome)).toEqual([]);
    expect(petition.give({ kind: 'CONTINUE', userId: null }, PETITIONER).state.waitsFor).toBe('SYSTEM');
  });

  it('flags somebody who is known, adds a role to them, or says that merging is misconfigured', () => {
    const isKnown = (found = {}) => ({ kind: 'ANSWER_MATCH', outcome: 'KNOWN', known: known(found) }) as const;
    expect(asked().give(isKnown(), SYSTEM).state.status).toBe('DUPLICATE');
    const merging = asked({ duplicateMode: DuplicateMode.MERGE }).give(isKnown(), SYSTEM);
    expect(merging.last.failure?.code).toBe('MANUAL_ACTION_NEEDED');
    expect(merging.state).toMatchObject({ step: 'DUPLICATE_CHECK', waitsFor: 'ADMINISTRATOR', enrolleeUserId: null });
    const added = asked({ duplicateMode: DuplicateMode.NEW_ROLE }).give(isKnown(), SYSTEM);
    expect(added.state).toMatchObject({ step: 'FINALIZE', enrolleeUserId: GRACE, progress: { isNewRole: true } });
    const other = { duplicateMode: DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION };
    expect(asked(other).give(isKnown({ isMember: true }), SYSTEM).state.status).toBe('DUPLICATE');
  });

  it('needs an administrator where it knows somebody else than who was chosen', () => {
    const flow = { sources: sources(SourceMode.AUTHENTICATE), match: MatchPolicy.EXTERNAL };
    const petition = new Petition(flowOf({ ...OPEN, ...flow }))
      .answer(FIRST, 'LINKED', { account: account() })
      .submit();
    petition.give({ kind: 'ANSWER_MATCH', outcome: 'KNOWN', known: known() }, SYSTEM);
    expect(petition.last.failure?.code).toBe('MANUAL_ACTION_NEEDED');
    expect(petition.state).toMatchObject({ step: 'DUPLICATE_CHECK', waitsFor: 'ADMINISTRATOR', enrolleeUserId: ADA });
  });
});

describe('second factors', () => {
  const flow = (enablement: Enablement) =>
    flowOf({
      ...MAILED,
      authenticators: [
        { kind: FactorKind.TOTP, enablement },
        { kind: FactorKind.PASSKEY, enablement },
      ],
    });
  const go = { kind: 'CONTINUE', userId: null } as const;

  it('that are required must be there', () => {
    const petition = new Petition(flow(Enablement.REQUIRED)).submit().confirm();
    expect(petition.state).toMatchObject({ step: 'AUTHENTICATORS', waitsFor: 'ENROLLEE' });
    expect(petition.refuse(go, ENROLLEE, { factors: [FactorKind.TOTP] })).toMatchObject({ code: 'REQUIRED' });
    petition.give(go, ENROLLEE, { factors: [FactorKind.TOTP, FactorKind.PASSKEY] });
    expect(petition.actions).toEqual(['AUTHENTICATORS_ESTABLISHED']);
  });

  it('that are offered can be passed over, by the enrollee alone', () => {
    const petition = new Petition(flow(Enablement.OPTIONAL)).submit().confirm();
    expect(petition.state.step).toBe('AUTHENTICATORS');
    for (const parties of [PETITIONER, APPROVER, ADMINISTRATOR])
      expect(petition.refuse(go, parties).code).toBe('NOT_YOUR_TURN');
    expect(petition.give(go, ENROLLEE).state.step).toBe('FINALIZE');
  });

  it('are offered also after a confirmation that was tried again', () => {
    const skipping = flowOf({
      ...flow(Enablement.OPTIONAL),
      match: MatchPolicy.SELECT,
      confirmation: ConfirmationMode.SKIP_IF_VERIFIED,
      attributes: [],
    });
    const petition = new Petition(skipping, account({ userId: KIM }));
    petition.give({ kind: 'SELECT_ENROLLEE', account: account({ email: null }) }, PETITIONER);
    petition.give({ ...go, account: account({ isEmailVerified: true }) }, PETITIONER);
    expect(petition.state).toMatchObject({ status: 'CONFIRMED', step: 'AUTHENTICATORS', waitsFor: 'ENROLLEE' });
  });
});
