import { Context, type Emitter, type FilterImplOptions, Liquid, toValueSync } from 'liquidjs';
import { escapeHtml } from './escape.js';

/** What of Liquid templates may use. Tags that write without escaping, or read other files, are not among them. */
export const TAGS = ['if', 'unless', 'case', 'for'];
const FILTERS = [
  'append',
  'capitalize',
  'default',
  'downcase',
  'prepend',
  'strip',
  'truncate',
  'truncatewords',
  'upcase',
];
export const FILTER_NAMES = [...FILTERS, 'line_breaks', 'quote'];

/** Of one rendering, in milliseconds. What is counted below ends far sooner; this is for what nobody has thought of. */
const LONGEST_MILLISECONDS = 1_000;
/** Of a template, and of all that its filters and ranges make, in characters. */
const LONGEST_TEMPLATE = 50_000;
const MOST_MADE = 50_000;
const LONGEST_OUTPUT = 200_000;

export type Format = 'TEXT' | 'HTML';

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') throw new Error('only text can be written, not a list of several values');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const lines = (value: unknown) => text(value).split('\n');

/** Filters of our own. What they give in HTML is escaped by themselves. */
const OWN_FILTERS: Record<Format, Record<string, FilterImplOptions>> = {
  TEXT: {
    line_breaks: text,
    quote: (value: unknown) =>
      lines(value)
        .map((line) => `> ${line}`)
        .join('\n'),
  },
  HTML: {
    line_breaks: { raw: true, handler: (value: unknown) => escapeHtml(text(value)).replaceAll('\n', '<br>\n') },
    quote: {
      raw: true,
      handler: (value: unknown) => `<blockquote>${escapeHtml(text(value)).replaceAll('\n', '<br>\n')}</blockquote>`,
    },
  },
};

const ENGINES: Record<Format, Liquid> = { TEXT: createEngine('TEXT'), HTML: createEngine('HTML') };

function createEngine(format: Format): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    ownPropertyOnly: true,
    // There are no files: nothing is looked up anywhere.
    templates: {},
    parseLimit: LONGEST_TEMPLATE,
    renderLimit: LONGEST_MILLISECONDS,
    memoryLimit: MOST_MADE,
    ...(format === 'HTML' ? { outputEscape: (value: unknown) => escapeHtml(text(value)) } : {}),
  });
  keepOnly(engine.tags, TAGS);
  keepOnly(engine.filters, FILTERS);
  for (const [name, filter] of Object.entries(OWN_FILTERS[format])) engine.registerFilter(name, filter);
  return engine;
}

function keepOnly(all: Record<string, unknown>, names: readonly string[]): void {
  for (const name of Object.keys(all)) if (!names.includes(name)) delete all[name];
}

/** A variable that a template reads: its path, where a part that is computed is null, and its line. */
export interface ReadVariable {
  path: (string | number | null)[];
  line: number;
}

/** The variables that a template reads and does not make itself. Throws when it is no template. */
export function variablesOf(format: Format, source: string): ReadVariable[] {
  refuseLoopsInLoops(source);
  const { globals } = ENGINES[format].parseAndAnalyzeSync(source);
  return Object.values(globals).flatMap((variables) =>
    variables.map(({ segments, location }) => ({
      path: segments.map((segment) => (typeof segment === 'object' ? null : segment)),
      line: location.row,
    })),
  );
}

/** Renders a template within its limits of time and size; in HTML, every value is escaped. Throws when it cannot. */
export function renderTemplate(format: Format, source: string, scope: object): string {
  refuseLoopsInLoops(source);
  const engine = ENGINES[format];
  const context = new Context(scope, engine.options, { sync: true }, { liquid: engine });
  const output = new BoundedOutput();
  toValueSync(engine.renderer.renderTemplates(engine.parse(source), context, output));
  return output.buffer;
}

/** Loops in loops multiply: they could take all the time that there is, for each mail. */
function refuseLoopsInLoops(source: string): void {
  let depth = 0;
  for (const { 1: tag, index } of source.matchAll(/\{%-?\s*(for|endfor)\b/g)) {
    depth += tag === 'for' ? 1 : -1;
    if (depth < 2) continue;
    const line = source.slice(0, index).split('\n').length;
    throw new Error(`a loop cannot stand in another loop, line:${line}, col:1`);
  }
}

class BoundedOutput implements Emitter {
  buffer = '';

  write(value: unknown): void {
    this.buffer += text(value);
    if (this.buffer.length > LONGEST_OUTPUT) throw new Error(`it makes more than ${LONGEST_OUTPUT} characters`);
  }
}
