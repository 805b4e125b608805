import { z } from 'zod';
import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import {
  type AdapterServices,
  type ChangePage,
  defineKind,
  type OpenSource,
  type PersonQuery,
  type RecordPage,
  type SourceAdapter,
} from '../adapter.js';
import { faultOfTemplate, fillTemplate } from '../address-template.js';
import { compileExpression, compileMapping, type Expression, expression, expressionMapping } from '../expressions.js';
import { HTTP_SECRETS, httpAuthentication, HttpClient } from '../http-authentication.js';
import { badAnswer, checkAddress, type HttpAnswer } from '../http-request.js';
import { textsOf } from '../mapping.js';
import { CircleWatch, hitsOf, sortMapped } from '../people-of.js';
import { SourceError } from '../source-error.js';

const template = (what: string, needed: string[], optional: string[] = []) =>
  z
    .string()
    .max(1000)
    .superRefine((text, context) => {
      const message = faultOfTemplate(text, needed, optional);
      if (message) context.addIssue({ code: 'custom', message });
    })
    .describe(what);

const settings = z.strictObject({
  baseUrl: z.url().max(2048).describe('The address that those of the questions go on from.'),
  authentication: httpAuthentication,
  searchByEmail: template('Finds people by `{email}`: such as /people?mail={email}.', ['email']).nullish(),
  searchByIdentifier: template(
    'Finds people by an identifier: `{value}`, and `{type}`.',
    ['value'],
    ['type'],
  ).nullish(),
  retrieve: template('Gives one person by `{key}`: such as /people/{key}.', ['key']).nullish(),
  inventory: template('Gives everybody, by pages: `{cursor}` is where the next one begins.', [], ['cursor']).nullish(),
  changes: template('Gives who changed after `{since}`, by pages.', ['since'], ['cursor']).nullish(),
  people: expression('JMESPath over the answer: the list of people.').default('@'),
  person: expression('JMESPath over the answer of `retrieve`: the person; null for nobody.').default('@'),
  nextCursor: expression(
    'JMESPath over the answer: the `{cursor}` of the next page; nothing on the last one.',
  ).nullish(),
  nextLink: expression('JMESPath over the answer: the address of the next page; nothing on the last one.').nullish(),
  followsLinkHeader: z
    .boolean()
    .default(false)
    .describe('Whether the next page is named by a header Link with rel="next".'),
  removedKeys: expression('JMESPath over an answer of `changes`: the keys of those who are gone.').nullish(),
  nextSince: expression(
    'JMESPath over the last answer of `changes`: the next `{since}`. Without it `{since}` is a moment, such as 2026-11-21T13:00:00Z.',
  ).nullish(),
  notFoundIsNobody: z
    .boolean()
    .default(false)
    .describe('Whether the status 404 of a search means that it found nobody.'),
  mapping: expressionMapping.describe('How an object of the answer becomes a person.'),
});

type Settings = z.infer<typeof settings>;

/** The page to read: the first one, one by its cursor, one by its address, or none any more. */
type Position = { cursor: string | null } | { link: string } | { isAtEnd: true };

/** The most people of one page that are handed on at once. */
const MOST_AT_ONCE = 1000;
/** How far back changes by time are asked for again: clocks differ, and what was written late is not missed. */
const OVERLAP_MILLISECONDS = 5 * 60_000;

class HttpSource implements SourceAdapter {
  private readonly base: URL;
  private readonly http: HttpClient;
  private readonly map: ReturnType<typeof compileMapping>;
  private readonly read: Record<
    'people' | 'person' | 'nextCursor' | 'nextLink' | 'removedKeys' | 'nextSince',
    Expression
  >;

  constructor(
    private readonly source: OpenSource<Settings>,
    private readonly services: AdapterServices,
  ) {
    const { settings, secrets, keepsRaw } = source;
    this.base = checkAddress(settings.baseUrl, services);
    this.http = new HttpClient(settings.authentication, secrets, services);
    this.map = compileMapping(settings.mapping, { keepsRaw });
    const optional = (text: string | null | undefined) => (typeof text === 'string' ? careful(text) : () => null);
    this.read = {
      people: careful(settings.people),
      person: careful(settings.person),
      nextCursor: optional(settings.nextCursor),
      nextLink: optional(settings.nextLink),
      removedKeys: optional(settings.removedKeys),
      nextSince: optional(settings.nextSince),
    };
  }

  async search(query: PersonQuery, signal: AbortSignal): Promise<PersonRecord[]> {
    const { searchByEmail, searchByIdentifier, notFoundIsNobody } = this.source.settings;
    const url =
      'email' in query
        ? fillTemplate(this.base, needed(searchByEmail), { email: query.email })
        : fillTemplate(this.base, needed(searchByIdentifier), { ...query.identifier });
    const answer = await this.http.get(url, signal, { whenTooLarge: 'TOO_MANY_RECORDS' });
    if (answer.status === 404 && notFoundIsNobody) return [];
    return hitsOf(this.peopleOf(answer).map(this.map));
  }

  async retrieve(key: string, signal: AbortSignal): Promise<PersonRecord | null> {
    const url = fillTemplate(this.base, needed(this.source.settings.retrieve), { key });
    const answer = await this.http.get(url, signal);
    if (answer.status === 404) return null;
    const person = this.read.person(bodyOf(answer));
    return person === null ? null : (hitsOf([this.map(person)])[0] ?? null);
  }

  async *inventory(cursor: string | null, signal: AbortSignal): AsyncIterable<RecordPage> {
    const { position, skip } = readCursor(cursor);
    let skipped = skip;
    for await (const { answer, at, next } of this.pages(needed(this.source.settings.inventory), {}, position, signal)) {
      const people = this.peopleOf(answer);
      for (let from = skipped; from < people.length || from === skipped; from += MOST_AT_ONCE) {
        const behind = from + MOST_AT_ONCE;
        const place = behind < people.length ? { position: at, skip: behind } : { position: next, skip: 0 };
        yield { ...sortMapped(people.slice(from, behind).map(this.map)), cursor: JSON.stringify(place) };
      }
      skipped = 0;
    }
  }

  async *changedSince(cursor: string | null, signal: AbortSignal): AsyncIterable<ChangePage> {
    const { changes, nextSince } = this.source.settings;
    const begun = new Date(this.services.clock().getTime() - OVERLAP_MILLISECONDS).toISOString();
    if (cursor === null && !nextSince) {
      yield { records: [], removedKeys: [], faults: [], cursor: begun };
      return;
    }
    for await (const { answer, next } of this.pages(needed(changes), { since: cursor }, { cursor: null }, signal)) {
      const isLast = 'isAtEnd' in next;
      const [since] = nextSince ? textsOf(this.read.nextSince(answer.body)) : [begun];
      if (isLast && since === undefined) throw badAnswer('The answer does not say from where to go on (nextSince).');
      if (cursor === null) {
        if (isLast) yield { records: [], removedKeys: [], faults: [], cursor: since! };
        continue;
      }
      const removedKeys = keysOf(this.read.removedKeys(bodyOf(answer)));
      // Before the last page not everything up to the new cursor is read.
      yield { ...sortMapped(this.peopleOf(answer).map(this.map)), removedKeys, cursor: isLast ? since! : cursor };
    }
  }

  async close(): Promise<void> {}

  private peopleOf(answer: HttpAnswer): unknown[] {
    const people = this.read.people(bodyOf(answer));
    if (Array.isArray(people)) return people;
    throw badAnswer('`people` finds no list in the answer.');
  }

  /** The pages of a question, each with its position and the one behind it. */
  private async *pages(
    path: string,
    values: Record<string, string | null>,
    from: Position,
    signal: AbortSignal,
  ): AsyncGenerator<{ answer: HttpAnswer; at: Position; next: Position }> {
    const circle = new CircleWatch();
    for (let at = from; !('isAtEnd' in at);) {
      circle.see(JSON.stringify(at));
      const url = 'link' in at ? this.linked(at.link, this.base) : fillTemplate(this.base, path, { ...values, ...at });
      const answer = await this.http.get(url, signal);
      const next = this.nextOf(answer);
      yield { answer, at, next };
      at = next;
    }
  }

  private nextOf(answer: HttpAnswer): Position {
    const { nextCursor, nextLink, followsLinkHeader } = this.source.settings;
    const body = bodyOf(answer);
    const [cursor] = nextCursor ? textsOf(this.read.nextCursor(body)) : [];
    if (cursor !== undefined) return { cursor };
    const [named] = nextLink ? textsOf(this.read.nextLink(body)) : [];
    const link = named ?? (followsLinkHeader ? nextOfHeader(answer.headers.get('link')) : null);
    if (link === null || link === undefined) return { isAtEnd: true };
    const { pathname, search } = this.linked(link, answer.url);
    return { link: `${pathname}${search}` };
  }

  /** The address that an answer names: of the same origin as the source, which alone is sent the credentials. */
  private linked(link: string, base: URL): URL {
    const url = URL.canParse(link, base.href) ? new URL(link, base) : null;
    if (url?.origin === this.base.origin && !url.username && !url.password) return url;
    throw badAnswer('The answer names a next page of another origin.');
  }
}

/** What an expression that cannot take the answer finds, as of a text instead of a list, is no answer. */
function careful(text: string): Expression {
  const read = compileExpression(text);
  return (value) => {
    try {
      return read(value);
    } catch {
      throw badAnswer('The answer is not what the expressions of the settings are for.');
    }
  };
}

function bodyOf({ status, body }: HttpAnswer): unknown {
  if (status < 200 || status > 299) throw badAnswer(`The server answered ${status}.`);
  return body;
}

function needed(text: string | null | undefined): string {
  if (text) return text;
  throw new SourceError(SourceErrorCode.MISCONFIGURED, 'The settings have no address for this question.');
}

function keysOf(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw badAnswer('`removedKeys` finds no list in the answer.');
  return value.flatMap((one) => textsOf(one));
}

/** The address of `<…>; rel="next"` (RFC 8288); null when there is none. */
function nextOfHeader(header: string | null): string | null {
  for (const [, address, parameters] of (header ?? '').slice(0, 8192).matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*("(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters!)) return address!;
  }
  return null;
}

const PLACE = z.strictObject({
  position: z.union([
    z.strictObject({ cursor: z.string().nullable() }),
    z.strictObject({ link: z.string() }),
    z.strictObject({ isAtEnd: z.literal(true) }),
  ]),
  skip: z.int().min(0),
});

function readCursor(cursor: string | null): z.infer<typeof PLACE> {
  if (cursor === null) return { position: { cursor: null }, skip: 0 };
  try {
    return PLACE.parse(JSON.parse(cursor));
  } catch {
    throw badAnswer('The cursor is of another kind of source.');
  }
}

export default defineKind({
  kind: SourceKind.HTTP,
  description: 'People by a JSON API, whose answers JMESPath expressions read.',
  settings,
  secrets: HTTP_SECRETS,
  allCapabilities: [
    SourceCapability.SEARCH_BY_EMAIL,
    SourceCapability.SEARCH_BY_IDENTIFIER,
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
    SourceCapability.CHANGES,
  ],
  capabilities: ({ searchByEmail, searchByIdentifier, retrieve, inventory, changes }) => [
    ...(searchByEmail ? [SourceCapability.SEARCH_BY_EMAIL] : []),
    ...(searchByIdentifier ? [SourceCapability.SEARCH_BY_IDENTIFIER] : []),
    ...(retrieve ? [SourceCapability.RETRIEVE] : []),
    ...(inventory ? [SourceCapability.INVENTORY] : []),
    ...(changes ? [SourceCapability.CHANGES] : []),
  ],
  open: (source, services) => new HttpSource(source, services),
});
