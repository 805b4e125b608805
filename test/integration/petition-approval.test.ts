import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runSql, transact } from '../../src/database/transact.js';
import {
  ApprovalRule,
  DecisionDemand,
  FlowAuthorization,
  FlowStatus,
  MailLocale,
  MatchPolicy,
  PetitionMailKind,
} from '../../src/entities/enums.js';
import {
  approve,
  delegate,
  deny,
  endDelegation,
  makeApproved,
  makeMember,
  makeRole,
  type Person,
  petitionOf,
  refusalOf,
} from '../support/approvals.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { actionsOf, codesOf, command, start } from '../support/petitions.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

let gateway: Gateway;
let roleId: string;
let tenantAdmin: Person;
beforeAll(async () => {
  gateway = await startGateway({ environment: { SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'vestibule@example.org' } });
  roleId = await makeRole(gateway.tenant, 'approver');
  tenantAdmin = await gateway.signedInUser({ isTenantAdministrator: true });
});
afterAll(() => gateway.close());

let organization: { id: string };
let admin: Person;
let approver: Person & { membershipId: string };
beforeEach(async () => {
  organization = await makeOrganization(gateway.tenant);
  admin = await makeMember(gateway, organization, 'administrator');
  approver = await makeMember(gateway, organization, 'approver');
});

/** A flow of the organization whose petitions the holders of the role decide on. */
const byRole = (settings = {}) => makeApproved(gateway, organization.id, { approverRoleId: roleId, ...settings });
const read = async (person: { browser: Person['browser'] }, id: string, fields: string) => {
  const answer = await gateway.graphql(person.browser, `query ($id: ID!) { petition(id: $id) { ${fields} } }`, { id });
  return answer;
};
const mailsOf = (id: string) =>
  gateway.rows<{ kind: string; user_id: string | null }>(
    'select kind, user_id from petition_mails where tenant_id = $1 and petition_id = $2 order by id',
    [id.slice(4)],
  );
const leave = ({ membershipId }: { membershipId: string }) =>
  transact(gateway.database, gateway.tenant.id, (manager) =>
    runSql(manager, 'delete from memberships where tenant_id = $1 and id = $2', [gateway.tenant.id, membershipId]),
  );

describe('approving', () => {
  it('[ENR-52] is for approvers: where a role is named, for nobody who administers and does not hold it', async () => {
    const stranger = await gateway.signedInUser();
    const member = await makeMember(gateway, organization);
    const elsewhere = await makeMember(gateway, await makeOrganization(gateway.tenant), 'approver', 'administrator');
    const petitioner = await gateway.signedInUser();
    const id = await petitionOf(gateway, await byRole(), petitioner.browser);
    for (const act of [approve, deny]) {
      const refused = (person: Person | null) =>
        expectUnchanged(gateway, () => refusalOf(act(gateway, person?.browser ?? null, id)));
      expect(await refused(null)).toBe('UNAUTHENTICATED');
      expect(await refused(stranger)).toBe('NOT_FOUND');
      expect(await refused(member)).toBe('NOT_FOUND');
      expect(await refused(elsewhere)).toBe('NOT_FOUND');
      expect(await refused(petitioner)).toBe('FORBIDDEN');
      expect(await refused(admin)).toBe('FORBIDDEN');
      expect(await refused(tenantAdmin)).toBe('FORBIDDEN');
    }
    const flagged = command(gateway, admin.browser, 'petitionFlagDuplicate', { id });
    expect(await expectUnchanged(gateway, () => refusalOf(flagged))).toBe('FORBIDDEN');

    const { result, events } = await eventsOf(gateway, () =>
      approve(gateway, approver.browser, id, { comment: 'Known.' }),
    );
    expect(result.userErrors).toEqual([]);
    expect(result.petition.status).toBe('FINALIZED');
    expect(actionsOf(result)).toContain('APPROVED');
    expect(events.filter(({ type }: { type: string }) => type === 'petition.approved')).toHaveLength(1);
    const { data } = await read(
      approver,
      id,
      `decidedAt decisionComment decidedBy { id }
      decisions { totalCount nodes { isApproval comment approver { id } } }`,
    );
    expect(data.petition).toMatchObject({
      decidedAt: expect.any(String),
      decisionComment: 'Known.',
      decidedBy: { id: `usr_${approver.userId}` },
      decisions: {
        totalCount: 1,
        nodes: [{ isApproval: true, comment: 'Known.', approver: { id: `usr_${approver.userId}` } }],
      },
    });
  });

  it('is for the administrators, and those of the tenant, where no role is named', async () => {
    const flow = await makeApproved(gateway, organization.id);
    const [first, second] = [await petitionOf(gateway, flow), await petitionOf(gateway, flow)];
    expect(await refusalOf(approve(gateway, approver.browser, first))).toBe('NOT_FOUND');
    expect((await approve(gateway, admin.browser, first)).petition.status).toBe('FINALIZED');
    expect((await approve(gateway, tenantAdmin.browser, second)).petition.status).toBe('FINALIZED');
  });

  it('is for administrators of any organization where the petition leads to none', async () => {
    const id = await petitionOf(gateway, await makeApproved(gateway, null));
    expect(await refusalOf(approve(gateway, approver.browser, id))).toBe('NOT_FOUND');
    expect((await approve(gateway, admin.browser, id)).petition.status).toBe('FINALIZED');
  });

  it('[ENR-53] is refused without the comment and the confirmation that the flow demands', async () => {
    const demands = { decisionComment: DecisionDemand.APPROVAL, decisionConfirmation: DecisionDemand.ALWAYS };
    const id = await petitionOf(gateway, await byRole(demands));
    const attempts: [object, string, string[]][] = [
      [{ isConfirmed: true }, 'REQUIRED', ['comment']],
      [{ isConfirmed: true, comment: ' \n ' }, 'REQUIRED', ['comment']],
      [{ comment: 'Known.' }, 'REQUIRED', ['isConfirmed']],
      [{ comment: 'Known.', isConfirmed: false }, 'REQUIRED', ['isConfirmed']],
      [{ isConfirmed: true, comment: 'x'.repeat(2001) }, 'TOO_LONG', ['comment']],
      [{ isConfirmed: true, comment: 'a\u0000b' }, 'INVALID', ['comment']],
    ];
    for (const [input, code, field] of attempts) {
      const answer = await expectUnchanged(gateway, () => approve(gateway, approver.browser, id, input));
      expect(answer.userErrors).toMatchObject([{ code, field }]);
      expect(answer.petition.status).toBe('PENDING_APPROVAL');
    }
    const denied = await expectUnchanged(gateway, () => deny(gateway, approver.browser, id));
    expect(denied.userErrors).toMatchObject([{ code: 'REQUIRED', field: ['isConfirmed'] }]);
    const done = await approve(gateway, approver.browser, id, { comment: 'Known.\nLong.', isConfirmed: true });
    expect(done.petition.status).toBe('FINALIZED');
  });

  it('[ENR-54] denies, and mails the enrollee only where the flow says so, and what', async () => {
    const mailTemplates = [
      { kind: PetitionMailKind.DENIED, locale: MailLocale.EN, subject: 'No', text: 'Sorry.', html: null },
    ];
    const settings = [{ mailTemplates }, { notifiesOfDecision: true }, { notifiesOfDecision: true, mailTemplates }];
    for (const [index, setting] of settings.entries()) {
      const { browser, userId } = await gateway.signedInUser();
      const id = await petitionOf(gateway, await byRole(setting), browser);
      const { result, events } = await eventsOf(gateway, () =>
        deny(gateway, approver.browser, id, { comment: 'Nobody knows you.' }),
      );
      expect(result.petition).toMatchObject({ status: 'DENIED', step: 'DONE', waitsFor: null, nextActions: [] });
      expect(events.map(({ type }: { type: string }) => type)).toEqual(['petition.denied']);
      expect((await read({ browser }, id, 'decisionComment')).data.petition.decisionComment).toBe('Nobody knows you.');
      const told = (await mailsOf(id)).filter(({ user_id: to }) => to === userId);
      expect(told.map(({ kind }) => kind)).toEqual(index === 2 ? ['DENIED'] : []);
    }
  });

  it('[ENR-56] a second time is refused, whoever does it and whatever they decide', async () => {
    const flow = await byRole();
    const other = await makeMember(gateway, organization, 'approver');
    for (const first of [approve, deny]) {
      const id = await petitionOf(gateway, flow);
      await first(gateway, approver.browser, id);
      for (const { browser } of [approver, other]) {
        for (const second of [approve, deny]) {
          const answer = await expectUnchanged(gateway, () => second(gateway, browser, id));
          expect(codesOf(answer)).toEqual(['PETITION_ALREADY_DECIDED']);
        }
      }
    }
  });

  it('[ENR-61] and every other mutation is refused once the petition is finished', async () => {
    const flow = await byRole();
    const ends: ((id: string, browser: Person['browser']) => Promise<unknown>)[] = [
      (id) => approve(gateway, approver.browser, id),
      (id) => deny(gateway, approver.browser, id),
      (id) => command(gateway, approver.browser, 'petitionFlagDuplicate', { id, comment: 'Enrolled.' }),
      (id, browser) => command(gateway, browser, 'petitionCancel', { id }),
    ];
    for (const end of ends) {
      const { browser } = await gateway.signedInUser();
      const id = await petitionOf(gateway, flow, browser);
      await end(id, browser);
      // A session whose rights have grown has another token from now on.
      await read({ browser }, id, 'status');
      const calls: [Person['browser'], string, object][] = [
        [approver.browser, 'petitionApprove', {}],
        [approver.browser, 'petitionDeny', {}],
        [approver.browser, 'petitionFlagDuplicate', {}],
        [approver.browser, 'petitionComment', { text: 'Late' }],
        [admin.browser, 'petitionComment', { text: 'Late' }],
        [admin.browser, 'petitionRecordVetting', { outcome: 'PASSED' }],
        [browser, 'petitionSubmitAttributes', { attributes: {} }],
        [browser, 'petitionAgreeToTerms', { terms: [] }],
        [browser, 'petitionSelectEnrollee', { enrolleeId: `usr_${admin.userId}` }],
        [browser, 'petitionResendConfirmation', {}],
        [admin.browser, 'petitionContinue', {}],
        [browser, 'petitionCancel', {}],
      ];
      for (const [caller, name, input] of calls) {
        const answer = await expectUnchanged(gateway, () => command(gateway, caller, name, { id, ...input }));
        expect([name, codesOf(answer)]).toEqual([
          name,
          [expect.stringMatching(/^PETITION_(FINISHED|ALREADY_DECIDED)$/)],
        ]);
        expect(answer.petition.nextActions).toEqual([]);
      }
    }
  });

  it('[ENR-63] and denying at once: exactly one decides', async () => {
    const flow = await byRole();
    const others = [approver];
    while (others.length < 4) others.push(await makeMember(gateway, organization, 'approver'));
    const id = await petitionOf(gateway, flow);
    const answers = await Promise.all(
      others.map(({ browser }, index) => (index % 2 ? approve : deny)(gateway, browser, id)),
    );
    const codes = answers.flatMap(codesOf);
    expect(codes).toEqual(Array(3).fill('PETITION_ALREADY_DECIDED'));
    const history = await gateway.rows(
      `select action from petition_history where tenant_id = $1 and petition_id = $2 and action in ('APPROVED', 'DENIED')`,
      [id.slice(4)],
    );
    expect(history).toHaveLength(1);
  });

  it("of one's own petition is refused unless the flow allows it, as petitioner and as enrollee", async () => {
    const flow = await byRole();
    const id = await petitionOf(gateway, flow, approver.browser);
    for (const act of [approve, deny]) {
      const answer = await expectUnchanged(gateway, () => act(gateway, approver.browser, id));
      expect(codesOf(answer)).toEqual(['OWN_PETITION']);
    }
    const other = await makeMember(gateway, organization, 'approver');
    expect((await approve(gateway, other.browser, id)).petition.status).toBe('FINALIZED');

    const chosen = await makeApproved(gateway, organization.id, {
      approverRoleId: roleId,
      authorization: FlowAuthorization.ORGANIZATION_ADMINISTRATOR,
      match: MatchPolicy.SELECT,
    });
    const begun = await start(gateway, admin.browser, chosen.globalId);
    await command(gateway, admin.browser, 'petitionSelectEnrollee', {
      id: begun.petition.id,
      enrolleeId: `usr_${approver.userId}`,
    });
    const own = await expectUnchanged(gateway, () => approve(gateway, approver.browser, begun.petition.id));
    expect(codesOf(own)).toEqual(['OWN_PETITION']);

    const lenient = await petitionOf(gateway, await byRole({ allowsOwnApproval: true }), approver.browser);
    expect((await approve(gateway, approver.browser, lenient)).petition.status).toBe('FINALIZED');
  });

  it('is refused while the flow is suspended, and to a session that shows no second factor where one is asked for', async () => {
    const flow = await byRole();
    const id = await petitionOf(gateway, flow);
    const run = (sql: string, ...values: unknown[]) =>
      transact(gateway.database, gateway.tenant.id, (manager) => runSql(manager, sql, [gateway.tenant.id, ...values]));
    const suspend = 'update enrollment_flows set status = $3 where tenant_id = $1 and id = $2';
    await run(suspend, flow.id, FlowStatus.SUSPENDED);
    expect(codesOf(await expectUnchanged(gateway, () => approve(gateway, approver.browser, id)))).toEqual([
      'FLOW_NOT_ACTIVE',
    ]);
    await run(suspend, flow.id, FlowStatus.ACTIVE);
    const stranger = await gateway.signedInUser();
    await delegate(gateway, approver.browser, `usr_${admin.userId}`);
    await run(
      `insert into approver_delegations (id, tenant_id, user_id, delegate_user_id, starts_at, ends_at, created_at)
       values (gen_random_uuid(), $1, $2, $3, now() - interval '1 day', now() + interval '1 day', now())`,
      ...[approver.userId, stranger.userId],
    );
    expect((await read(stranger, id, 'viewerParties')).data.petition.viewerParties).toContain('APPROVER');
    await run('update organizations set is_mfa_required = true where tenant_id = $1 and id = $2', organization.id);
    for (const [{ browser }, code] of [
      [approver, 'ORGANIZATION_MFA_REQUIRED'],
      [admin, 'ORGANIZATION_MFA_REQUIRED'],
      [stranger, 'NOT_FOUND'],
    ] as const) {
      expect(await expectUnchanged(gateway, () => refusalOf(approve(gateway, browser, id)))).toBe(code);
    }
  });
});

describe('several approvers', () => {
  let others: (Person & { membershipId: string })[];
  beforeEach(async () => {
    others = [await makeMember(gateway, organization, 'approver'), await makeMember(gateway, organization, 'approver')];
  });

  it('ALL: each must approve, and nobody twice', async () => {
    const id = await petitionOf(gateway, await byRole({ approvalRule: ApprovalRule.ALL }));
    const { result, events } = await eventsOf(gateway, () => approve(gateway, approver.browser, id));
    expect(result.petition).toMatchObject({ status: 'PENDING_APPROVAL' });
    expect(actionsOf(result)).toContain('APPROVAL_RECORDED');
    expect(events.map(({ type }: { type: string }) => type)).toEqual(['petition.advanced']);
    const again = await expectUnchanged(gateway, () => approve(gateway, approver.browser, id));
    expect(codesOf(again)).toEqual(['PETITION_ALREADY_DECIDED']);
    expect((await approve(gateway, others[0]!.browser, id)).petition.status).toBe('PENDING_APPROVAL');
    const { data } = await read(admin, id, 'decidedAt approvers { totalCount nodes { hasApproved user { id } } }');
    expect(data.petition.decidedAt).toBeNull();
    expect(data.petition.approvers.totalCount).toBe(3);
    const approved = new Map(data.petition.approvers.nodes.map((node: any) => [node.user.id, node.hasApproved]));
    expect([approver, ...others].map(({ userId }) => approved.get(`usr_${userId}`))).toEqual([true, true, false]);
    expect((await approve(gateway, others[1]!.browser, id)).petition.status).toBe('FINALIZED');
  });

  it('ALL: who leaves in between is not waited for, also when that is the last one', async () => {
    const flow = await byRole({ approvalRule: ApprovalRule.ALL });
    const [early, late] = [await petitionOf(gateway, flow), await petitionOf(gateway, flow)];
    await approve(gateway, approver.browser, late);
    await approve(gateway, others[0]!.browser, late);
    await approve(gateway, approver.browser, early);
    await leave(others[1]!);
    expect((await approve(gateway, others[0]!.browser, early)).petition.status).toBe('FINALIZED');
    expect((await approve(gateway, approver.browser, late)).petition.status).toBe('FINALIZED');
    expect(await refusalOf(approve(gateway, others[1]!.browser, await petitionOf(gateway, flow)))).toBe('NOT_FOUND');
  });

  it('ALL: whose own petition it is is not waited for', async () => {
    const id = await petitionOf(gateway, await byRole({ approvalRule: ApprovalRule.ALL }), others[0]!.browser);
    await approve(gateway, approver.browser, id);
    expect((await approve(gateway, others[1]!.browser, id)).petition.status).toBe('FINALIZED');
  });

  it('N_OF_M: as many as the flow says', async () => {
    const id = await petitionOf(gateway, await byRole({ approvalRule: ApprovalRule.N_OF_M, approvalCount: 2 }));
    expect((await approve(gateway, approver.browser, id)).petition.status).toBe('PENDING_APPROVAL');
    expect(codesOf(await approve(gateway, approver.browser, id))).toEqual(['PETITION_ALREADY_DECIDED']);
    expect((await approve(gateway, others[0]!.browser, id)).petition.status).toBe('FINALIZED');
    expect(codesOf(await deny(gateway, others[1]!.browser, id))).toEqual(['PETITION_ALREADY_DECIDED']);
  });

  it('one denial ends it, also by who has approved before', async () => {
    const flow = await byRole({ approvalRule: ApprovalRule.ALL });
    for (const { browser } of [approver, others[1]!]) {
      const id = await petitionOf(gateway, flow);
      await approve(gateway, approver.browser, id);
      expect((await deny(gateway, browser, id, { comment: 'On second thought.' })).petition.status).toBe('DENIED');
      const { data } = await read(admin, id, 'decisions { nodes { isApproval } } decisionComment');
      expect(data.petition.decisionComment).toBe('On second thought.');
      expect(data.petition.decisions.nodes.at(-1)).toEqual({ isApproval: false });
    }
  });

  it('ALL: a delegate approves for the one who is away, which stays when the delegation ends', async () => {
    const id = await petitionOf(gateway, await byRole({ approvalRule: ApprovalRule.ALL }));
    const stranger = await gateway.signedInUser();
    const { data } = await delegate(gateway, tenantAdmin.browser, `usr_${stranger.userId}`, {
      userId: `usr_${others[1]!.userId}`,
    });
    await approve(gateway, stranger.browser, id);
    await endDelegation(gateway, others[1]!.browser, data.answer.approverDelegation.id);
    await approve(gateway, approver.browser, id);
    expect((await approve(gateway, others[0]!.browser, id)).petition.status).toBe('FINALIZED');
  });

  it('N_OF_M: a delegate of two is one', async () => {
    const id = await petitionOf(gateway, await byRole({ approvalRule: ApprovalRule.N_OF_M, approvalCount: 2 }));
    for (const { browser } of others) await delegate(gateway, browser, `usr_${approver.userId}`);
    expect((await approve(gateway, approver.browser, id)).petition.status).toBe('PENDING_APPROVAL');
    expect(codesOf(await approve(gateway, approver.browser, id))).toEqual(['PETITION_ALREADY_DECIDED']);
  });
});
