import { describe, expect, it } from '@jest/globals';
import { DuplicateMode, FlowAuthorization, MatchPolicy, PetitionParty, SourceMode } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { nextActions } from '../../src/enrollment/machine/next-actions.js';
import type { Command } from '../../src/enrollment/machine/state.js';
import { DENIAL_WORDS, EMAIL, SOURCES, USERS, account, flowOf, known } from '../support/petition-arbitraries.js';
import {
  ADA,
  ADMINISTRATOR,
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
  const SIGNED_IN = { authorization: FlowAuthorization.SIGNED_IN };
  const searched = (modes: SourceMode[], changes: Partial<FlowSettings> = {}) =>
    new Petition(flowOf({ ...MAILED, ...SIGNED_IN, sources: sources(...modes), ...changes }), account({ userId: KIM }))
      .submit()
      .confirm();
  /** Of somebody who is signed in, whose address nobody has proven. */
  const claiming = (modes: SourceMode[], changes: Partial<FlowSettings> = {}) =>
    new Petition(flowOf({ ...OPEN, ...SIGNED_IN, sources: sources(...modes), ...changes }), account({ userId: KIM }));
  const give = (normalized: string, isVerified = false): Command => ({
    kind: 'GIVE_EMAIL',
    email: { normalized, isVerified },
    userId: KIM,
  });
  const prove: Command = { kind: 'PROVE_EMAIL', userId: KIM };
  const again: Command = { kind: 'CONTINUE', userId: KIM };

  it('[ENR-31] link their record in mode AUTHENTICATE, and who it is about', () => {
    const petition = begun([SourceMode.AUTHENTICATE]);
    expect(petition.state).toMatchObject({ step: 'SOURCES', waitsFor: 'PETITIONER' });
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
    const search = (mode: SourceMode, facts = {}) => claiming([mode]).submit('ada@example.org', false, facts);
    expect(search(SourceMode.SEARCH).state.step).toBe('FINALIZE');
    expect(search(SourceMode.SEARCH_REQUIRED).state.status).toBe('DENIED');
    expect(search(SourceMode.SEARCH_REQUIRED).actions).toEqual(['ATTRIBUTES_UPDATED', 'ELIGIBILITY_FAILED', 'DENIED']);
    const known = search(SourceMode.SEARCH_REQUIRED, { hasVerifiedRecordEmail: true });
    expect(known.state).toMatchObject({ step: 'CHECK_ELIGIBILITY', waitsFor: 'SYSTEM' });
  });

  it('are not asked about anybody before somebody has signed in', () => {
    const anonymous = (modes: SourceMode[], changes: Partial<FlowSettings> = {}) =>
      new Petition(flowOf({ ...MAILED, sources: sources(...modes), ...changes }));
    expect(anonymous([SourceMode.SEARCH]).submit().confirm().state.step).toBe('FINALIZE');
    expect(anonymous([SourceMode.SEARCH_REQUIRED]).submit().confirm().state.status).toBe('DENIED');
    const signedIn = anonymous([SourceMode.SEARCH_REQUIRED], { requiresAuthentication: true }).submit();
    signedIn.confirm(KIM, { known: known({ userId: KIM, via: 'LOGIN', isEnrolled: false }) });
    expect(signedIn.state).toMatchObject({ step: 'CHECK_ELIGIBILITY', waitsFor: 'SYSTEM' });
    const identified = anonymous([SourceMode.IDENTIFY, SourceMode.SEARCH_REQUIRED]).submit().confirm();
    expect(identified.state).toMatchObject({ step: 'COLLECT_IDENTIFIER', waitsFor: 'ENROLLEE' });
    expect(identified.answer(FIRST, 'LINKED').state).toMatchObject({ step: 'CHECK_ELIGIBILITY', waitsFor: 'SYSTEM' });

    const claim = anonymous([SourceMode.CLAIM]);
    expect(claim.last.failure?.code).toBe('SIGN_IN_REQUIRED');
    expect(claim.state).toMatchObject({ step: 'SOURCES', waitsFor: 'ADMINISTRATOR' });
    expect(claim.refuse(give('ada@example.org'), PETITIONER).code).toBe('SIGN_IN_REQUIRED');
    const answer = { kind: 'ANSWER_SOURCE', sourceId: FIRST, outcome: 'LINKED' } as const;
    expect(claim.refuse(answer, SYSTEM).code).toBe('SIGN_IN_REQUIRED');
  });

  it('[ENR-44] count as not attached where they are suspended', () => {
    expect(searched([SourceMode.SEARCH_REQUIRED]).answer(FIRST, 'SUSPENDED').state.step).toBe('FINALIZE');
    expect(begun([SourceMode.AUTHENTICATE]).answer(FIRST, 'SUSPENDED').state.step).toBe('ATTRIBUTES');
    expect(begun([SourceMode.CLAIM]).answer(FIRST, 'SUSPENDED').state.step).toBe('ATTRIBUTES');
  });

  it('[ENR-44] are passed over where they are suspended as the petition comes to them, also without a proven address', () => {
    const suspended = { suspendedSources: [FIRST, SECOND] };
    const search = claiming([SourceMode.SEARCH_REQUIRED]).submit('ada@example.org', false, suspended);
    expect(search.state).toMatchObject({ step: 'FINALIZE', progress: { sources: { [FIRST]: 'SUSPENDED' } } });
    expect(search.actions).toEqual(['ATTRIBUTES_UPDATED', 'SOURCE_CHECKED']);
    for (const mode of [SourceMode.AUTHENTICATE, SourceMode.CLAIM]) {
      const petition = claiming([mode]);
      expect(petition.state).toMatchObject({ step: 'SOURCES', waitsFor: 'PETITIONER' });
      expect(petition.give(again, PETITIONER, suspended).state.step).toBe('ATTRIBUTES');
    }
    const outage = searched([SourceMode.SEARCH_REQUIRED]).answer(FIRST, 'UNAVAILABLE');
    expect(outage.give(again, PETITIONER, suspended).state.step).toBe('FINALIZE');
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

  it('[ENR-48] that cannot be reached for long are told of once, and asked again by whoever asks', () => {
    const asked = (mode: SourceMode): [Petition, string, string] => {
      const mailed = { requiresAuthentication: true, ...MAILED, sources: sources(mode) };
      switch (mode) {
        case SourceMode.SELECT:
          return [new Petition(flowOf({ sources: sources(mode) }), account()), 'SOURCES', 'PETITIONER'];
        case SourceMode.IDENTIFY:
          return [new Petition(flowOf(mailed)).submit().confirm(KIM), 'COLLECT_IDENTIFIER', 'ENROLLEE'];
        case SourceMode.CLAIM:
          return [claiming([mode]).give(give('ada@example.org', true), PETITIONER), 'SOURCES', 'SYSTEM'];
        case SourceMode.AUTHENTICATE:
          return [begun([mode]), 'SOURCES', 'PETITIONER'];
        default:
          return [searched([mode]), 'CHECK_ELIGIBILITY', 'SYSTEM'];
      }
    };
    const { NONE: _, ...modes } = SourceMode;
    for (const mode of Object.values(modes)) {
      const [petition, step, waitsFor] = asked(mode);
      expect([mode, petition.state]).toMatchObject([mode, { step, waitsFor }]);
      expect(petition.answer(FIRST, 'UNAVAILABLE').actions).toEqual(['SOURCE_CHECKED', 'STEP_FAILED']);
      for (let times = 0; times < 3; times++) {
        petition.answer(FIRST, 'UNAVAILABLE');
        expect([petition.last.failure?.code, petition.actions]).toEqual(['SOURCE_UNAVAILABLE', []]);
        expect([mode, petition.state]).toMatchObject([mode, { step, waitsFor }]);
        expect(petition.give(again, ADMINISTRATOR).actions).toEqual([]);
        expect([mode, petition.state]).toMatchObject([mode, { step, waitsFor }]);
      }
      expect(petition.answer(FIRST, 'LINKED').state.step).not.toBe(step);
    }
  });

  it('give the petition the address of their record, as proven as they say, where none is proven', () => {
    const email = (isVerified: boolean) => ({ email: { normalized: 'record@example.org', isVerified } });
    const unproven = begun([SourceMode.AUTHENTICATE, SourceMode.AUTHENTICATE]).answer(FIRST, 'LINKED', email(false));
    expect(unproven.state).toMatchObject({ email: 'record@example.org', isEmailVerified: false });
    const other = { email: { normalized: 'other@example.org', isVerified: true } };
    expect(unproven.answer(SECOND, 'LINKED', other).state).toMatchObject({
      email: 'other@example.org',
      isEmailVerified: true,
    });
    const proven = begun([SourceMode.AUTHENTICATE, SourceMode.AUTHENTICATE]).answer(FIRST, 'LINKED', email(true));
    expect(proven.answer(SECOND, 'LINKED', other).state.email).toBe('record@example.org');
    expect(proven.submit('record@example.org').state.isEmailVerified).toBe(true);
  });

  it('in mode IDENTIFY leave the account that confirmed the enrollee, where their record leads to no account', () => {
    const flow = { ...MAILED, requiresAuthentication: true, sources: sources(SourceMode.IDENTIFY) };
    const login = { known: known({ userId: KIM, via: 'LOGIN', isEnrolled: false }) };
    const confirmed = () => new Petition(flowOf(flow)).submit().confirm(KIM, login);
    const answer = { kind: 'ANSWER_SOURCE', sourceId: FIRST, outcome: 'LINKED' } as const;
    const petition = confirmed().give(answer, SYSTEM, login);
    expect(petition.state).toMatchObject({ step: 'FINALIZE', enrolleeUserId: KIM });
    expect(petition.actions).toEqual(['SOURCE_RECORD_LINKED', 'IDENTIFIER_AUTHENTICATED', 'IDENTITY_LINKED']);
    const linked = confirmed().give({ ...answer, account: account() }, SYSTEM, login);
    expect(linked.state).toMatchObject({ step: 'FINALIZE', enrolleeUserId: ADA });
    const member = { known: known({ userId: KIM, via: 'LOGIN' }) };
    expect(confirmed().give(answer, SYSTEM, member).state.status).toBe('DUPLICATE');
  });

  it('[ENR-49] in mode CLAIM are asked once the address is proven by its link, and about no other one', () => {
    const petition = claiming([SourceMode.CLAIM]);
    const answer = (about: string) => ({ kind: 'ANSWER_SOURCE', sourceId: FIRST, outcome: 'LINKED', about }) as const;
    expect(petition.state).toMatchObject({ step: 'SOURCES', waitsFor: 'PETITIONER' });
    for (const command of [prove, { kind: 'RESEND_CONFIRMATION' }] as Command[])
      expect(petition.refuse(command, PETITIONER).code).toBe('WRONG_STATUS');
    petition.give(give('ada@example.org'), PETITIONER);
    expect(petition.effects).toEqual(['SEND_CONFIRMATION']);
    expect(petition.actions).toEqual(['EMAIL_GIVEN', 'CONFIRMATION_SENT']);
    expect(petition.state).toMatchObject({ waitsFor: 'PETITIONER', email: 'ada@example.org', isEmailVerified: false });
    expect(petition.refuse(answer('ada@example.org'), SYSTEM).code).toBe('WRONG_STATUS');
    expect(petition.refuse({ kind: 'DECLINE' }, ENROLLEE).code).toBe('WRONG_STATUS');
    expect(petition.refuse(prove, ENROLLEE).code).toBe('NOT_YOUR_TURN');

    petition.give(give('grace@example.org'), PETITIONER);
    expect(petition.effects).toEqual(['REVOKE_CONFIRMATION', 'SEND_CONFIRMATION']);
    expect(petition.give({ kind: 'RESEND_CONFIRMATION' }, PETITIONER).effects).toEqual(['SEND_CONFIRMATION']);
    petition.give(prove, PETITIONER);
    expect(petition.actions).toEqual(['EMAIL_PROVEN']);
    expect(petition.effects).toEqual(['REVOKE_CONFIRMATION']);
    expect(petition.state).toMatchObject({ waitsFor: 'SYSTEM', email: 'grace@example.org', isEmailVerified: true });
    expect(petition.refuse(prove, PETITIONER).code).toBe('WRONG_STATUS');
    expect(petition.refuse(answer('ada@example.org'), SYSTEM).code).toBe('WRONG_STATUS');
    expect(petition.give(answer('grace@example.org'), SYSTEM).state.step).toBe('ATTRIBUTES');
    expect(petition.submit('grace@example.org').state.isEmailVerified).toBe(true);
  });

  it('[ENR-49] in mode CLAIM halt the petition where none knows the address, until another one is given', () => {
    const petition = claiming([SourceMode.CLAIM, SourceMode.CLAIM]).give(give('ada@example.org', true), PETITIONER);
    expect(petition.effects).toEqual([]);
    petition.answer(FIRST, 'NOT_FOUND');
    expect(petition.state.waitsFor).toBe('SYSTEM');
    petition.answer(SECOND, 'NOT_FOUND');
    expect(petition.last.failure).toMatchObject({ code: 'NOT_FOUND' });
    expect(petition.state).toMatchObject({ status: 'CREATED', step: 'SOURCES', waitsFor: 'PETITIONER' });
    expect(petition.give(again, PETITIONER).state).toMatchObject({ step: 'SOURCES', waitsFor: 'PETITIONER' });
    petition.give(give('grace@example.org'), PETITIONER).give(prove, PETITIONER);
    petition.answer(FIRST, 'UNAVAILABLE').answer(SECOND, 'NOT_FOUND');
    expect(petition.state.waitsFor).toBe('SYSTEM');
    expect(petition.answer(FIRST, 'LINKED').state.step).toBe('ATTRIBUTES');
  });

  it('in mode CLAIM leave no link behind, however the petition goes on', () => {
    const proving = () => claiming([SourceMode.CLAIM]).give(give('ada@example.org'), PETITIONER);
    const commands: [Command, readonly PetitionParty[]][] = [
      [{ kind: 'CANCEL', comment: null }, PETITIONER],
      [{ kind: 'EXPIRE' }, SYSTEM],
      [{ kind: 'ANSWER_SOURCE', sourceId: FIRST, outcome: 'SUSPENDED' }, SYSTEM],
    ];
    for (const [command, parties] of commands) {
      const petition = proving().give(command, parties);
      const links = petition.effects.filter((effect) => effect.includes('CONFIRMATION'));
      expect([command.kind, links]).toEqual([command.kind, ['REVOKE_CONFIRMATION']]);
      expect(petition.state.progress.isProvingEmail).toBeUndefined();
    }
    const renewed = proving().give({ kind: 'RENEW_CONFIRMATION' }, SYSTEM);
    expect(renewed.effects).toEqual(['REVOKE_CONFIRMATION']);
    expect(renewed.give({ kind: 'RESEND_CONFIRMATION' }, PETITIONER).effects).toEqual(['SEND_CONFIRMATION']);
  });

  it('are offered to whose turn it is', () => {
    const offered = (petition: Petition, party: PetitionParty) =>
      nextActions(petition.flow, petition.state, [party], true, null).filter((action) =>
        ['SIGN_IN_AT_SOURCE', 'SELECT_SOURCE_RECORD', 'GIVE_EMAIL', 'CHOOSE_MATCH'].includes(action),
      );
    const { PETITIONER: asPetitioner, ENROLLEE: asEnrollee, ADMINISTRATOR: asAdministrator } = PetitionParty;
    const signing = begun([SourceMode.AUTHENTICATE]);
    expect(offered(signing, asPetitioner)).toEqual(['SIGN_IN_AT_SOURCE']);
    for (const party of [asEnrollee, asAdministrator]) expect(offered(signing, party)).toEqual([]);
    const identifying = new Petition(flowOf({ ...MAILED, sources: sources(SourceMode.IDENTIFY) })).submit().confirm();
    expect(offered(identifying, asEnrollee)).toEqual(['SIGN_IN_AT_SOURCE']);
    expect(offered(identifying, asPetitioner)).toEqual([]);
    const selecting = new Petition(flowOf({ sources: sources(SourceMode.SELECT) }), account());
    expect(offered(selecting, asPetitioner)).toEqual(['SELECT_SOURCE_RECORD']);
    expect(offered(claiming([SourceMode.CLAIM]), asPetitioner)).toEqual(['GIVE_EMAIL']);
    expect(offered(claiming([SourceMode.CLAIM]), asEnrollee)).toEqual([]);
    expect(offered(begun([SourceMode.CLAIM]), asPetitioner)).toEqual([]);
    expect(nextActions(signing.flow, signing.state, [asPetitioner], false, null)).toEqual(['CANCEL']);
    expect(offered(searched([SourceMode.SEARCH]), asPetitioner)).toEqual([]);
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
    proven.give(give('other@example.org', true), PETITIONER).answer(FIRST, 'NOT_FOUND').answer(third, 'LINKED');
    expect(proven.state.step).toBe('ATTRIBUTES');
    const rest = begun([SourceMode.AUTHENTICATE, SourceMode.CLAIM, SourceMode.CLAIM]);
    rest.answer(FIRST, 'LINKED', { account: account({ isEmailVerified: true }) }).answer(SECOND, 'NOT_FOUND');
    expect(rest.answer(third, 'SUSPENDED').last.failure?.code).toBe('NOT_FOUND');
  });
});
