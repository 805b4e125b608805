import { describe, expect, it } from '@jest/globals';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Facts } from '../../src/enrollment/machine/state.js';
import {
  ConfirmationMode,
  DuplicateMode,
  FlowAuthorization,
  MatchPolicy,
  SourceMode,
  TermsMode,
} from '../../src/entities/enums.js';
import { EMAIL, SOURCES, TERMS, account, factsOf, flowOf, known } from '../support/petition-arbitraries.js';
import {
  ADA,
  ADMINISTRATOR,
  APPROVER,
  ENROLLEE,
  GRACE,
  KIM,
  MAILED,
  OPEN,
  PETITIONER,
  Petition,
  STANDING,
  SYSTEM,
} from '../support/petition-driver.js';

describe('a confirmation', () => {
  it('[ENR-15] is mailed, and the petition waits for the enrollee', () => {
    const petition = new Petition(flowOf(MAILED)).submit();
    expect(petition.state).toMatchObject({
      status: 'PENDING_CONFIRMATION',
      step: 'WAIT_FOR_CONFIRMATION',
      waitsFor: 'ENROLLEE',
    });
    expect(petition.effects).toEqual(['SEND_CONFIRMATION']);
    expect(petition.actions).toEqual(['ATTRIBUTES_UPDATED', 'STATUS_UPDATED', 'CONFIRMATION_SENT']);
  });

  it('[ENR-16] fails without an unverified address, and the status stays', () => {
    const none = new Petition(flowOf(MAILED)).submit(null);
    expect(none.state).toMatchObject({ status: 'CREATED', step: 'SEND_CONFIRMATION', waitsFor: 'PETITIONER' });
    expect(none.last.failure?.code).toBe('NO_ADDRESS');
    expect(none.actions).toEqual(['ATTRIBUTES_UPDATED', 'STEP_FAILED']);
    const verified = new Petition(flowOf(MAILED)).submit('ada@example.org', true);
    expect(verified.last.failure?.code).toBe('NO_ADDRESS');
    const added = new Petition(flowOf({ ...MAILED, duplicateMode: DuplicateMode.NEW_ROLE })).submit(
      'ada@example.org',
      true,
    );
    expect(added.effects).toEqual(['SEND_CONFIRMATION']);
  });

  it('is tried again with what the account says by then, by the petitioner or an administrator', () => {
    const petition = STANDING.SELECT_ENROLLEE!();
    petition.give({ kind: 'SELECT_ENROLLEE', account: account({ email: null }) }, PETITIONER);
    expect(petition.last.failure?.code).toBe('NO_ADDRESS');
    const again = { kind: 'CONTINUE', userId: KIM, account: account() } as const;
    for (const parties of [ENROLLEE, APPROVER]) expect(petition.refuse(again, parties).code).toBe('NOT_YOUR_TURN');
    expect(petition.give(again, PETITIONER).state.status).toBe('PENDING_CONFIRMATION');
  });

  it('[ENR-17] verifies the address, and gives the enrollee a token', () => {
    const petition = new Petition(flowOf({ ...MAILED, requiresApproval: true })).submit().confirm();
    expect(petition.state).toMatchObject({ status: 'PENDING_APPROVAL', isEmailVerified: true });
    expect(petition.effects.slice(0, 3)).toEqual(['REVOKE_CONFIRMATION', 'VERIFY_EMAIL', 'ISSUE_ENROLLEE_TOKEN']);
    expect(petition.last.history[0]).toMatchObject({
      action: 'CONFIRMED',
      before: 'PENDING_CONFIRMATION',
      after: 'CONFIRMED',
    });
    expect(petition.refuse({ kind: 'CONFIRM', userId: null }, ENROLLEE).code).toBe('WRONG_STATUS');
  });

  it('[ENR-18] ends the petition when it is declined', () => {
    const petition = STANDING.DECLINED!();
    expect(petition.state.status).toBe('DECLINED');
    expect(petition.last.history).toMatchObject([
      { action: 'STATUS_UPDATED', before: 'PENDING_CONFIRMATION', after: 'DECLINED' },
    ]);
    expect(petition.effects).not.toContain('FINALIZE');
  });

  it('[ENR-20] [ENR-21] is renewed when it has expired, where the flow says so, and else gone', () => {
    const renew = { kind: 'RENEW_CONFIRMATION' } as const;
    const gone = new Petition(flowOf(MAILED)).submit().give(renew, SYSTEM);
    expect([gone.actions, gone.effects]).toEqual([['CONFIRMATION_EXPIRED'], ['REVOKE_CONFIRMATION']]);
    const renewed = new Petition(flowOf({ ...MAILED, regeneratesConfirmation: true })).submit().give(renew, SYSTEM);
    expect(renewed.actions).toEqual(['CONFIRMATION_EXPIRED', 'CONFIRMATION_SENT']);
    expect(renewed.effects).toEqual(['SEND_CONFIRMATION']);
    expect(renewed.refuse(renew, PETITIONER).code).toBe('NOT_YOUR_TURN');
  });

  it('[ENR-23] is as it was after the link was looked at', () => {
    const petition = STANDING.WAIT_FOR_CONFIRMATION!();
    const before = petition.state;
    petition.give({ kind: 'VIEW_CONFIRMATION' }, ENROLLEE);
    expect(petition.state).toEqual(before);
    expect([petition.actions, petition.effects]).toEqual([['CONFIRMATION_VIEWED'], []]);
  });

  it('[ENR-24] is skipped for an address that is verified, where the flow says so', () => {
    const flow = flowOf({ ...MAILED, confirmation: ConfirmationMode.SKIP_IF_VERIFIED });
    const petition = new Petition(flow).submit('ada@example.org', true, { known: known({ isEnrolled: false }) });
    expect(petition.effects).toEqual(['FINALIZE']);
    expect(petition.actions).toEqual(['ATTRIBUTES_UPDATED', 'STATUS_UPDATED', 'CONFIRMED', 'IDENTITY_LINKED']);
    expect(petition.state).toMatchObject({ status: 'CONFIRMED', enrolleeUserId: GRACE });
    expect(new Petition(flow).submit('ada@example.org', true).effects).toContain('ISSUE_ENROLLEE_TOKEN');
    expect(new Petition(flow).submit('ada@example.org', false).effects).toEqual(['SEND_CONFIRMATION']);
  });

  it('[ENR-24] [ENR-25] is not skipped where the enrollee must sign in and has not', () => {
    const flow = flowOf({
      match: MatchPolicy.SELF,
      authorization: FlowAuthorization.SIGNED_IN,
      confirmation: ConfirmationMode.SKIP_IF_VERIFIED,
      requiresAuthentication: true,
      terms: TermsMode.EXPLICIT,
    });
    const start = () => new Petition(flow, account({ isEmailVerified: true }), factsOf({ terms: TERMS }));
    const agree = (userId: string | null) => ({ kind: 'AGREE_TO_TERMS', terms: TERMS, userId }) as const;
    expect(start().give(agree(ADA), PETITIONER).state.status).toBe('CONFIRMED');
    expect(start().give(agree(KIM), PETITIONER).state.status).toBe('PENDING_CONFIRMATION');
    expect(start().give(agree(null), PETITIONER).state.status).toBe('PENDING_CONFIRMATION');
  });

  it('[ENR-25] is refused without a login where the flow asks for one', () => {
    const petition = new Petition(flowOf({ ...MAILED, requiresAuthentication: true })).submit();
    expect(petition.refuse({ kind: 'CONFIRM', userId: null }, ENROLLEE).code).toBe('SIGN_IN_REQUIRED');
    const login = known({ userId: KIM, via: 'LOGIN', isEnrolled: false });
    petition.confirm(KIM, { known: login });
    expect(petition.state).toMatchObject({ status: 'CONFIRMED', enrolleeUserId: KIM });
    expect(petition.effects).not.toContain('ISSUE_ENROLLEE_TOKEN');
  });

  it('is refused to somebody else than who was chosen', () => {
    const flow = flowOf({
      match: MatchPolicy.SELECT,
      confirmation: ConfirmationMode.REVIEW,
      requiresAuthentication: true,
    });
    const petition = new Petition(flow, account({ userId: KIM })).give(
      { kind: 'SELECT_ENROLLEE', account: account() },
      PETITIONER,
    );
    const login = known({ userId: GRACE, via: 'LOGIN' });
    expect(petition.refuse({ kind: 'CONFIRM', userId: GRACE }, ENROLLEE, { known: login }).code).toBe(
      'MANUAL_ACTION_NEEDED',
    );
    petition.confirm(ADA, { known: known({ userId: ADA, via: 'LOGIN' }) });
    expect(petition.actions).toEqual(['CONFIRMED', 'IDENTIFIER_AUTHENTICATED']);
    expect(petition.effects).not.toContain('ISSUE_ENROLLEE_TOKEN');
  });

  it('is sent again to who may ask for it, while it is waited for', () => {
    const again = { kind: 'RESEND_CONFIRMATION' } as const;
    for (const parties of [PETITIONER, ADMINISTRATOR])
      expect(STANDING.WAIT_FOR_CONFIRMATION!().give(again, parties).effects).toEqual(['SEND_CONFIRMATION']);
    for (const parties of [ENROLLEE, APPROVER])
      expect(STANDING.WAIT_FOR_CONFIRMATION!().refuse(again, parties).code).toBe('NOT_YOUR_TURN');
    expect(STANDING.WAIT_FOR_APPROVAL!().refuse(again, PETITIONER).code).toBe('WRONG_STATUS');
  });
});

describe('another account that confirms', () => {
  const LINKING = {
    authorization: FlowAuthorization.TENANT_MEMBER,
    match: MatchPolicy.SELF,
    confirmation: ConfirmationMode.REVIEW,
    requiresAuthentication: true,
  };
  const other = known({ userId: GRACE, via: 'LOGIN', isEnrolled: false });
  const sure = { isBare: true, isRecent: true, isMailedToEnrollee: true, hasFactor: false };
  const own = account({ isEmailVerified: true });
  const begun = (changes: Partial<FlowSettings> = {}, ownProof: Facts['ownProof'] = 'SIGN_IN') =>
    new Petition(flowOf({ ...LINKING, ...changes }), own, factsOf({ ownProof }));
  const refused = (petition: Petition, changes: object = {}, facts: Partial<Facts> = {}) =>
    petition.refuse({ kind: 'CONFIRM', userId: GRACE }, ENROLLEE, {
      known: other,
      linking: { ...sure, ...changes },
      ownProof: null,
      ...facts,
    }).code;
  const again = { kind: 'RESEND_CONFIRMATION' } as const;

  it('[ENR-26] becomes a login of who started it at their proven address, where it has nothing else', () => {
    const petition = begun();
    expect([petition.effects, petition.state.step]).toEqual([['SEND_CONFIRMATION'], 'WAIT_FOR_CONFIRMATION']);
    petition.confirm(GRACE, { known: other, linking: sure });
    expect(petition.actions).toEqual(['CONFIRMED', 'IDENTIFIER_AUTHENTICATED', 'IDENTITY_LINKED']);
    expect(petition.last.effects).toContainEqual({ kind: 'LINK_LOGIN', fromUserId: GRACE });
    expect(petition.effects).toContain('ISSUE_ENROLLEE_TOKEN');
    expect(petition.state).toMatchObject({ enrolleeUserId: ADA, step: 'FINALIZE' });
    expect(petition.state.progress).toMatchObject({ isMerge: false, isNewRole: false });
  });

  it('is refused where it has more, the link went elsewhere, or its sign-in is not recent', () => {
    expect(refused(begun(), { isBare: false })).toBe('MANUAL_ACTION_NEEDED');
    expect(refused(begun(), { isMailedToEnrollee: false })).toBe('MANUAL_ACTION_NEEDED');
    expect(refused(begun(), {}, { linking: null })).toBe('MANUAL_ACTION_NEEDED');
    expect(refused(begun(), {}, { known: { ...other, via: 'ADDRESS' } })).toBe('MANUAL_ACTION_NEEDED');
    expect(refused(begun(), { isRecent: false })).toBe('REAUTHENTICATION_REQUIRED');
  });

  it('is refused until the enrollee has shown who they are, by a second factor if they have one', () => {
    const petition = begun({}, null);
    expect(refused(petition)).toBe('MANUAL_ACTION_NEEDED');
    petition.give(again, PETITIONER, { ownProof: 'SIGN_IN' });
    expect(refused(petition, { hasFactor: true })).toBe('MANUAL_ACTION_NEEDED');
    petition.give(again, PETITIONER, { ownProof: 'FACTOR' }).give(again, PETITIONER, { ownProof: 'SIGN_IN' });
    petition.confirm(GRACE, { known: other, linking: { ...sure, hasFactor: true } });
    expect(petition.effects).toContain('LINK_LOGIN');
  });

  it('is refused where the flow confirms by itself, asks a source who somebody is, or needs no sign-in', () => {
    const identify = [{ sourceId: SOURCES[0]!, mode: SourceMode.IDENTIFY, verifiesFamilyName: false }];
    for (const changes of [
      { confirmation: ConfirmationMode.AUTOMATIC },
      { sources: identify },
      { requiresAuthentication: false },
    ])
      expect(refused(begun({ duplicateMode: DuplicateMode.NEW_ROLE, ...changes }))).toBe('MANUAL_ACTION_NEEDED');
  });

  it('is for whom administrators of the tenant choose, without a second factor, and nobody whom others choose', () => {
    const chosen = (authorization: FlowAuthorization) =>
      new Petition(
        flowOf({ ...LINKING, match: MatchPolicy.SELECT, authorization, duplicateMode: DuplicateMode.NEW_ROLE }),
        account({ userId: KIM }),
      ).give({ kind: 'SELECT_ENROLLEE', account: own }, PETITIONER);
    expect(refused(chosen(FlowAuthorization.ANY_ADMINISTRATOR))).toBe('MANUAL_ACTION_NEEDED');
    const petition = chosen(FlowAuthorization.TENANT_ADMINISTRATOR);
    expect(refused(petition, { hasFactor: true })).toBe('MANUAL_ACTION_NEEDED');
    expect(petition.confirm(GRACE, { known: other, linking: sure }).effects).toContain('LINK_LOGIN');
  });
});

describe('somebody who is known', () => {
  const confirmed = (duplicateMode: DuplicateMode, found: Parameters<typeof known>[0]) =>
    new Petition(flowOf({ ...MAILED, duplicateMode })).submit().confirm(null, { known: known(found) });

  it('[ENR-26] is attached while they are in no organization, in every mode', () => {
    for (const mode of Object.values(DuplicateMode)) {
      const petition = new Petition(flowOf({ ...MAILED, duplicateMode: mode, requiresAuthentication: true })).submit();
      petition.confirm(KIM, { known: known({ userId: KIM, via: 'LOGIN', isEnrolled: false }) });
      expect(petition.state).toMatchObject({ enrolleeUserId: KIM, status: 'CONFIRMED' });
      expect(petition.state.progress).toMatchObject({ isMerge: false, isNewRole: false });
      expect(petition.actions).toEqual(['CONFIRMED', 'IDENTIFIER_AUTHENTICATED', 'IDENTITY_LINKED']);
      expect(petition.effects).toContain('END_PETITIONER_TOKEN');
    }
  });

  it('[ENR-27] is a duplicate, which ends the petition, in mode FLAG', () => {
    const petition = confirmed(DuplicateMode.FLAG, {});
    expect(petition.state).toMatchObject({ status: 'DUPLICATE', step: 'DONE' });
    expect(petition.actions).toEqual(['CONFIRMED', 'FLAGGED_DUPLICATE']);
    expect(petition.effects).not.toContain('FINALIZE');
  });

  it('[ENR-28] [ENR-29] goes on with what they have, in modes MERGE and NEW_ROLE', () => {
    const merged = confirmed(DuplicateMode.MERGE, { isMember: true });
    expect(merged.state.progress).toMatchObject({ isMerge: true, isNewRole: false });
    const added = confirmed(DuplicateMode.NEW_ROLE, { isMember: true });
    expect(added.state.progress).toMatchObject({ isMerge: false, isNewRole: true });
    for (const { state, actions } of [merged, added]) {
      expect(state).toMatchObject({ enrolleeUserId: GRACE, step: 'FINALIZE' });
      expect(actions).toEqual(['CONFIRMED', 'IDENTITY_RELINKED']);
    }
  });

  it('[ENR-30] is a duplicate in mode NEW_ROLE_OTHER_ORGANIZATION where they are a member of the organization', () => {
    const mode = DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION;
    expect(confirmed(mode, { isMember: true }).state.status).toBe('DUPLICATE');
    expect(confirmed(mode, { isMember: false }).state).toMatchObject({ step: 'FINALIZE', enrolleeUserId: GRACE });
  });

  it('is nobody who merely gives their address, unless administrators enroll', () => {
    const taken = new Petition(flowOf(OPEN)).submit('grace@example.org', false, {
      known: known({ isEnrolled: false }),
    });
    expect(taken.state.status).toBe('DUPLICATE');
    const vouched = new Petition(flowOf({ attributes: [EMAIL], duplicateMode: DuplicateMode.NEW_ROLE }), account());
    expect(vouched.submit('grace@example.org', false, { known: known() }).state).toMatchObject({
      enrolleeUserId: GRACE,
    });
    const own = new Petition(flowOf({ ...OPEN, duplicateMode: DuplicateMode.NEW_ROLE }));
    expect(own.submit('grace@example.org', true, { known: known() }).state).toMatchObject({ enrolleeUserId: GRACE });
  });
});
