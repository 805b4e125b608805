import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  getNamedType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isLeafType,
  isObjectType,
} from 'graphql';
import { transact } from '../../src/database/transact.js';
import { ActorKind } from '../../src/entities/enums.js';
import type { Fact } from '../../src/events/catalogue.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { recordEvents } from '../../src/events/record.js';
import { buildSchema } from '../../src/resolvers/build-schema.js';
import { readRequirement } from '../../src/schema/read-requirement.js';
import type { GraphQLAnswer } from '../support/gateway.js';
import { watchStream } from '../support/live.js';
import { makeEvents } from '../support/webhooks.js';
import { callOf, isDenied, type Row, sampleOf } from './matrix-calls.js';
import { valueAt, type Way, waysTo } from './matrix-ways.js';
import { type Caller, CALLERS, createWorld, type World } from './matrix-world.js';

/*
 * Every field, argument and input field of the built schema × every kind of caller, by real requests, against a table
 * that is committed. `UPDATE_MATRIX=1` writes the table anew, for a person to read before committing it.
 */
const TABLE = new URL('./authorization-matrix.json', import.meta.url);
const AS_PARENT = 'as what carries it';

const schema: GraphQLSchema = buildSchema();
const measured: Record<string, Row | typeof AS_PARENT> = {};
const isUpdating = process.env.UPDATE_MATRIX === '1';
const table = isUpdating ? {} : (JSON.parse(readFileSync(TABLE, 'utf8')) as typeof measured);

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  if (isUpdating) writeFileSync(TABLE, `${JSON.stringify(measured, null, 2)}\n`);
  await world.gateway.close();
});

/** What subscriptions hand out, each with one that does. */
const CHANGES = {
  OrganizationChange: 'organizationChanged',
  PetitionChange: 'petitionChanged',
  PetitionInboxChange: 'petitionInboxChanged',
};

const objectTypes = Object.values(schema.getTypeMap()).filter(
  (type) => isObjectType(type) && !isIntrospectionType(type),
);
const nodeTypes = objectTypes.filter(
  (type) => isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node'),
);
const valueTypes = objectTypes.filter(
  (type) =>
    !nodeTypes.includes(type) &&
    !['Query', 'Mutation', 'Subscription', 'Viewer', 'SsoPreview', ...Object.keys(CHANGES)].includes(type.name),
);
const inputTypes = Object.values(schema.getTypeMap()).filter(isInputObjectType);
/** Input types that stand inside others, or beside fields of objects, only: each is under what the field asks that it is given to. */
const NESTED_INPUTS = [
  'OrganizationIdentifierInput',
  'WebhookDeliveryFilterInput',
  'MemberFilterInput',
  'OrganizationApplicationFilterInput',
  'OrganizationRoleFilterInput',
  'EnrollmentFlowSettingsInput',
  'EnrollmentAttributeInput',
  'EnrollmentChoiceInput',
  'EnrollmentMailTemplateInput',
  'EnrollmentMailWordsInput',
  'PetitionTermsInput',
  'EnrollmentAuthenticatorInput',
  'EnrollmentFlowSourceInput',
  'EnrollmentIdentifierInput',
  'SourceRecordFilterInput',
  'SourceIdentifierInput',
  'PetitionSourceIdentifierInput',
  'PipelineAttributeInput',
  'PipelineAffiliationRoleInput',
];
/** Their fields that ask for more, each with a query that uses it. */
const memberFilter = (filter: string) => (w: World) =>
  `{ organization(id: "${w.ids.Organization}") { members(filter: { ${filter} }) { totalCount } } }`;
const NESTED_FIELDS: Record<string, (world: World) => string> = {
  'MemberFilterInput.source': memberFilter('source: ADMIN'),
  'MemberFilterInput.status': memberFilter('status: ACTIVE'),
};

/** What an answer means for the object that was asked for. Anonymous callers are denied one way or another. */
function outcomeOf(answer: GraphQLAnswer, found: unknown, caller: Caller): string {
  const codes = (answer.errors ?? []).map(({ extensions }) => extensions.code);
  const unexpected = codes.filter((code) => !['FORBIDDEN', 'UNAUTHENTICATED', 'NOT_FOUND'].includes(code));
  if (unexpected.length) throw new Error(answer.text);
  if (caller === 'anonymous' && (codes.length || found === null || found === undefined)) return 'DENIED';
  if (codes.length) return codes[0]!;
  return found === null || found === undefined ? 'HIDDEN' : 'ALLOWED';
}

function check(place: string, row: Row): void {
  measured[place] = row;
  if (!isUpdating) expect({ place, ...row }).toEqual({ place, ...(table[place] as Row) });
}

async function ask(query: string, caller: Caller, variables = {}): Promise<GraphQLAnswer> {
  return world.gateway.graphql(world.browsers[caller], query, variables);
}

async function eachCaller(measure: (caller: Caller) => Promise<string>): Promise<Row> {
  const row = {} as Row;
  for (const caller of CALLERS) row[caller] = await measure(caller);
  return row;
}

const subselection = (field: GraphQLField<unknown, unknown>) =>
  isLeafType(getNamedType(field.type)) ? '' : ' { __typename }';

describe('every field of every object', () => {
  const fields = nodeTypes.flatMap((type) =>
    isObjectType(type) ? Object.values(type.getFields()).map((field) => ({ type, field })) : [],
  );

  it.each(fields.map(({ type, field }) => [`${type.name}.${field.name}`, type, field] as const))(
    '%s',
    async (place, type, field) => {
      const ways = waysTo(type.name as never, world.ids);
      const row = await eachCaller(async (caller) => {
        const outcomes = new Map<string, string>();
        for (const way of ways) {
          outcomes.set(way.name, await askFor(way, `__typename asked: ${field.name}${subselection(field)}`, caller));
        }
        expect([caller, new Set(outcomes.values()).size, ...outcomes]).toEqual([caller, 1, ...outcomes]);
        return [...outcomes.values()][0]!;
      });
      check(place, row);
    },
  );

  it('takes arguments without asking for more than the field', async () => {
    for (const { type, field } of fields) {
      for (const argument of field.args) {
        const place = `${type.name}.${field.name}(${argument.name}:)`;
        const value = sampleOf(place, argument.name, String(argument.type));
        const sample = isEnumType(getNamedType(argument.type)) ? String(value) : JSON.stringify(value);
        const [way] = waysTo(type.name as never, world.ids);
        const fieldText = `__typename asked: ${field.name}(${argument.name}: ${sample})${subselection(field)}`;
        check(place, await eachCaller((caller) => askFor(way!, fieldText, caller)));
      }
    }
  });

  /** The outcome for the object alone: on a page, other objects may be refused while this one is not. */
  async function askFor({ query, pathIn }: Way, fieldText: string, caller: Caller): Promise<string> {
    const answer = await ask(query.replace('FIELDS', fieldText), caller);
    const path = pathIn(answer.data);
    const found = valueAt(answer.data, path);
    const concerns = (error: { path?: (string | number)[] }) =>
      found === null || found === undefined || path.every((key, index) => error.path?.[index] === key);
    const outcome = outcomeOf({ ...answer, errors: answer.errors?.filter(concerns) }, found, caller);
    if (isDenied(outcome)) expect(found?.asked ?? null).toBeNull();
    return outcome;
  }
});

describe('every field of viewer and ssoPreview', () => {
  const holders = [
    ['Viewer', (fields: string) => `{ viewer { ${fields} } }`, (data: any) => data?.viewer],
    [
      'SsoPreview',
      (fields: string) => `{ ssoPreview(connection: "proconnect", claims: { sub: "x" }) { ${fields} } }`,
      (data: any) => data?.ssoPreview,
    ],
  ] as const;

  it.each(holders)('%s', async (name, query, find) => {
    const type = schema.getType(name);
    if (!isObjectType(type)) throw new Error(name);
    for (const field of Object.values(type.getFields())) {
      check(
        `${name}.${field.name}`,
        await eachCaller(async (caller) => {
          const answer = await ask(query(`asked: ${field.name}${subselection(field)}`), caller);
          return outcomeOf(answer, find(answer.data), caller);
        }),
      );
    }
  });
});

describe('every field of a type without an id', () => {
  it.each(valueTypes.map((type) => [type.name, type] as const))('%s is as visible as what carries it', (name, type) => {
    if (!isObjectType(type)) throw new Error(name);
    for (const field of Object.values(type.getFields())) {
      expect(readRequirement(field) ?? readRequirement(type)).toBe('PUBLIC');
      measured[`${name}.${field.name}`] = AS_PARENT;
      if (!isUpdating)
        expect([name, field.name, table[`${name}.${field.name}`]]).toEqual([name, field.name, AS_PARENT]);
    }
  });
});

describe.each(['Query', 'Mutation'] as const)('every field of %s', (root) => {
  const type = root === 'Query' ? schema.getQueryType()! : schema.getMutationType()!;

  it.each(Object.values(type.getFields()).map((field) => [`${root}.${field.name}`, field] as const))(
    '%s',
    async (place, field) => {
      const row = await eachCaller(async (caller) => {
        const call = await callOf(world, place);
        return callRoot(root, field, call.arguments, call.selection, caller);
      });
      check(place, row);
      for (const argument of field.args) await checkArgument(field, argument.name, String(argument.type), place);
    },
  );

  async function checkArgument(
    field: GraphQLField<unknown, unknown>,
    argument: string,
    argumentType: string,
    place: string,
  ) {
    const argumentPlace = `${place}(${argument}:)`;
    const row = await eachCaller(async (caller) => {
      const call = await callOf(world, place);
      const value = call.arguments[argument] ?? sampleOf(argumentPlace, argument, argumentType);
      return callRoot(root, field, { ...call.arguments, [argument]: value }, call.selection, caller);
    });
    check(argumentPlace, row);
  }
});

describe('every field of Subscription, and of what subscriptions hand out', () => {
  /** An event after which there is another one that the subscription tells of: what is allowed begins with a result. */
  const afterOf: Record<string, string> = {};
  beforeAll(async () => {
    const { gateway, ids } = world;
    const organizationId = ids.Organization.slice(4);
    await makeEvents(gateway, [{ organizationId }, { organizationId }]);
    const petition = await writeEvents([ids.Petition, ids.Petition].map((id) => petitionFact(id.slice(4))));
    // Whoever is signed in is told that their rights have changed.
    const users = await Promise.all(CALLERS.map((caller) => userOf(caller)));
    const rights = await writeEvents([
      rightsFact(organizationId, null),
      ...users.flatMap((id) => (id ? [rightsFact(organizationId, id)] : [])),
    ]);
    await dispatchEvents(gateway.services, gateway.tenant.id);
    const [, before] = await gateway.rows<{ id: string }>(
      `select id from events where tenant_id = $1 and organization_id = '${organizationId}' and type = 'user.updated'
       order by id desc limit 2`,
    );
    Object.assign(afterOf, {
      organizationChanged: `evt_${before!.id}`,
      auditEvents: `evt_${before!.id}`,
      petitionChanged: petition,
      petitionInboxChanged: rights,
    });
  });

  /** Writes events, and gives the id of the first. */
  async function writeEvents(facts: Fact[]): Promise<string> {
    const { services, tenant, rows } = world.gateway;
    const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'matrix' };
    await transact(services.database, tenant.id, (manager) =>
      recordEvents(manager, { tenantId: tenant.id, at: services.clock(), actor }, facts),
    );
    const [first] = await rows<{ id: string }>(
      `select id from (select id from events where tenant_id = $1 order by id desc limit ${facts.length}) e order by id limit 1`,
    );
    return `evt_${first!.id}`;
  }

  const petitionFact = (objectId: string): Fact => ({
    type: 'petition.advanced',
    organizationId: world.ids.Organization.slice(4),
    objectId,
    after: { action: 'NOTIFICATION_SENT', party: 'SYSTEM' },
  });
  const rightsFact = (organizationId: string, userId: string | null): Fact => ({
    type: 'membership.roles_changed',
    organizationId,
    userId,
    objectId: world.ids.Membership.slice(4),
    before: { roles: ['member'] },
    after: { roles: ['member'] },
  });

  async function userOf(caller: Caller): Promise<string | null> {
    const { data } = await ask('{ viewer { user { id } } }', caller);
    return (data?.viewer?.user?.id as string | undefined)?.slice(4) ?? null;
  }

  async function subscribe(name: string, selection: string, caller: Caller, given = {}): Promise<string> {
    const { arguments: usual } = await callOf(world, `Subscription.${name}`);
    const used: Record<string, unknown> = { ...usual, after: afterOf[name], ...given };
    const field = schema.getSubscriptionType()!.getFields()[name]!;
    const declared = field.args.filter((argument) => used[argument.name] !== undefined);
    const query = `subscription (${declared.map((argument) => `$${argument.name}: ${String(argument.type)}`).join(', ')}) {
      asked: ${name}(${declared.map((argument) => `${argument.name}: $${argument.name}`).join(', ')}) ${selection}
    }`;
    const { url } = world.gateway;
    const cookie = await world.browsers[caller]?.cookie('__Host-vestibule', url);
    const watched = watchStream(url, query, used, cookie ? { cookie: `__Host-vestibule=${cookie}` } : {});
    const [result] = await watched.reach(1);
    watched.stop();
    return outcomeOf(result, result.data?.asked, caller);
  }

  it.each(Object.values(schema.getSubscriptionType()!.getFields()).map((field) => [field.name, field] as const))(
    'Subscription.%s',
    async (name, field) => {
      const place = `Subscription.${name}`;
      check(place, await eachCaller((caller) => subscribe(name, '{ id }', caller)));
      for (const { name: argument, type } of field.args) {
        const { arguments: usual } = await callOf(world, place);
        const value =
          argument === 'after' ? afterOf[name] : (usual[argument] ?? sampleOf(place, argument, String(type)));
        check(
          `${place}(${argument}:)`,
          await eachCaller((caller) => subscribe(name, '{ id }', caller, { [argument]: value })),
        );
      }
    },
  );

  const fields = Object.entries(CHANGES).flatMap(([name, subscription]) => {
    const type = schema.getType(name);
    return isObjectType(type)
      ? Object.values(type.getFields()).map((field) => [`${name}.${field.name}`, field, subscription] as const)
      : [];
  });
  it.each(fields)('%s', async (place, field, subscription) => {
    const selection = `{ __typename asked: ${field.name}${subselection(field)} }`;
    check(place, await eachCaller((caller) => subscribe(subscription, selection, caller)));
  });
});

/** Calls a root field; a denial must leave every row as it was. */
async function callRoot(
  root: string,
  field: GraphQLField<unknown, unknown>,
  given: Record<string, unknown>,
  selection: string,
  caller: Caller,
): Promise<string> {
  const used = field.args.filter(({ name }) => given[name] !== undefined);
  const declared = used.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = used.map(({ name }) => `${name}: $${name}`).join(', ');
  const head = `${root.toLowerCase()}${declared && `(${declared})`}`;
  const before = root === 'Mutation' ? await world.gateway.snapshot() : '';
  const answer = await ask(`${head} { asked: ${field.name}${passed && `(${passed})`} ${selection} }`, caller, given);
  const asked = answer.data?.asked;
  const outcome = outcomeOf(answer, Array.isArray(asked) ? asked[0] : asked, caller);
  if (isDenied(outcome) && root === 'Mutation') {
    expect(asked ?? null).toBeNull();
    expect(await world.gateway.snapshot()).toBe(before);
  }
  if (['Mutation.sessionEnd', 'Mutation.userSuspend'].includes(`${root}.${field.name}`)) await restore();
  return outcome;
}

/** A call that ended the session of `self` was allowed: they sign in again. */
async function restore(): Promise<void> {
  const [session] = await world.gateway.rows<{ id: string }>(
    `select id from sessions where tenant_id = $1 and user_id = '${world.ids.User.slice(4)}' order by id desc`,
  );
  if (session) {
    world.ids.Session = `ses_${session.id}`;
    return;
  }
  const [identity] = await world.gateway.rows<{ subject: string }>(
    `select subject from identities where tenant_id = $1 and user_id = '${world.ids.User.slice(4)}'`,
  );
  const person = [...world.gateway.provider.people.values()].find(({ sub }) => sub === identity!.subject)!;
  const { browser, visit } = await world.gateway.signIn(person);
  if (visit.status !== 200) throw new Error(visit.text);
  world.browsers.self = browser;
  await restore();
}

describe('every input field', () => {
  it.each(NESTED_INPUTS)('%s is under what the field asks that it is given to', (name) => {
    const type = schema.getType(name) as GraphQLInputObjectType;
    for (const field of Object.values(type.getFields())) {
      if (`${name}.${field.name}` in NESTED_FIELDS) continue;
      expect(readRequirement(field) ?? readRequirement(type)).toBe('PUBLIC');
      measured[`${name}.${field.name}`] = AS_PARENT;
      if (!isUpdating)
        expect([name, field.name, table[`${name}.${field.name}`]]).toEqual([name, field.name, AS_PARENT]);
    }
  });

  it.each(Object.entries(NESTED_FIELDS))('%s asks for more than what it is given to', async (place, use) => {
    const row = await eachCaller(async (caller) => {
      const answer = await ask(use(world), caller);
      const asked = answer.data?.organization?.members;
      const outcome = outcomeOf(answer, asked, caller);
      if (isDenied(outcome)) expect(asked ?? null).toBeNull();
      return outcome;
    });
    check(place, row);
  });

  it.each(inputTypes.filter(({ name }) => !NESTED_INPUTS.includes(name)).map((type) => [type.name, type] as const))(
    '%s',
    async (name, type) => {
      const uses = usesOf(type);
      expect(uses.length).toBeGreaterThan(0);
      for (const field of Object.values(type.getFields())) {
        const place = `${name}.${field.name}`;
        const row = await eachCaller(async (caller) => {
          const outcomes = new Set<string>();
          for (const use of uses) {
            const call = await callOf(world, `${use.root}.${use.field.name}`);
            const given = withInput(call.arguments, use.path, place, field.name, String(field.type));
            outcomes.add(await callRoot(use.root, use.field, given, call.selection, caller));
          }
          expect([place, caller, ...outcomes]).toHaveLength(3);
          return [...outcomes][0]!;
        });
        check(place, row);
      }
    },
  );

  /** The root fields that take an input of this type, and where. */
  function usesOf(type: GraphQLInputObjectType) {
    return (['Query', 'Mutation'] as const).flatMap((root) =>
      Object.values((root === 'Query' ? schema.getQueryType()! : schema.getMutationType()!).getFields()).flatMap(
        (field) =>
          field.args.flatMap((argument) =>
            pathsTo(argument.type, type, [argument.name]).map((path) => ({ root, field, path })),
          ),
      ),
    );
  }

  function pathsTo(at: unknown, wanted: GraphQLInputObjectType, path: string[]): string[][] {
    const named = getNamedType(at as never);
    if (!isInputObjectType(named)) return [];
    if (named === wanted) return [path];
    return Object.values(named.getFields()).flatMap((field) => pathsTo(field.type, wanted, [...path, field.name]));
  }

  /** The call with one input field more, where the call does not give it already. */
  function withInput(given: Record<string, unknown>, path: string[], place: string, name: string, type: string) {
    const copy = structuredClone(given);
    const holder = path.reduce<Record<string, unknown>>((at, key) => (at[key] ??= {}) as Record<string, unknown>, copy);
    if (holder[name] === undefined) holder[name] = sampleOf(place, name, type);
    return copy;
  }
});

it('has a row for everything in the schema, and none for what is gone', () => {
  const places = [
    ...objectTypes.flatMap((type) =>
      isObjectType(type)
        ? Object.values(type.getFields()).flatMap((field) => [
            `${type.name}.${field.name}`,
            ...field.args.map(({ name }) => `${type.name}.${field.name}(${name}:)`),
          ])
        : [],
    ),
    ...inputTypes.flatMap((type) => Object.values(type.getFields()).map((field) => `${type.name}.${field.name}`)),
  ];
  const rows = isUpdating ? measured : table;
  expect(Object.keys(rows).sort()).toEqual(places.sort());
  expect(Object.keys(measured).sort()).toEqual(places);
});
