import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as openid from 'openid-client';
import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import {
  FlowAuthorization,
  FlowStatus,
  MatchPolicy,
  OrganizationStatus,
  TermsMode,
  UserStatus,
} from '../../src/entities/enums.js';
import { makeMembership, makeOrganization, makeUser, seedTenant } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { clientOf, joinApplication, makeApplication, resourceOf } from '../support/openid.js';
import { actionsOf, attribute, codesOf, command, makeFlow, PERSON, start } from '../support/petitions.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const refusal = async (act: Promise<unknown>): Promise<string> => {
  const error = (await act.then(
    () => null,
    (caught: unknown) => caught,
  )) as { errors?: { extensions: { code: string } }[] } | null;
  return error?.errors?.[0]?.extensions.code ?? 'none';
};
const flow = (facts: Parameters<typeof makeFlow>[1] = {}) => makeFlow(gateway.tenant, facts);
const OFFER = 'query ($id: ID!) { enrollmentFlowOffer(id: $id) { id } }';
const START = `mutation ($input: PetitionStartInput!) {
  petitionStart(input: $input) { petition { id } userErrors { code } } }`;
const asking = { attributes: [attribute({ key: 'motive' })] };

async function member(organization: { id: string }, roles?: string[]) {
  const person = await gateway.signedInUser();
  await makeMembership(gateway.tenant, { user: { id: person.userId }, organization, ...(roles ? { roles } : {}) });
  return person;
}

describe('starting', () => {
  it('[ENR-01] is refused where the flow is not active, and nothing is created', async () => {
    for (const status of [FlowStatus.SUSPENDED, FlowStatus.TEMPLATE]) {
      const { globalId } = await flow({ status });
      const answer = await expectUnchanged(gateway, () => start(gateway, null, globalId));
      expect(codesOf(answer)).toEqual(['FLOW_NOT_ACTIVE']);
      expect(answer).toMatchObject({ petition: null, token: null });
    }
  });

  it('[ENR-02] by nobody gives a petition and a token, and records no petitioner', async () => {
    const { globalId } = await flow({ settings: asking });
    const { result, events } = await eventsOf(gateway, () => start(gateway, null, globalId));
    expect(result.token).toMatch(/^[\w-]{43}$/);
    expect(result.petition).toMatchObject({ status: 'CREATED', step: 'ATTRIBUTES', waitsFor: 'PETITIONER' });
    expect(result.petition.nextActions).toEqual(['SUBMIT_ATTRIBUTES', 'CANCEL']);
    const [row] = await gateway.rows('select * from petitions where tenant_id = $1 and id = $2', [
      result.petition.id.slice(4),
    ]);
    expect(row).toMatchObject({ petitioner_user_id: null, enrollee_user_id: null });
    expect(JSON.stringify(row)).not.toContain(result.token);
    expect(events.map(({ type, actor_kind: kind }: any) => [type, kind])).toEqual([['petition.created', 'ANONYMOUS']]);
  });

  it('[ENR-03] an open flow while signed in records no petitioner either', async () => {
    const { browser } = await gateway.signedInUser();
    const { globalId } = await flow({ settings: asking });
    const { petition, token } = await start(gateway, browser, globalId);
    expect(token).not.toBeNull();
    const [row] = await gateway.rows(
      'select petitioner_user_id as id from petitions where tenant_id = $1 and id = $2',
      [petition.id.slice(4)],
    );
    expect(row).toEqual({ id: null });
  });

  it('[ENR-04] is refused to nobody where a sign-in is asked for; a newcomer starts, and becomes a member of nothing', async () => {
    const { globalId } = await flow({ settings: { ...asking, authorization: FlowAuthorization.SIGNED_IN } });
    expect(await expectUnchanged(gateway, () => refusal(start(gateway, null, globalId)))).toBe('UNAUTHENTICATED');
    const newcomer = await gateway.signedInUser();
    const { petition, token } = await start(gateway, newcomer.browser, globalId);
    expect([petition.status, token]).toEqual(['CREATED', null]);
    const memberships = await gateway.rows('select id from memberships where tenant_id = $1 and user_id = $2', [
      newcomer.userId,
    ]);
    expect(memberships).toEqual([]);
  });

  it('[ENR-05] [ENR-06] is for who the flow says, and for administrators of the tenant', async () => {
    const [home, other] = [await makeOrganization(gateway.tenant), await makeOrganization(gateway.tenant)];
    const roleId = v7();
    await transact(gateway.database, gateway.tenant.id, (manager) =>
      runSql(
        manager,
        `insert into roles (id, tenant_id, name, description, is_built_in, kind) values ($1, $2, $3, '', false, 'USER')`,
        [roleId, gateway.tenant.id, `starter-${roleId}`],
      ),
    );
    gateway.tenant.roles.set(`starter-${roleId}`, roleId);
    const callers = {
      nobody: null,
      newcomer: (await gateway.signedInUser()).browser,
      member: (await member(home)).browser,
      holder: (await member(home, [`starter-${roleId}`])).browser,
      administrator: (await member(home, ['member', 'administrator'])).browser,
      elsewhere: (await member(other, ['member', 'administrator'])).browser,
      tenant: (await gateway.signedInUser({ isTenantAdministrator: true })).browser,
    };
    const of = async (authorization: FlowAuthorization, more = {}) => {
      const settings = { ...asking, authorization, ...more };
      const { globalId } = await flow({ settings, organizationId: home.id });
      const admitted = [];
      for (const [name, browser] of Object.entries(callers)) {
        if ((await refusal(start(gateway, browser, globalId))) === 'none') admitted.push(name);
      }
      return admitted;
    };
    expect(await of(FlowAuthorization.NONE)).toEqual(Object.keys(callers));
    expect(await of(FlowAuthorization.SIGNED_IN)).toEqual(Object.keys(callers).slice(1));
    expect(await of(FlowAuthorization.TENANT_MEMBER)).toEqual(
      Object.keys(callers).filter((name) => !['nobody', 'newcomer'].includes(name)),
    );
    expect(await of(FlowAuthorization.ORGANIZATION_MEMBER)).toEqual(['member', 'holder', 'administrator', 'tenant']);
    expect(await of(FlowAuthorization.ROLE_HOLDER, { authorizationRoleId: roleId })).toEqual(['holder', 'tenant']);
    expect(await of(FlowAuthorization.ORGANIZATION_ADMINISTRATOR)).toEqual(['administrator', 'tenant']);
    expect(await of(FlowAuthorization.ANY_ADMINISTRATOR)).toEqual(['administrator', 'elsewhere', 'tenant']);
    expect(await of(FlowAuthorization.TENANT_ADMINISTRATOR)).toEqual(['tenant']);
  });

  it('[ENR-05] by an application, which is a member of nothing and may hold roles, is as the offers say', async () => {
    const home = await makeOrganization(gateway.tenant);
    const application = await makeApplication(gateway, 'MACHINE');
    const authorizationRoleId = await joinApplication(gateway, application, home, []);
    const { access_token: token } = await openid.clientCredentialsGrant(await clientOf(gateway, application), {
      resource: resourceOf(home),
    });
    const headers = { authorization: `Bearer ${token}` };
    const startable = async (settings: object) => {
      const { globalId } = await flow({
        settings: { ...asking, isOffered: true, ...settings },
        organizationId: home.id,
      });
      const offer = await gateway.graphql(null, OFFER, { id: globalId }, headers);
      const { data, errors } = await gateway.graphql(null, START, { input: { flowId: globalId } }, headers);
      const isStarted = Boolean(data?.petitionStart?.petition);
      if (!isStarted) expect(errors![0]!.extensions.code).toBe('FORBIDDEN');
      return [Boolean(offer.data.enrollmentFlowOffer), isStarted];
    };
    for (const authorization of [FlowAuthorization.ORGANIZATION_MEMBER, FlowAuthorization.TENANT_MEMBER]) {
      expect(await startable({ authorization })).toEqual([false, false]);
    }
    const authorization = FlowAuthorization.ROLE_HOLDER;
    expect(await startable({ authorization, authorizationRoleId })).toEqual([true, true]);
    expect(await startable({ authorization, authorizationRoleId: v7() })).toEqual([false, false]);
  });

  it('[ENR-07] makes the petition only as it is started: reading the flow makes none', async () => {
    const { globalId } = await flow({ settings: { introduction: 'Welcome' } });
    await expectUnchanged(gateway, () =>
      gateway.graphql(null, '{ enrollmentFlowsOffered(first: 100) { nodes { name } } }'),
    );
    const { petition } = await start(gateway, null, globalId);
    expect(petition.history.nodes[0]).toMatchObject({ action: 'CREATED', statusAfter: 'CREATED' });
  });

  it('needs to know where to, among the organizations of the flow, which must be active', async () => {
    const [first, second, outside] = [
      await makeOrganization(gateway.tenant),
      await makeOrganization(gateway.tenant, { status: OrganizationStatus.SUSPENDED }),
      await makeOrganization(gateway.tenant),
    ];
    const { globalId } = await flow({ settings: { ...asking, organizationIds: [first.id, second.id] } });
    const at = (organization: { id: string } | null) =>
      start(gateway, null, globalId, { organizationId: organization && `org_${organization.id}` });
    expect(codesOf(await expectUnchanged(gateway, () => at(null)))).toEqual(['REQUIRED']);
    expect(codesOf(await expectUnchanged(gateway, () => at(outside)))).toEqual(['INVALID']);
    expect(codesOf(await expectUnchanged(gateway, () => at(second)))).toEqual(['WRONG_STATUS']);
    expect(codesOf(await at(first))).toEqual([]);
  });

  it('with the same key gives the same petition, without its token', async () => {
    const { browser } = await gateway.signedInUser();
    const { globalId } = await flow({ settings: asking });
    const first = await start(gateway, browser, globalId, { idempotencyKey: 'k-1' });
    const again = await start(gateway, browser, globalId, { idempotencyKey: 'k-1' });
    expect(first.token).not.toBeNull();
    expect(again.token).toBeNull();
    const other = await flow({ settings: asking });
    expect(codesOf(await start(gateway, browser, other.globalId, { idempotencyKey: 'k-1' }))).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
    const rows = await gateway.rows('select id from petitions where tenant_id = $1 and flow_id = $2', [
      globalId.slice(4),
    ]);
    expect(rows).toEqual([{ id: first.petition.id.slice(4) }]);
  });
});

describe('who is party to a petition', () => {
  it('[ENR-08] a wrong, an empty and a missing token are refused, on each step', async () => {
    const { globalId } = await flow({ settings: { ...asking, terms: TermsMode.IGNORE } });
    const { petition, token } = await start(gateway, null, globalId);
    const other = await start(gateway, null, globalId);
    const input = { id: petition.id };
    const commands: [string, object][] = [
      ['petitionSubmitAttributes', { ...input, attributes: {} }],
      ['petitionSelectEnrollee', { ...input, enrolleeId: `usr_${v7()}` }],
      ['petitionAgreeToTerms', { ...input, terms: [] }],
      ['petitionContinue', input],
      ['petitionCancel', input],
      ['petitionResendConfirmation', input],
    ];
    const wrong = ['', 'x', 'A'.repeat(43), other.token!, `${token!.slice(0, 42)}!`];
    for (const [name, given] of commands) {
      for (const [index, sent] of [null, ...wrong].entries()) {
        const code = await expectUnchanged(gateway, () => refusal(command(gateway, null, name, given, sent)));
        expect([name, index, code]).toEqual([
          name,
          index,
          sent?.length === 43 && !sent.includes('!') ? 'NOT_FOUND' : 'UNAUTHENTICATED',
        ]);
      }
    }
    const read = `query ($id: ID!) { petition(id: $id) { id } node(id: $id) { id } }`;
    for (const sent of wrong) {
      const headers = { 'vestibule-petition-token': sent };
      const { data } = await gateway.graphql(null, read, input, headers);
      expect(data).toEqual({ petition: null, node: null });
    }
    const { data } = await gateway.graphql(null, read, input, { 'vestibule-petition-token': token! });
    expect(data).toEqual({ petition: input, node: input });
  });

  it('another person neither sees it nor acts on it; who administers the organization does', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const settings = { ...asking, authorization: FlowAuthorization.SIGNED_IN, organizationIds: [organization.id] };
    const { globalId } = await flow({ settings });
    const [mine, other, colleague, administrator] = [
      await gateway.signedInUser(),
      await gateway.signedInUser(),
      await member(organization),
      await member(organization, ['member', 'administrator']),
    ];
    const { petition } = await start(gateway, mine.browser, globalId);
    const input = { id: petition.id, attributes: { motive: 'work' } };
    for (const { browser } of [other, colleague]) {
      const code = await expectUnchanged(gateway, () =>
        refusal(command(gateway, browser, 'petitionSubmitAttributes', input)),
      );
      expect(code).toBe('NOT_FOUND');
    }
    const answer = await command(gateway, administrator.browser, 'petitionCancel', { id: petition.id, comment: 'No' });
    expect(answer.petition).toMatchObject({ status: 'CANCELED', step: 'DONE', waitsFor: null, nextActions: [] });
    expect(answer.petition.viewerParties).toEqual(['ADMINISTRATOR']);
  });

  it('[ENR-61] nothing changes a petition that is finished', async () => {
    const { globalId } = await flow({ settings: asking });
    const { petition, token } = await start(gateway, null, globalId);
    const { id } = petition;
    await command(gateway, null, 'petitionCancel', { id }, token);
    const commands: [string, object][] = [
      ['petitionSubmitAttributes', { id, attributes: { motive: 'x' } }],
      ['petitionAgreeToTerms', { id, terms: [] }],
      ['petitionContinue', { id }],
      ['petitionCancel', { id }],
    ];
    for (const [name, input] of commands) {
      const answer = await expectUnchanged(gateway, () => command(gateway, null, name, input, token));
      expect([name, codesOf(answer)]).toEqual([name, ['PETITION_FINISHED']]);
    }
  });

  it('a suspended flow holds its petitions where they are; giving up still works', async () => {
    const { id: flowId, globalId } = await flow({ settings: asking });
    const { petition, token } = await start(gateway, null, globalId);
    await transact(gateway.database, gateway.tenant.id, (manager) =>
      runSql(manager, `update enrollment_flows set status = 'SUSPENDED' where id = $1`, [flowId]),
    );
    const { id } = petition;
    const answer = await expectUnchanged(gateway, () =>
      command(gateway, null, 'petitionSubmitAttributes', { id, attributes: {} }, token),
    );
    expect(codesOf(answer)).toEqual(['FLOW_NOT_ACTIVE']);
    expect(answer.petition.nextActions).toEqual(['CANCEL']);
    expect((await command(gateway, null, 'petitionCancel', { id }, token)).petition.status).toBe('CANCELED');
  });

  it('a token of a petition works for a while: not for ever', async () => {
    const { globalId } = await flow({ settings: asking });
    const { petition, token } = await start(gateway, null, globalId);
    gateway.advance(31 * 24 * 60 * 60_000);
    try {
      expect(await refusal(command(gateway, null, 'petitionContinue', { id: petition.id }, token))).toBe('NOT_FOUND');
    } finally {
      gateway.advance(-31 * 24 * 60 * 60_000);
    }
  });
});

describe('deleting', () => {
  const remove = async (browser: Parameters<typeof command>[1], id: string, more = {}) => {
    const answer = await gateway.graphql(
      browser,
      `mutation ($input: PetitionDeleteInput!) { answer: petitionDelete(input: $input) { deletedId userErrors { code field } } }`,
      { input: { id, ...more } },
    );
    return answer.errors?.[0]?.extensions.code ?? answer.data.answer;
  };
  const OF_PETITION = ['petition_history', 'petition_decisions', 'petition_comments', 'petition_mails'];
  const rowsOf = async (id: string) => {
    const counts = OF_PETITION.map(
      (table) => `(select count(*) from ${table} where tenant_id = $1 and petition_id = $2)`,
    );
    const all = `(select count(*) from petitions where tenant_id = $1 and id = $2) + ${counts.join(' + ')}`;
    return Number((await gateway.rows(`select ${all} as count`, [id.slice(4)]))[0]!.count);
  };

  it('is for administrators of the tenant alone; nobody else learns of it', async () => {
    const home = await makeOrganization(gateway.tenant);
    const { browser } = await member(home);
    const administrator = (await member(home, ['member', 'administrator'])).browser;
    const settings = { ...asking, authorization: FlowAuthorization.SIGNED_IN, requiresApproval: true };
    const { globalId } = await flow({ organizationId: home.id, settings });
    const { petition } = await start(gateway, browser, globalId);
    const codes = [];
    for (const caller of [null, browser, administrator])
      codes.push(await expectUnchanged(gateway, () => remove(caller, petition.id)));
    expect(codes).toEqual(['UNAUTHENTICATED', 'FORBIDDEN', 'FORBIDDEN']);
  });

  it('takes all of it, wherever it stands, and leaves whom it enrolled and the events', async () => {
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const home = await makeOrganization(gateway.tenant);
    const person = await gateway.signedInUser();
    const settings = { ...asking, authorization: FlowAuthorization.SIGNED_IN, match: MatchPolicy.SELF };
    const { id: flowId, globalId } = await flow({ organizationId: home.id, settings });
    const begun = (await start(gateway, person.browser, globalId)).petition;
    const { petition } = await start(gateway, person.browser, globalId);
    const done = await command(gateway, person.browser, 'petitionSubmitAttributes', {
      id: petition.id,
      attributes: {},
    });
    expect(done.petition.status).toBe('FINALIZED');

    const stale = await expectUnchanged(gateway, () => remove(browser, begun.id, { expectedVersion: 99 }));
    expect(stale).toEqual({ deletedId: null, userErrors: [{ code: 'STALE_VERSION', field: ['expectedVersion'] }] });
    for (const [id, status] of [
      [begun.id, 'CREATED'],
      [petition.id, 'FINALIZED'],
    ]) {
      const { result, events } = await eventsOf(gateway, () => remove(browser, id));
      expect(result).toEqual({ deletedId: id, userErrors: [] });
      expect(events.map(({ type, object_id: object, before }: any) => [type, object, before])).toEqual([
        ['petition.deleted', id.slice(4), { status, flowId: `flo_${flowId}`, flowVersion: 1 }],
      ]);
      expect(await rowsOf(id)).toBe(0);
      const again = await expectUnchanged(gateway, () => remove(browser, id));
      expect(again).toBe('NOT_FOUND');
    }
    const memberships = await gateway.rows('select 1 from memberships where tenant_id = $1 and user_id = $2', [
      person.userId,
    ]);
    expect(memberships).toHaveLength(1);
    const told = await gateway.rows('select 1 from events where tenant_id = $1 and object_id = $2', [
      petition.id.slice(4),
    ]);
    expect(told.length).toBeGreaterThan(2);
  });
});

describe('the steps of the petitioner', () => {
  it('[ENR-10] without attributes, mail and approval it is finalized as it starts', async () => {
    const { globalId } = await flow();
    const answer = await start(gateway, null, globalId);
    expect(codesOf(answer)).toEqual([]);
    expect(answer.petition).toMatchObject({ status: 'FINALIZED', step: 'DONE' });
    expect(actionsOf(answer)).toEqual(['CREATED', 'STATUS_UPDATED', 'PROVISIONED']);
  });

  it('[ENR-11] SELF enrolls the petitioner', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const settings = {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
      organizationIds: [organization.id],
    };
    const { globalId } = await flow({ settings });
    const { browser, userId } = await gateway.signedInUser();
    const { petition } = await start(gateway, browser, globalId);
    expect(petition.status).toBe('FINALIZED');
    const [row] = await gateway.rows('select enrollee_user_id as id from petitions where tenant_id = $1 and id = $2', [
      petition.id.slice(4),
    ]);
    expect(row).toEqual({ id: userId });
    const members = await gateway.rows('select source from memberships where tenant_id = $1 and user_id = $2', [
      userId,
    ]);
    expect(members).toEqual([{ source: 'ENROLLMENT' }]);
  });

  it('[ENR-11] SELF is for somebody who is known: nobody else starts it', async () => {
    const { globalId } = await flow({ settings: { match: MatchPolicy.SELF } });
    const answer = await expectUnchanged(gateway, () => start(gateway, null, globalId));
    expect(codesOf(answer)).toEqual(['SIGN_IN_REQUIRED']);
  });

  it('[ENR-12] SELECT enrolls whom the petitioner picks; people of another tenant, and suspended ones, are not there', async () => {
    const settings = { authorization: FlowAuthorization.TENANT_ADMINISTRATOR, match: MatchPolicy.SELECT, ...asking };
    const { globalId } = await flow({ settings });
    const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
    const { petition } = await start(gateway, browser, globalId);
    expect(petition).toMatchObject({ step: 'SELECT_ENROLLEE', nextActions: ['SELECT_ENROLLEE', 'COMMENT', 'CANCEL'] });
    const elsewhere = await makeUser(await seedTenant(gateway.database, 'elsewhere'));
    const suspended = await makeUser(gateway.tenant, { status: UserStatus.SUSPENDED });
    for (const { id } of [elsewhere, suspended]) {
      const input = { id: petition.id, enrolleeId: `usr_${id}` };
      const answer = await expectUnchanged(gateway, () => command(gateway, browser, 'petitionSelectEnrollee', input));
      expect(codesOf(answer)).toEqual(['NOT_FOUND']);
    }
    const picked = await makeUser(gateway.tenant);
    const input = { id: petition.id, enrolleeId: `usr_${picked.id}` };
    const answer = await command(gateway, browser, 'petitionSelectEnrollee', input);
    expect(answer.petition).toMatchObject({ step: 'ATTRIBUTES', email: picked.email });
    expect(actionsOf(answer)).toEqual(['CREATED', 'IDENTITY_LINKED']);
  });

  it('[ENR-14] attributes that are wrong leave nothing behind, and every fault is told', async () => {
    const { globalId } = await flow({
      settings: { attributes: [...PERSON, attribute({ key: 'age', type: 'NUMBER' as never, minimum: 18 })] },
    });
    const { petition, token } = await start(gateway, null, globalId);
    const attributes = { email: 'nobody', givenName: ' ', age: 17, other: 1 };
    const answer = await expectUnchanged(gateway, () =>
      command(gateway, null, 'petitionSubmitAttributes', { id: petition.id, attributes }, token),
    );
    expect(answer.userErrors.map(({ field }) => field?.join('.')).sort()).toEqual(
      [
        'attributes.age',
        'attributes.email',
        'attributes.familyName',
        'attributes.givenName',
        'attributes.other',
      ].sort(),
    );
    expect(answer.petition.status).toBe('CREATED');
  });

  it('draws the form with what is known of the account, and keeps from the parties what is for approvers', async () => {
    const hidden = attribute({ key: 'note', visibility: 'APPROVERS' as never });
    const settings = {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
      attributes: [attribute({ key: 'family', defaultSource: 'FAMILY_NAME' as never }), hidden],
      requiresApproval: true,
    };
    const { globalId } = await flow({ settings });
    const { browser } = await gateway.signedInUser({ familyName: 'Garance' });
    const { petition } = await start(gateway, browser, globalId);
    const asked = await gateway.graphql(
      browser,
      `query ($id: ID!) { petition(id: $id) { form { key defaultValue } } }`,
      {
        id: petition.id,
      },
    );
    expect(asked.data.petition.form).toEqual([
      { key: 'family', defaultValue: 'Garance' },
      { key: 'note', defaultValue: null },
    ]);
    const attributes = { family: 'Garance', note: 'for them alone' };
    const answer = await command(gateway, browser, 'petitionSubmitAttributes', { id: petition.id, attributes });
    expect(answer.petition).toMatchObject({ status: 'PENDING_APPROVAL', waitsFor: 'APPROVER' });
    expect(answer.petition.attributes).toEqual([{ key: 'family', value: 'Garance' }]);
    const { browser: tenant } = await gateway.signedInUser({ isTenantAdministrator: true });
    const seen = await gateway.graphql(tenant, `query ($id: ID!) { petition(id: $id) { attributes { key } } }`, {
      id: petition.id,
    });
    expect(seen.data.petition.attributes).toEqual([{ key: 'family' }, { key: 'note' }]);
  });
});

describe('terms', () => {
  const terms = async (organizationId: string | null, title: string) => {
    const id = v7();
    await transact(gateway.database, gateway.tenant.id, (manager) =>
      runSql(
        manager,
        `insert into terms (id, tenant_id, organization_id, title, body, is_active, created_at, updated_at)
         values ($1, $2, $3, $4, 'All of it.', true, now(), now())`,
        [id, gateway.tenant.id, organizationId, title],
      ),
    );
    return { id: `trm_${id}`, edition: 1 };
  };

  it('[ENR-50] explicit ones must all be agreed to; ignored ones are no step, and without active ones there is none', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const organizationIds = [organization.id];
    const none = await flow({ settings: { terms: TermsMode.EXPLICIT, organizationIds } });
    expect((await start(gateway, null, none.globalId)).petition.status).toBe('FINALIZED');

    const [first, second] = [await terms(organization.id, 'Charter'), await terms(organization.id, 'Privacy')];
    const ignoring = await flow({ settings: { organizationIds } });
    expect(actionsOf(await start(gateway, null, ignoring.globalId))).not.toContain('TERMS_AGREED');

    const { petition, token } = await start(gateway, null, none.globalId);
    expect(petition).toMatchObject({ status: 'CREATED', step: 'PETITIONER_TERMS' });
    const agree = (given: object[]) =>
      command(gateway, null, 'petitionAgreeToTerms', { id: petition.id, terms: given }, token);
    for (const given of [[], [first], [first, { ...second, edition: 2 }]]) {
      const answer = await expectUnchanged(gateway, () => agree(given));
      expect(codesOf(answer)).toEqual(['TERMS_REQUIRED']);
    }
    const done = await agree([first, second]);
    expect(done.petition.status).toBe('FINALIZED');
    const agreements = await gateway.rows(
      'select title, edition, is_explicit from terms_agreements where tenant_id = $1 and petition_id = $2 order by title',
      [petition.id.slice(4)],
    );
    expect(agreements).toEqual([
      { title: 'Charter', edition: 1, is_explicit: true },
      { title: 'Privacy', edition: 1, is_explicit: true },
    ]);

    const implied = await flow({ settings: { terms: TermsMode.IMPLIED, organizationIds } });
    const through = await start(gateway, null, implied.globalId);
    expect(through.petition.status).toBe('FINALIZED');
    expect(actionsOf(through)).toContain('TERMS_IMPLIED');
  });
});
