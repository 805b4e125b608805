import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ConfirmationMode, FlowAuthorization, MatchPolicy, SourceMode } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { SourceKind } from '../../src/entities/source-enums.js';
import { startJobs } from '../../src/jobs.js';
import { buildSchema } from '../../src/resolvers/build-schema.js';
import { confirmationOf } from '../support/confirmations.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { until } from '../support/live.js';
import { command, makeFlow, PERSON, type PetitionAnswer, start } from '../support/petitions.js';
import { askSources, type AskedPeople, makePeopleSource, startAskedPeople } from '../support/sources/asked-people.js';
import { makeSource } from '../support/sources/make.js';

/*
 * People who are not authenticated cause no question to any source, and learn nothing of what one would say: not by what
 * is answered, and not by when.
 */

let gateway: Gateway;
let people: AskedPeople;
let directory: Server;
let connections = 0;
let webSource: string;
let directorySource: string;
const KNOWN = 'known@example.org';
const UNKNOWN = 'nobody@example.org';
beforeAll(async () => {
  people = await startAskedPeople([{ key: 'known', emails: [KNOWN], givenName: 'Ada', familyName: 'Martin' }]);
  directory = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((done) => directory.listen(0, '127.0.0.1', done));
  gateway = await startGateway({
    environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1', SMTP_URL: 'smtp://127.0.0.1:1' },
  });
  webSource = (await makePeopleSource(gateway.tenant, people)).id;
  const { port } = directory.address() as AddressInfo;
  const settings = {
    url: `ldap://127.0.0.1:${port}`,
    baseDn: 'dc=example,dc=org',
    mapping: { key: 'uid', emails: ['mail'] },
  };
  directorySource = (await makeSource(gateway.tenant, { kind: SourceKind.LDAP, settings })).id;
});
afterAll(async () => {
  await gateway.close();
  await people.close();
  await new Promise((done) => directory.close(done));
});

const bothAs = (...modes: SourceMode[]) =>
  modes.map((mode, index) => ({ mode, sourceId: index % 2 ? directorySource : webSource, verifiesFamilyName: false }));

/** A flow that everybody may start, as it may be stored since before such sources were refused. */
async function openFlow(settings: Partial<FlowSettings>) {
  const organization = await makeOrganization(gateway.tenant);
  return makeFlow(gateway.tenant, {
    settings: {
      authorization: FlowAuthorization.NONE,
      organizationIds: [organization.id],
      requiresApproval: true,
      ...settings,
    },
  });
}

const FLOWS: Record<string, () => Promise<{ globalId: string }>> = {
  'SEARCH without confirmation': () =>
    openFlow({ attributes: PERSON, sources: bothAs(SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED) }),
  'SEARCH after a link': () =>
    openFlow({
      attributes: PERSON,
      confirmation: ConfirmationMode.REVIEW,
      sources: bothAs(SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED),
    }),
  CLAIM: () => openFlow({ attributes: PERSON, sources: bothAs(SourceMode.CLAIM, SourceMode.CLAIM) }),
  'CLAIM and SEARCH after AUTHENTICATE': () =>
    openFlow({ attributes: PERSON, sources: bothAs(SourceMode.AUTHENTICATE, SourceMode.CLAIM, SourceMode.SEARCH) }),
  SELECT: () => openFlow({ attributes: PERSON, sources: bothAs(SourceMode.SELECT, SourceMode.SELECT) }),
};

/** What a petitioner without an account gets by going as far as they can, with what differs between any two left out. */
async function goThrough(flowId: string, email: string): Promise<{ id: string; token: string; answers: string[] }> {
  const started = await start(gateway, null, flowId);
  const token = started.token!;
  const { id } = started.petition as { id: string };
  const answers = [started];
  const attributes = { email, givenName: 'Ada', familyName: 'Martin' };
  answers.push(await command(gateway, null, 'petitionGiveEmail', { id, email }, token));
  answers.push(await command(gateway, null, 'petitionSubmitAttributes', { id, attributes }, token));
  const [mailed] = await gateway.rows('select 1 from petition_mails where tenant_id = $1 and petition_id = $2', [
    id.slice(4),
  ]);
  if (mailed)
    answers.push(await command(gateway, null, 'petitionConfirm', { token: await confirmationOf(gateway, id) }, token));
  await workOff(id);
  answers.push(await command(gateway, null, 'petitionContinue', { id }, answers.at(-1)!.token ?? token));
  await workOff(id);
  const without = ({ token: _token, ...answer }: PetitionAnswer) =>
    JSON.stringify(answer).replaceAll(id, 'ID').replaceAll(email, 'EMAIL');
  return { id, token, answers: answers.map(without) };
}

/** Whatever jobs there are, and those that there are not. */
async function workOff(petitionId: string): Promise<void> {
  await askSources(gateway, petitionId);
}

const expectNothingAsked = () => expect([people.asked, connections]).toEqual([[], 0]);

describe('a petitioner with the token of a petition alone', () => {
  it.each(Object.keys(FLOWS))('asks nothing by going on: %s', async (name) => {
    const flow = await FLOWS[name]!();
    const known = await goThrough(flow.globalId, KNOWN);
    const unknown = await goThrough(flow.globalId, UNKNOWN);
    expectNothingAsked();
    expect(known.answers).toEqual(unknown.answers);
    expect(await gateway.rows(`select 1 from source_records where tenant_id = $1`)).toEqual([]);
  });

  it('asks nothing by any query or mutation that there is', async () => {
    const flow = await FLOWS.SELECT!();
    const { petition, token } = await start(gateway, null, flow.globalId);
    const schema = buildSchema();
    const fields = [
      ...Object.values(schema.getQueryType()!.getFields()).map((field) => ['query', field] as const),
      ...Object.values(schema.getMutationType()!.getFields()).map((field) => ['mutation', field] as const),
    ].filter(([, { name }]) => !['petitionCancel', 'petitionDelete'].includes(name));
    let count = 0;
    for (const [kind, field] of fields) {
      for (const email of [KNOWN, UNKNOWN]) {
        const made = document(kind, field, { id: petition.id, sourceId: `src_${webSource}`, email });
        const answer = await gateway.graphql(null, made.text, made.variables, { 'vestibule-petition-token': token! });
        // What is asked is well formed: it is refused for what it is, and not for how it is written.
        expect(`${field.name} ${answer.text}`).not.toContain('GRAPHQL_VALIDATION_FAILED');
        count++;
      }
    }
    expect(count).toBeGreaterThan(200);
    await workOff(petition.id);
    expectNothingAsked();
  });

  it('learns nothing of who is known, and of which sources there are', async () => {
    const flow = await FLOWS.SELECT!();
    const { petition, token } = await start(gateway, null, flow.globalId);
    const answers = new Set<string>();
    for (const sourceId of [webSource, directorySource, petition.id.slice(4)]) {
      for (const email of [KNOWN, UNKNOWN]) {
        const query = `{ petitionSourceCandidates(id: "${petition.id}", sourceId: "src_${sourceId}", email: "${email}") {
          people { key } userErrors { code message field } } }`;
        answers.add((await gateway.graphql(null, query, {}, { 'vestibule-petition-token': token! })).text);
      }
      const key = { id: petition.id, sourceId: `src_${sourceId}`, key: 'known' };
      const { userErrors } = await command(gateway, null, 'petitionSelectSourceRecord', key, token);
      answers.add(JSON.stringify(userErrors));
    }
    expect(answers.size).toBe(2);
    expectNothingAsked();
  });
});

describe('somebody who is signed in', () => {
  it('is answered before any source is, whatever it says and however long it takes', async () => {
    const organization = await makeOrganization(gateway.tenant);
    const flow = await makeFlow(gateway.tenant, {
      organizationId: organization.id,
      settings: {
        authorization: FlowAuthorization.SIGNED_IN,
        match: MatchPolicy.SELF,
        requiresApproval: true,
        sources: [{ sourceId: webSource, mode: SourceMode.SEARCH_REQUIRED, verifiesFamilyName: false }],
      },
    });
    const stopJobs = await startJobs(gateway.services);
    try {
      const texts = new Set<string>();
      for (const email of [KNOWN, UNKNOWN]) {
        const { browser } = await gateway.signedInUser({
          email,
          emailNormalized: email,
          isEmailVerified: true,
        });
        const { waiting, release } = people.hold();
        const { petition, userErrors } = await start(gateway, browser, flow.globalId);
        const { id, email: _email, ...told } = petition;
        texts.add(JSON.stringify([told, userErrors]));
        // The source is asked by now, and has not answered: the petition waits, and so does nobody else.
        await waiting;
        expect(petition).toMatchObject({ step: 'CHECK_ELIGIBILITY', waitsFor: 'SYSTEM' });
        release();
        const ended = email === KNOWN ? 'PENDING_APPROVAL' : 'DENIED';
        const statusOf = async () =>
          (await gateway.rows('select status from petitions where tenant_id = $1 and id = $2', [id.slice(4)]))[0]!
            .status;
        await until(async () => (await statusOf()) === ended);
      }
      expect(texts.size).toBe(1);
    } finally {
      await stopJobs();
    }
  });
});

/** A call of a root field with everything that it takes, filled by names and types. */
function document(kind: string, field: GraphQLField<unknown, unknown>, given: Record<string, string>) {
  const variables = Object.fromEntries(field.args.map(({ name, type }) => [name, valueOf(name, type, given, 0)]));
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection = isLeafType(getNamedType(field.type)) ? '' : '{ __typename }';
  const call = `${field.name}${passed && `(${passed})`} ${selection}`;
  return { text: `${kind} ${declared && `(${declared})`} { ${call} }`, variables };
}

function valueOf(name: string, type: GraphQLInputType, given: Record<string, string>, depth: number): unknown {
  if (isNonNullType(type)) return valueOf(name, type.ofType, given, depth);
  if (isListType(type)) return [valueOf(name, type.ofType, given, depth)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((one) => isNonNullType(one.type) || depth < 2);
    if (type.isOneOf) return { [fields[0]!.name]: valueOf(fields[0]!.name, fields[0]!.type, given, depth + 1) };
    return Object.fromEntries(fields.map((one) => [one.name, valueOf(one.name, one.type, given, depth + 1)]));
  }
  if (given[name]) return given[name];
  switch (type.name) {
    case 'ID':
      return given.id;
    case 'Int':
    case 'Float':
      return 1;
    case 'Boolean':
      return true;
    case 'DateTime':
      return '2026-01-01T00:00:00.000Z';
    case 'JSONObject':
    case 'JSONValue':
      return { email: given.email };
    default:
      return name.toLowerCase().includes('after') ? null : given.email;
  }
}
