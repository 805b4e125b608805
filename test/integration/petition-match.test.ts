import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { DuplicateMode, FlowAuthorization, MatchPolicy } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { SourceStatus } from '../../src/entities/source-enums.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { actionsOf, codesOf, command, makeFlow, PERSON, PETITION_FIELDS, start } from '../support/petitions.js';
import { expectUnchanged } from '../support/sign-in.js';
import { askSources } from '../support/sources/asked-people.js';
import { makeMatchSource, type MatchServer, startMatchServer } from '../support/sources/match-server.js';

let gateway: Gateway;
let server: MatchServer;
let administrator: Browser;
let serial = 0;
beforeAll(async () => {
  server = await startMatchServer();
  gateway = await startGateway({ environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1' } });
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
beforeEach(() => void Object.assign(server, { asked: [], answers: [] }));

const CHOICES = {
  status: 300,
  body: {
    candidates: [
      {
        referenceId: 'M-1',
        sorRecords: [{ sorAttributes: { names: [{ type: 'official', given: 'Ada', family: 'Ashe' }] } }],
      },
      {
        referenceId: 'M-2',
        names: [{ given: 'Ada', family: 'Ash' }],
        emailAddresses: [{ address: 'ash@example.org' }],
      },
      { referenceId: 'new', sorRecords: [] },
    ],
  },
};

/** A petition of somebody who has given who they are, in a flow that asks a match server; and how it is read. */
async function submitted(settings: Partial<FlowSettings> = {}, source?: { status: SourceStatus }) {
  const organization = await makeOrganization(gateway.tenant);
  const { id: matchSourceId } = await makeMatchSource(gateway, server, source);
  const flow = await makeFlow(gateway.tenant, {
    organizationId: organization.id,
    settings: {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.EXTERNAL,
      matchSourceId,
      matchLabel: 'hr',
      attributes: PERSON,
      ...settings,
    },
  });
  const { browser } = await gateway.signedInUser();
  const isAnonymous = settings.authorization === FlowAuthorization.NONE;
  const { petition, token } = await start(gateway, isAnonymous ? null : browser, flow.globalId);
  const email = `matched-${++serial}@example.org`;
  const answer = await command(
    gateway,
    isAnonymous ? null : browser,
    'petitionSubmitAttributes',
    { id: petition.id, attributes: { email, givenName: 'Ada', familyName: 'Ashe' } },
    token,
  );
  expect(answer.petition).toMatchObject({ status: 'CREATED', step: 'DUPLICATE_CHECK', waitsFor: 'SYSTEM' });
  expect(codesOf(answer)).toEqual([]);
  expect(server.asked.filter(({ path }) => path.endsWith(petition.id.slice(4)))).toEqual([]);
  const read = async (by: Browser | null = isAnonymous ? null : browser) => {
    const text = `query ($id: ID!) { petition(id: $id) { ${PETITION_FIELDS}
      matchCandidates { referenceId names { givenName familyName } emails } } }`;
    const headers: Record<string, string> = token && !by ? { 'vestibule-petition-token': token } : {};
    return (await gateway.graphql(by, text, { id: petition.id }, headers)).data.petition;
  };
  const choose = (referenceId: string | null, by: Browser | null = browser) =>
    command(gateway, by, 'petitionChooseMatch', { id: petition.id, referenceId }, by ? null : token);
  return {
    id: petition.id as string,
    email,
    browser,
    organization,
    read,
    choose,
    ask: () => askSources(gateway, petition.id),
  };
}

const identifiersOf = (userEmail: string) =>
  gateway.rows(
    `select i.type, i.value from user_identifiers i join users u on u.tenant_id = $1 and u.id = i.user_id
     where i.tenant_id = $1 and u.email_normalized = $2`,
    [userEmail],
  );

async function makeKnown(value: string, organizationId: string | null) {
  const user = await makeUser(gateway.tenant);
  const organization = organizationId ? { id: organizationId } : await makeOrganization(gateway.tenant);
  await makeMembership(gateway.tenant, { user, organization: organization });
  await gateway.rows(
    `insert into user_identifiers (id, tenant_id, user_id, type, value, created_at) values ($2, $1, $3, 'reference', $4, now())`,
    [v7(), user.id, value],
  );
  return user;
}

describe('the match server', () => {
  it('is told what was given, outside of the answer, and a new reference id becomes the person’s own', async () => {
    const { id, email, ask, read } = await submitted();
    server.answers = [{ status: 201, body: { referenceId: 'M-new' } }];
    await ask();
    expect(server.asked).toEqual([
      {
        method: 'PUT',
        path: `/v1/people/hr/${id.slice(4)}`,
        authorization: `Basic ${Buffer.from('vestibule:secret').toString('base64')}`,
        body: {
          sorAttributes: {
            names: [{ type: 'official', given: 'Ada', family: 'Ashe' }],
            emailAddresses: [{ type: 'official', address: email }],
            identifiers: [],
          },
        },
      },
    ]);
    expect(await read()).toMatchObject({ status: 'FINALIZED' });
    expect(await identifiersOf(email)).toEqual([{ type: 'reference', value: 'M-new' }]);
  });

  it('flags whom it knows, or has them given another role, by who has the reference id here', async () => {
    const reference = `M-known-${++serial}`;
    const known = await makeKnown(reference, null);
    server.answers = [{ status: 200, body: { referenceId: reference } }];
    const flagged = await submitted({ duplicateMode: DuplicateMode.FLAG });
    await flagged.ask();
    expect(await flagged.read()).toMatchObject({ status: 'DUPLICATE' });

    const added = await submitted({ duplicateMode: DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION });
    await added.ask();
    const [membership] = await gateway.rows(
      'select user_id from memberships where tenant_id = $1 and organization_id = $2',
      [added.organization.id],
    );
    expect([await added.read(), membership]).toMatchObject([{ status: 'FINALIZED' }, { user_id: known.id }]);
    expect(await identifiersOf(added.email)).toEqual([]);

    const inside = await submitted({ duplicateMode: DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION });
    const member = `M-member-${++serial}`;
    await makeKnown(member, inside.organization.id);
    server.answers = [{ status: 200, body: { referenceId: member } }];
    await inside.ask();
    expect(await inside.read()).toMatchObject({ status: 'DUPLICATE' });

    const unknown = await submitted();
    server.answers = [{ status: 200, body: { referenceId: `M-elsewhere-${++serial}` } }];
    await unknown.ask();
    expect(await unknown.read()).toMatchObject({ status: 'FINALIZED' });
  });

  it('has the petitioner choose among some, and is told the choice', async () => {
    const { ask, read, choose } = await submitted();
    server.answers = [CHOICES, { status: 200, body: { referenceId: 'M-2' } }];
    await ask();
    const waiting = await read();
    expect(waiting).toMatchObject({ status: 'CREATED', step: 'DUPLICATE_CHECK', waitsFor: 'PETITIONER' });
    expect(waiting.nextActions).toContain('CHOOSE_MATCH');
    expect(waiting.matchCandidates).toEqual([
      { referenceId: 'M-1', names: [{ givenName: 'Ada', familyName: 'Ashe' }], emails: [] },
      { referenceId: 'M-2', names: [{ givenName: 'Ada', familyName: 'Ash' }], emails: ['ash@example.org'] },
    ]);
    const { browser: stranger } = await gateway.signedInUser();
    await expectUnchanged(gateway, async () => {
      expect(codesOf(await choose('M-3'))).toEqual(['NOT_FOUND']);
      await expect(choose('M-2', stranger)).rejects.toThrow();
    });
    const chosen = await choose('M-2');
    expect([codesOf(chosen), actionsOf(chosen).at(-1)]).toEqual([[], 'MATCH_CHOSEN']);
    expect(await read()).toMatchObject({ waitsFor: 'SYSTEM', matchCandidates: null });
    await ask();
    expect(server.asked.map(({ body }) => body.referenceId)).toEqual([undefined, 'M-2']);
    expect(await read()).toMatchObject({ status: 'FINALIZED' });
    const kept = await gateway.rows(`select progress::text as text from petitions where tenant_id = $1`);
    expect(kept.filter(({ text }) => text.includes('ash@example.org'))).toEqual([]);
  });

  it('is not asked for who has not signed in, however they go on: an administrator settles it', async () => {
    const value = `M-${++serial}`;
    await makeKnown(value, null);
    const { id, email, ask, read, choose } = await submitted({ authorization: FlowAuthorization.NONE });
    server.answers = [{ status: 200, body: { referenceId: value } }];
    await ask();
    expect(await read()).toMatchObject({ status: 'CREATED', waitsFor: 'ADMINISTRATOR', matchCandidates: null });
    expect(codesOf(await choose('M-1', null))).toEqual(['NOT_YOUR_TURN']);
    expect(codesOf(await command(gateway, administrator, 'petitionContinue', { id }))).toEqual([]);
    await ask();
    expect(await read()).toMatchObject({ status: 'CREATED', waitsFor: 'ADMINISTRATOR' });
    expect(server.asked).toEqual([]);
    expect(await identifiersOf(email)).toEqual([]);
  });

  it('is asked again while it takes its time or is down, which is told once, and denies nobody', async () => {
    const { id, ask, read } = await submitted();
    for (const status of [202, 503, 202, 404, 503]) {
      server.answers = [{ status }];
      await ask();
      expect(await read()).toMatchObject({ status: 'CREATED', step: 'DUPLICATE_CHECK', waitsFor: 'SYSTEM' });
      const jobs = await gateway.rows(
        `select 1 from pgboss.job where $1::uuid is not null and name = 'source-checks' and singleton_key = $2`,
        [id.slice(4)],
      );
      expect([status, jobs.length]).toEqual([status, 1]);
    }
    const told = (await read()).history.nodes.map(({ action }: { action: string }) => action);
    expect(told.filter((action: string) => action === 'MATCH_RESULT')).toHaveLength(2);
    expect(told.filter((action: string) => action === 'STEP_FAILED')).toHaveLength(2);
    server.answers = [{ status: 201, body: { referenceId: `M-late-${++serial}` } }];
    await ask();
    expect(await read()).toMatchObject({ status: 'FINALIZED' });
  });

  it.each([
    ['no reference id', { status: 201, body: {} }],
    ['a reference id that says nothing', { status: 200, body: { referenceId: 'new' } }],
    ['nobody to choose among', { status: 300, body: { candidates: [] } }],
    ['too many to choose among', { status: 300, body: { candidates: Array(26).fill({ referenceId: 'M' }) } }],
    ['no JSON', { status: 200 }],
  ])('that answers with %s has not answered', async (_, answer) => {
    const { ask, read } = await submitted();
    server.answers = [answer];
    await ask();
    expect(await read()).toMatchObject({ status: 'CREATED', step: 'DUPLICATE_CHECK', waitsFor: 'SYSTEM' });
  });

  it('that is suspended is as none', async () => {
    const { ask, read } = await submitted({}, { status: SourceStatus.SUSPENDED });
    await ask();
    expect(server.asked).toEqual([]);
    expect(await read()).toMatchObject({ status: 'FINALIZED' });
  });
});
