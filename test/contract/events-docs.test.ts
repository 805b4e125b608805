import { readFile } from 'node:fs/promises';
import { describe, expect, it, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { EVENT_TYPE_NAMES, EVENT_TYPES, isEventType } from '../../src/events/catalogue.js';
import { exampleMessage } from '../../src/events/example.js';
import { jsonSchemaOf } from '../../src/events/message.js';
import { renderJsonSchema, renderPage } from '../../src/events/reference.js';
import { expectCatalogued, findCatalogueFaults } from '../support/event-catalogue.js';

const read = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const isInstant = (text: string) =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(text) && !isNaN(Date.parse(text));
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': isInstant } });

test('docs/events.md is current: otherwise `npm run cli -- events` writes it', async () => {
  const page = await read('events.md');
  expect(page).toBe(renderPage(page));
});

test('docs/events.schema.json is current: otherwise `npm run cli -- events` writes it', async () => {
  expect(await read('events.schema.json')).toBe(renderJsonSchema());
});

test('the types are the keys of the catalogue, and nothing else is one', () => {
  expect(EVENT_TYPE_NAMES.every(isEventType)).toBe(true);
  expect(['toString', 'user.', '', null].filter(isEventType)).toEqual([]);
});

test('what is written and not as the catalogue says is found', async () => {
  const wrong = [
    { type: 'no.type', before: null, after: null },
    { type: 'session.ended', before: {}, after: null },
    { type: 'user.suspended', before: null, after: { status: 'ACTIVE', more: true } },
  ];
  const database = { read: async (tenantId: string | null) => (tenantId ? wrong : [{ id: 'tenant' }]) as never };
  const message = await expectCatalogued(database).catch((error: Error) => error.message);
  for (const part of ['no.type is no type', 'session.ended: before', 'user.suspended: before', '"more"'])
    expect(message).toContain(part);
});

describe.each(EVENT_TYPE_NAMES)('%s', (type) => {
  it('has an example that is as the catalogue says', () => {
    const { before = null, after = null } = EVENT_TYPES[type].example as { before?: object; after?: object };
    expect(findCatalogueFaults({ type, before, after })).toEqual([]);
  });

  it('has a JSON Schema that takes its example message, and no message that lacks something', () => {
    const isValid = ajv.compile(jsonSchemaOf(type));
    const message = exampleMessage(type);
    expect([isValid(message), isValid.errors]).toEqual([true, null]);
    for (const [name, value] of Object.entries(message.data)) {
      expect([name, isValid({ ...message, data: { ...message.data, [name]: undefined } })]).toEqual([name, false]);
      const wrong = typeof value === 'number' ? 'no number' : 42;
      expect([name, isValid({ ...message, data: { ...message.data, [name]: wrong } })]).toEqual([name, false]);
    }
  });
});

test('docs/events.schema.json takes every example by exactly one of its types', async () => {
  const isValid = ajv.compile(JSON.parse(await read('events.schema.json')) as object);
  for (const type of EVENT_TYPE_NAMES) {
    expect([type, isValid(exampleMessage(type))]).toEqual([type, true]);
    expect([type, isValid({ ...exampleMessage(type), type: 'no.type' })]).toEqual([type, false]);
  }
});
