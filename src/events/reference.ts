import { EVENT_TYPE_NAMES, EVENT_TYPES } from './catalogue.js';
import { exampleMessage } from './example.js';
import { jsonSchemaOf } from './message.js';

/** Where the part of docs/events.md begins that is made of the catalogue. */
const MARK = '<!-- Below this line: written by `npm run cli -- events`. -->';

/** The page with its part that is made of the catalogue brought up to date. Throws when the page has no such part. */
export function renderPage(page: string): string {
  const [written, ...rest] = page.split(MARK);
  if (rest.length !== 1) throw new Error(`docs/events.md needs this line, once: ${MARK}`);
  return `${written}${MARK}\n\n${renderTable()}\n\n${EVENT_TYPE_NAMES.map(renderExample).join('\n\n')}\n`;
}

function renderTable(): string {
  const rows = EVENT_TYPE_NAMES.map((type) => {
    const { description, about } = EVENT_TYPES[type];
    return `| [\`${type}\`](#${type.replaceAll('.', '')}) | ${about ?? ''} | ${description} |`;
  });
  return ['## The types', '', '| Type | About | What happened |', '| --- | --- | --- |', ...rows].join('\n');
}

function renderExample(type: (typeof EVENT_TYPE_NAMES)[number]): string {
  const { description } = EVENT_TYPES[type];
  const json = JSON.stringify(exampleMessage(type), null, 2);
  return `### ${type}\n\n${description}\n\n\`\`\`json\n${json}\n\`\`\``;
}

/** docs/events.schema.json: the message of any type, and under `$defs` that of each. */
export function renderJsonSchema(): string {
  const definitions = EVENT_TYPE_NAMES.map((type) => {
    const { $schema: _, ...schema } = jsonSchemaOf(type);
    return [type, schema] as const;
  });
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Event',
    description: 'An event as webhooks send it and exports hold it.',
    oneOf: EVENT_TYPE_NAMES.map((type) => ({ $ref: `#/$defs/${type}` })),
    $defs: Object.fromEntries(definitions),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
