import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  buildSchema,
  type FieldNode,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { format, resolveConfig } from 'prettier';
import { MANAGEMENT_OPERATIONS } from '../support/management-operations.js';

const PAGE = 'docs/operations.md';
const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));

function describeField(name: string): string {
  const [typeName, fieldName] = name.split('.') as [string, string];
  const type = schema.getType(typeName);
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
  if (!field) throw new Error(`There is no ${name} in the schema.`);
  return (field.description ?? '').split('\n')[0]!;
}

const nameOf = (name: string) => name.replace(/^(Query|Mutation)\./, '');

/** The page: each operation of such REST APIs with its own, then every operation of the schema. */
async function writePage(): Promise<string> {
  const lines = [
    '# Operations',
    '',
    'What the management APIs of identity platforms offer over REST, and the GraphQL operation that does it here. Each is described in `schema.graphql`, with who may use it. This page is generated from the schema by `UPDATE_OPERATIONS=1 npm test -- contract/operations-docs`.',
    '',
    'What such APIs keep of the consent of people to the applications of others has no counterpart: applications are those of the tenant, and nobody is asked for consent.',
  ];
  for (const { title, operations } of MANAGEMENT_OPERATIONS) {
    lines.push('', `## ${title}`, '', '| Over REST | What it does | Here |', '| --- | --- | --- |');
    for (const { rest, does, here, note } of operations) {
      here.forEach(describeField);
      const shown = here.map((name) => `\`${nameOf(name)}\``).join(', ');
      lines.push(`| \`${rest}\` | ${does} | ${shown}${note ? `. ${note}` : ''} |`);
    }
  }
  for (const root of ['Query', 'Mutation', 'Subscription'] as const) {
    const type = schema.getType(root);
    if (!isObjectType(type)) continue;
    lines.push('', `## All of ${root}`, '', '| Operation | What it does |', '| --- | --- |');
    for (const { name } of Object.values(type.getFields()).sort((left, right) => (left.name < right.name ? -1 : 1))) {
      lines.push(`| \`${name}\` | ${describeField(`${root}.${name}`).replaceAll('|', '\\|')} |`);
    }
  }
  return format(`${lines.join('\n')}\n`, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

describe.each(MANAGEMENT_OPERATIONS.flatMap(({ operations }) => operations))('$rest', ({ rest, here }) => {
  it('[ORG-40] is done by operations of the public schema, each of which does it alone', () => {
    expect(here.map(describeField).every((description) => / Requires [A-Z_]+\.$/.test(description))).toBe(true);
    const roots = here.map((name) => name.split('.')[0]!);
    if (rest.startsWith('GET ')) expect(roots).not.toContain('Mutation');
    else if (!rest.startsWith('GET')) expect(new Set(roots)).toEqual(new Set(['Mutation']));
  });
});

/** The operations that a script of the pages holds, with what it puts into them. */
function readOperations(script: string): string[] {
  const source = readFileSync(`public/${script}`, 'utf8');
  const parts = new Map([...source.matchAll(/const (\w+) = `([^`]*)`/g)].map(([, name, text]) => [name!, text!]));
  // Which of these mutations is asked for is said by a variable: they are the keys of what is shown after each.
  const answers = [...source.matchAll(/^ {2}(\w+): \(name\) =>/gm)].map(([, name]) => name!);
  const whole = (text: string): string =>
    text.replace(/\$\{([A-Z]+)\}/g, (_all, name: string) => whole(parts.get(name)!));
  return [...parts.values()]
    .map(whole)
    .filter((text) => /^\s*(query\b|mutation\b|\{ )/.test(text))
    .flatMap((text) =>
      text.includes('${mutation}') ? answers.map((name) => text.replace('${mutation}', name)) : [text],
    );
}

describe('the pages that come along', () => {
  const scripts = readdirSync('public').filter((name) => name.endsWith('.js'));

  it('[ORG-40] do each of their actions by one operation of the public schema', () => {
    const operations = scripts.flatMap(readOperations);
    const mutations = new Set<string>();
    for (const text of operations) {
      const document = parse(text);
      expect([text, validate(schema, document)]).toEqual([text, []]);
      const [operation, ...others] = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
      expect(others).toEqual([]);
      const { operation: type, selectionSet } = operation as OperationDefinitionNode;
      if (type !== 'mutation') continue;
      expect(selectionSet.selections).toHaveLength(1);
      mutations.add((selectionSet.selections[0] as FieldNode).name.value);
    }
    expect([...mutations].sort()).toEqual([
      ...['organizationComplete', 'organizationInvitationAccept', 'organizationInvitationDecline'],
      'organizationUpdate',
      ...['petitionAgreeToTerms', 'petitionApprove', 'petitionCancel', 'petitionConfirm', 'petitionContinue'],
      ...['petitionDecline', 'petitionDeny', 'petitionOpenConfirmation'],
    ]);
  });

  it('[ORG-40] ask nothing of the gateway but GraphQL, to sign in, and for the people of the demonstration', () => {
    const asked = scripts.flatMap((name) =>
      [...readFileSync(`public/${name}`, 'utf8').matchAll(/fetch\(\s*(['`][^'`]*['`])/g)].map(
        ([, address]) => address!,
      ),
    );
    expect([...new Set(asked)].sort()).toEqual([
      ...["'/demo/people'", "'/graphql'"],
      '`/auth/${encodeURIComponent(slug)}/login`',
    ]);
  });
});

it('the page of operations is current', async () => {
  const page = await writePage();
  if (process.env.UPDATE_OPERATIONS) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
});
