import { describe, expect, it } from '@jest/globals';
import {
  ConfirmationMode,
  DuplicateMode,
  Enablement,
  FactorKind,
  FlowAuthorization,
  MatchPolicy,
  SourceMode,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { DENIAL_WORDS, EMAIL, SOURCES, USERS, account, flowOf, known } from '../support/petition-arbitraries.js';
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
  SECOND,
  SYSTEM,
  sources,
} from '../support/petition-driver.js';

describe('sources', () => {
  const begun = (modes: SourceMode[], changes: Partial<FlowSettings> = {}) =>
    new Petition(flowOf({ ...OPEN, sources: sources(...modes), ...changes }));
  const searched = (modes: SourceMode[], changes: Partial<FlowSettings> = {}) =>
    new Petition(flowOf({ ...MAILED, sources: sources(...modes), ...changes })).submit().confirm();

  it('[ENR-31] link their record in mode AUTHENTICATE, and who it is about', () => {
    const petition = begun([SourceMode.AUTHENTICATE]);
    expect(petition.state).toMatchObject({ step: 'SOURCES', waitsFor: 'SYSTEM' });
    petition.answer(FIRST, 'LINKED', { account: account({ isEmailVerified: true }) });
    expect(petition.state).toMatchObject({ step: 'ATTRIBUTES', enrolleeUserId: ADA, isEmailVerified: true });
    expect(petition.actions).toEqual(['SOURCE_RECORD_LINKED']);
  });

  it('answer once each, in their order, and only in their step', () => {
    const petition = begun([SourceMode.AUTHENTICATE, SourceMode.AUTHENTICATE, SourceMode.SEARCH]);
    const answer = (sourceId: string) => ({ kind: 'ANSWER_SOURCE', sourceId, outcome: 'LINKED' }) as const;
    expect(petition.refuse(answer(SECOND), SYSTEM).code).toBe('WRONG_STATUS');
    expect(petition.refuse(answer(SOURCES[2]!), SYSTEM).code).toBe('NOT_FOUND');
    expect(petition.refuse(answer(USERS[0]!), SYSTEM).code).toBe('NOT_FOUND');
    expect(petition.refuse(answer(FIRST), PETITIONER).code).toBe('NOT_YOUR_TURN');
    petition.give(answer(FIRST), SYSTEM);
    expect(petition.refuse(answer(FIRST), SYSTEM).code).toBe('WRONG_STATUS');
    expect(petition.give(answer(SECOND), SYSTEM).state.step).toBe('ATTRIBUTES');
  });

  it('hold the petition up where they must have a record and have none', () => {
    const petition = begun([SourceMode.AUTHENTICATE]).answer(FIRST, 'NOT_FOUND');
    expect(petition.last.failure?.code).toBe('NOT_FOUND');
    expect(petition.state).toMatchObject({ status: 'CREATED', step: 'SOURCES', waitsFor: 'PETITIONER' });
    expect(petition.answer(FIRST, 'UNAVAILABLE').last.failure?.code).toBe('SOURCE_UNAVAILABLE');
    expect(petition.answer(FIRST, 'LINKED').state.step).toBe('ATTRIBUTES');
  });

  it('[ENR-32] make the petition a duplicate where their record is linked to somebody, except in modes that add a role', () => {
    const other = { known: known() };
    for (const mode of [DuplicateMode.FLAG, DuplicateMode.MERGE])
      expect(
        begun([SourceMode.AUTHENTICATE], { duplicateMode: mode }).answer(FIRST, 'LINKED', other).state.status,
      ).toBe('DUPLICATE');
    const added = begun([SourceMode.AUTHENTICATE], { duplicateMode: DuplicateMode.NEW_ROLE }).answer(
      FIRST,
      'LINKED',
      other,
    );
    expect(added.state).toMatchObject({ status: 'CREATED', step: 'ATTRIBUTES', enrolleeUserId: GRACE });
  });

  it('[ENR-35] cannot be chosen in mode SELECT where their record is linked; one record is enough', () => {
    const flow = flowOf({ sources: sources(SourceMode.SELECT, SourceMode.SELECT), attributes: [EMAIL] });
    const petition = new Petition(flow, account({ userId: KIM }));
    const command = { kind: 'ANSWER_SOURCE', sourceId: SECOND, outcome: 'LINKED' } as const;
    expect(petition.refuse({ ...command, known: known() }, SYSTEM).code).toBe('TAKEN');
    expect(petition.answer(FIRST, 'NOT_FOUND').last.failure?.code).toBe('NOT_FOUND');
    expect(petition.give({ ...command, account: account() }, SYSTEM).state).toMatchObject({
      step: 'ATTRIBUTES',
      enrolleeUserId: ADA,
    });
  });

  it('[ENR-38] in mode IDENTIFY are asked after the confirmation, and the enrollee has a token', () => {
    const flow = { requiresAuthentication: true };
    const petition = new Petition(flowOf({ ...MAILED, ...flow, sources: sources(SourceMode.IDENTIFY) })).submit();
    petition.confirm(KIM, { known: known({ userId: KIM, via: 'LOGIN', isEnrolled: false }) });
    expect(petition.state).toMatchObject({ status: 'CONFIRMED', step: 'COLLECT_IDENTIFIER', enrolleeUserId: null });
    expect(petition.effects).toContain('ISSUE_ENROLLEE_TOKEN');
    expect(petition.answer(FIRST, 'NOT_FOUND').state.waitsFor).toBe('ENROLLEE');
    const linked = petition.answer(FIRST, 'LINKED', { account: account({ email: 'other@example.org' }) });
    expect(linked.state).toMatchObject({ enrolleeUserId: ADA, email: 'ada@example.org', isEmailVerified: true });
  });

  it('[ENR-39] [ENR-40] [ENR-41] deny who must be known and is not, without a mail, and nobody else', () => {
    const hit = searched([SourceMode.SEARCH]).answer(FIRST, 'LINKED', { account: account() });
    expect(hit.state).toMatchObject({ step: 'FINALIZE', enrolleeUserId: null });
    expect(searched([SourceMode.SEARCH]).answer(FIRST, 'NOT_FOUND').state.step).toBe('FINALIZE');
    const settings = { requiresApproval: true, notifiesOfDecision: true, mailTemplates: [DENIAL_WORDS] };
    const denied = searched([SourceMode.SEARCH_REQUIRED], settings).answer(FIRST, 'NOT_FOUND');
    expect(denied.state.status).toBe('DENIED');
    expect(denied.actions).toEqual(['SOURCE_CHECKED', 'ELIGIBILITY_FAILED', 'DENIED']);
    expect(denied.effects).toEqual([]);
  });

  it('[ENR-43] are not searched by an address that is not verified', () => {
    const search = (mode: SourceMode) => begun([mode]).submit('ada@example.org', false);
    expect(search(SourceMode.SEARCH).state.step).toBe('FINALIZE');
    expect(search(SourceMode.SEARCH_REQUIRED).state.status).toBe('DENIED');
    expect(search(SourceMode.SEARCH_REQUIRED).actions).toEqual(['ATTRIBUTES_UPDATED', 'ELIGIBILITY_FAILED', 'DENIED']);
  });

  it('[ENR-44] count as not attached where they are suspended', () => {
    expect(searched([SourceMode.SEARCH_REQUIRED]).answer(FIRST, 'SUSPENDED').state.step).toBe('FINALIZE');
    expect(begun([SourceMode.AUTHENTICATE]).answer(FIRST, 'SUSPENDED').state.step).toBe('ATTRIBUTES');
    expect(begun([SourceMode.CLAIM]).answer(FIRST, 'SUSPENDED').state.step).toBe('ATTRIBUTES');
  });

  it('[ENR-46] do not count where the name is another', () => {
    const denied = searched([SourceMode.SEARCH_REQUIRED]).answer(FIRST, 'NAME_MISMATCH');
    expect(denied.actions).toEqual(['IDENTITY_NOT_LINKED', 'ELIGIBILITY_FAILED', 'DENIED']);
    expect(searched([SourceMode.SEARCH]).answer(FIRST, 'NAME_MISMATCH').state.step).toBe('FINALIZE');
  });

  it("[ENR-47] count with a record that is the same person's, and not with somebody else's", () => {
    const refresh = () =>
      new Petition(
        flowOf({
          match: MatchPolicy.SELF,
          authorization: FlowAuthorization.TENANT_MEMBER,
          sources: sources(SourceMode.SEARCH_REQUIRED),
        }),
        account({ isEmailVerified: true }),
      );
    expect(refresh().answer(FIRST, 'LINKED', { known: known({ userId: ADA }) }).state.step).toBe('FINALIZE');
    expect(refresh().answer(FIRST, 'LINKED', { known: known({ userId: GRACE }) }).state.status).toBe('DENIED');
  });

  it('[ENR-48] that cannot be reached deny nobody: the petition waits, and the next one is asked meanwhile', () => {
    const petition = searched([SourceMode.SEARCH_REQUIRED, SourceMode.SEARCH]).answer(FIRST, 'UNAVAILABLE');
    expect(petition.state).toMatchObject({ status: 'CONFIRMED', step: 'CHECK_ELIGIBILITY', waitsFor: 'SYSTEM' });
    petition.answer(SECOND, 'NOT_FOUND').answer(FIRST, 'UNAVAILABLE');
    expect(petition.answer(FIRST, 'LINKED').state.step).toBe('FINALIZE');
  });

  it('[ENR-49] in mode CLAIM come after AUTHENTICATE and after the proof, and one of them must have a record', () => {
    const petition = begun([SourceMode.CLAIM, SourceMode.AUTHENTICATE, SourceMode.CLAIM]);
    const third = SOURCES[2]!;
    const claim = { kind: 'ANSWER_SOURCE', sourceId: FIRST, outcome: 'LINKED' } as const;
    expect(petition.refuse(claim, SYSTEM).message).toContain('Another source');
    petition.answer(SECOND, 'LINKED', { account: account() });
    expect(petition.refuse(claim, SYSTEM).message).toContain('must be proven');
    const proven = begun([SourceMode.CLAIM, SourceMode.AUTHENTICATE, SourceMode.CLAIM]);
    proven.answer(SECOND, 'LINKED', { account: account({ isEmailVerified: true }) }).answer(FIRST, 'NOT_FOUND');
    expect(proven.state).toMatchObject({ step: 'SOURCES', waitsFor: 'SYSTEM' });
    expect(proven.last.failure).toBeNull();
    expect(proven.answer(third, 'NOT_FOUND').last.failure?.code).toBe('NOT_FOUND');
    expect(proven.state).toMatchObject({ status: 'CREATED', step: 'SOURCES', waitsFor: 'PETITIONER' });
    proven.answer(FIRST, 'NOT_FOUND').answer(third, 'LINKED');
    expect(proven.state.step).toBe('ATTRIBUTES');
    const rest = begun([SourceMode.AUTHENTICATE, SourceMode.CLAIM, SourceMode.CLAIM]);
    rest.answer(FIRST, 'LINKED', { account: account({ isEmailVerified: true }) }).answer(SECOND, 'NOT_FOUND');
    expect(rest.answer(third, 'SUSPENDED').last.failure?.code).toBe('NOT_FOUND');
  });
});

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

  it('keeps the petition where it is while it has no answer, and lets the petitioner choose', () => {
    const petition = asked();
    for (const outcome of ['PENDING', 'ERROR'] as const) {
      petition.give({ kind: 'ANSWER_MATCH', outcome }, SYSTEM);
      expect(petition.last.failure?.code).toBe('SOURCE_UNAVAILABLE');
      expect(petition.state).toMatchObject({ status: 'CREATED', step: 'DUPLICATE_CHECK', waitsFor: 'SYSTEM' });
    }
    petition.give({ kind: 'ANSWER_MATCH', outcome: 'CHOICES' }, SYSTEM);
    expect(petition.state).toMatchObject({ status: 'CREATED', waitsFor: 'PETITIONER' });
  });

  it('flags somebody who is known, adds a role to them, or says that merging is misconfigured', () => {
    const isKnown = (found = {}) => ({ kind: 'ANSWER_MATCH', outcome: 'KNOWN', known: known(found) }) as const;
    expect(asked().give(isKnown(), SYSTEM).state.status).toBe('DUPLICATE');
    expect(asked({ duplicateMode: DuplicateMode.MERGE }).refuse(isKnown(), SYSTEM).code).toBe('MANUAL_ACTION_NEEDED');
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
