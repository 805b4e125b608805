import { z } from 'zod';
import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import {
  type AdapterServices,
  type ChangePage,
  defineKind,
  MOST_HITS,
  type OpenSource,
  type PersonQuery,
  type RecordPage,
  type SourceAdapter,
} from '../adapter.js';
import { fillTemplate } from '../address-template.js';
import { compileMapping, expression } from '../expressions.js';
import { HTTP_SECRETS, httpAuthentication, HttpClient } from '../http-authentication.js';
import { badAnswer, checkAddress } from '../http-request.js';
import { attributeName, identifierType, textsOf } from '../mapping.js';
import { CircleWatch, hitsOf, sortMapped, tooMany } from '../people-of.js';
import { SourceError } from '../source-error.js';

/** The path of an attribute with one value, of the core schema or of an extension (`urn:…:User:employeeNumber`). */
const PATH = /^(urn:[\w:.-]{1,200}:)?[A-Za-z][\w$-]{0,63}(\.[A-Za-z][\w$-]{0,63})?$/;
const attributePath = z.string().regex(PATH, 'is the path of an attribute, such as userName or emails.value');

const settings = z.strictObject({
  url: z.url().max(2048).describe('The address of the SCIM service, below which /Users is.'),
  authentication: httpAuthentication,
  emailAttribute: attributePath.default('emails.value').describe('The attribute by which addresses are searched for.'),
  identifiers: z
    .array(
      z.strictObject({
        type: identifierType,
        attribute: attributePath.describe('The attribute with its value, by which it is searched for, too.'),
      }),
    )
    .max(20)
    .default([
      { type: 'userName', attribute: 'userName' },
      { type: 'externalId', attribute: 'externalId' },
    ])
    .describe('The identifiers of a user, and their types.'),
  affiliation: expression('JMESPath over the user: what the person is there.').default('userType'),
  attributes: z
    .record(attributeName, expression('JMESPath over the user: the value.'))
    .default({})
    .describe('What else is taken, by the name that pipelines know it by.'),
  emailsAreVerified: z.boolean().default(true).describe('Whether the service vouches for the addresses.'),
  inactiveIsRemoved: z.boolean().default(true).describe('Whether a user with active = false counts as removed.'),
  pageSize: z.int().min(1).max(1000).default(100).describe('How many users are asked for at once.'),
});

type Settings = z.infer<typeof settings>;
type ScimUser = Record<string, unknown>;

interface ScimList {
  users: ScimUser[];
  total: number | null;
  nextCursor: string | null;
}

/** Where reading a list stands: at an index from 1 among so many, at a cursor of the server, or at the end. */
type Position = { start: number; total: number | null } | { cursor: string } | { isAtEnd: true };

/** How far before the last change that was seen changes are asked for: what was written late is not missed. */
const OVERLAP_MILLISECONDS = 60_000;
/** How far back the first cursor lies: the clocks of two machines differ. */
const FIRST_OVERLAP_MILLISECONDS = 5 * 60_000;

class ScimSource implements SourceAdapter {
  private readonly base: URL;
  private readonly http: HttpClient;
  private readonly map: ReturnType<typeof compileMapping>;
  /** Whether the server reads on by cursors (RFC 9865); null: not asked yet. */
  private hasCursors: boolean | null = null;

  constructor(
    private readonly source: OpenSource<Settings>,
    private readonly services: AdapterServices,
  ) {
    const { settings, secrets, keepsRaw } = source;
    this.base = checkAddress(settings.url, services);
    this.http = new HttpClient(settings.authentication, secrets, services);
    this.map = compileMapping(
      {
        key: 'id',
        givenName: 'name.givenName',
        familyName: 'name.familyName',
        emails: 'emails[*].value',
        identifiers: settings.identifiers.map(({ type, attribute }) => ({
          type,
          value: namesOf(attribute)
            .map((name) => JSON.stringify(name))
            .join('.'),
        })),
        affiliation: settings.affiliation,
        attributes: settings.attributes,
        emailsAreVerified: settings.emailsAreVerified,
      },
      { keepsRaw },
    );
  }

  async search(query: PersonQuery, signal: AbortSignal): Promise<PersonRecord[]> {
    const { settings } = this.source;
    const isEmail = 'email' in query;
    const attributes = isEmail
      ? [settings.emailAttribute]
      : settings.identifiers.filter(({ type }) => type === query.identifier.type).map(({ attribute }) => attribute);
    if (!attributes.length) return [];
    const value = JSON.stringify((isEmail ? query.email : query.identifier.value).toWellFormed());
    const filter = attributes.map((attribute) => `${attribute} eq ${value}`).join(' or ');
    const { users, total } = await this.list({ filter, count: String(MOST_HITS + 1) }, signal, 'TOO_MANY_RECORDS');
    if (users.length > MOST_HITS || (total ?? 0) > MOST_HITS) throw tooMany();
    // A server may compare in its own way, or pass over a filter that it does not know.
    const wanted = isEmail ? query.email.toLowerCase() : query.identifier.value;
    const values = (user: ScimUser) => attributes.flatMap((attribute) => valuesAt(user, attribute));
    const isMeant = (user: ScimUser) =>
      values(user).some((found) => (isEmail ? found.toLowerCase() : found) === wanted) && this.isThere(user);
    return hitsOf(users.filter(isMeant).map(this.map));
  }

  async retrieve(key: string, signal: AbortSignal): Promise<PersonRecord | null> {
    const { status, body } = await this.http.get(fillTemplate(this.base, '/Users/{key}', { key }), signal, ACCEPT);
    if (status === 404) return null;
    if (status !== 200 || !isObject(body)) throw badAnswer(`The server answered ${status} to the question for a user.`);
    if (!this.isThere(body)) return null;
    return hitsOf([this.map(body)])[0] ?? null;
  }

  async count(signal: AbortSignal): Promise<number | null> {
    // Of those who are inactive the server does not say how many they are.
    return (await this.list({ count: '1' }, signal)).total;
  }

  async *inventory(cursor: string | null, signal: AbortSignal): AsyncIterable<RecordPage> {
    for await (const { users, position } of this.read({}, readPosition(cursor), signal)) {
      yield {
        ...sortMapped(users.filter((user) => this.isThere(user)).map(this.map)),
        cursor: JSON.stringify(position),
      };
    }
  }

  async *changedSince(cursor: string | null, signal: AbortSignal): AsyncIterable<ChangePage> {
    if (cursor === null) {
      const since = new Date(this.services.clock().getTime() - FIRST_OVERLAP_MILLISECONDS).toISOString();
      yield { records: [], removedKeys: [], faults: [], cursor: since };
      return;
    }
    const known = Date.parse(cursor);
    if (Number.isNaN(known)) throw badAnswer('The cursor of changes is no moment.');
    let latest = known;
    const filter = `meta.lastModified gt "${new Date(known - OVERLAP_MILLISECONDS).toISOString()}"`;
    for await (const { users, position } of this.read({ filter }, null, signal)) {
      latest = Math.max(latest, ...users.map(lastModifiedOf));
      const there = users.filter((user) => this.isThere(user));
      const gone = users.filter((user) => !this.isThere(user)).flatMap(({ id }) => (typeof id === 'string' ? id : []));
      // Pages come in no order of time: only at the end is everything up to the latest change read.
      const isEnd = 'isAtEnd' in position;
      const next = new Date(isEnd ? latest : known).toISOString();
      yield { ...sortMapped(there.map(this.map)), removedKeys: gone, cursor: next };
    }
  }

  async close(): Promise<void> {}

  private isThere(user: ScimUser): boolean {
    return !(this.source.settings.inactiveIsRemoved && user.active === false);
  }

  /** Pages of users, each with the position behind it. */
  private async *read(
    query: Record<string, string>,
    from: Position | null,
    signal: AbortSignal,
  ): AsyncGenerator<{ users: ScimUser[]; position: Position }> {
    const count = String(this.source.settings.pageSize);
    let position: Position = from ?? ((await this.readsByCursor(signal)) ? { cursor: '' } : { start: 1, total: null });
    const circle = new CircleWatch();
    while (!('isAtEnd' in position)) {
      circle.see(JSON.stringify(position));
      const where: Record<string, string> =
        'cursor' in position ? { cursor: position.cursor } : { startIndex: String(position.start) };
      const page: ScimList = await this.list({ ...query, ...where, count }, signal);
      if ('cursor' in position) {
        position = page.nextCursor === null ? { isAtEnd: true } : { cursor: page.nextCursor };
      } else {
        const { start, total: before } = position;
        const { users, total } = page;
        if (total === null) throw badAnswer('The server does not say how many users there are (totalResults).');
        if (before !== null && total < before && start > 1) {
          // Somebody was deleted meanwhile, and those behind them moved up: read some again rather than miss one.
          position = { start: Math.max(1, start - (before - total)), total };
          continue;
        }
        // Taken for the end, it would have everybody else removed.
        if (!users.length && start <= total) throw badAnswer(`There are ${total} users, and none from ${start} on.`);
        const next = start + users.length;
        position = next > total ? { isAtEnd: true } : { start: next, total };
      }
      yield { users: page.users, position };
    }
  }

  private async readsByCursor(signal: AbortSignal): Promise<boolean> {
    if (this.hasCursors === null) {
      const url = fillTemplate(this.base, '/ServiceProviderConfig', {});
      const { body } = await this.http.get(url, signal, ACCEPT);
      const { pagination } = (body ?? {}) as { pagination?: { cursor?: unknown } | null };
      this.hasCursors = pagination?.cursor === true;
    }
    return this.hasCursors;
  }

  private async list(
    query: Record<string, string>,
    signal: AbortSignal,
    whenTooLarge: 'BAD_ANSWER' | 'TOO_MANY_RECORDS' = 'BAD_ANSWER',
  ): Promise<ScimList> {
    const url = fillTemplate(this.base, '/Users', {});
    // Groups may be very many, and are of no use here.
    for (const [name, value] of Object.entries({ excludedAttributes: 'groups', ...query }))
      url.searchParams.set(name, value);
    const { status, body } = await this.http.get(url, signal, { ...ACCEPT, whenTooLarge });
    if (status === 400 && 'cursor' in query)
      throw badAnswer('The server takes the cursor no more: the reading is begun again from the start.');
    if (status !== 200 || !isObject(body)) throw badAnswer(`The server answered ${status} to the question for users.`);
    const { Resources: users = [], totalResults: total, nextCursor } = body;
    if (!Array.isArray(users) || !users.every(isObject)) throw badAnswer('The answer has no list of users.');
    return {
      users,
      total: typeof total === 'number' && Number.isSafeInteger(total) && total >= 0 ? total : null,
      nextCursor: typeof nextCursor === 'string' && nextCursor !== '' ? nextCursor : null,
    };
  }
}

const ACCEPT = { headers: { accept: 'application/scim+json, application/json' } };

function isObject(value: unknown): value is ScimUser {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values of an attribute, also of those within lists. */
function valuesAt(user: ScimUser, path: string): string[] {
  let found: unknown[] = [user];
  for (const name of namesOf(path))
    found = found.flat().flatMap((one) => (isObject(one) && Object.hasOwn(one, name) ? [one[name]] : []));
  return textsOf(found);
}

function lastModifiedOf({ meta }: ScimUser): number {
  const at = isObject(meta) ? Date.parse(String(meta.lastModified)) : NaN;
  return Number.isNaN(at) ? 0 : at;
}

/** `urn:…:User:employeeNumber` → `urn:…:User`, `employeeNumber`. */
function namesOf(path: string): string[] {
  const at = path.lastIndexOf(':');
  return [...(at < 0 ? [] : [path.slice(0, at)]), ...path.slice(at + 1).split('.')];
}

function readPosition(cursor: string | null): Position | null {
  if (cursor === null) return null;
  try {
    return POSITION.parse(JSON.parse(cursor));
  } catch {
    throw new SourceError(SourceErrorCode.BAD_ANSWER, 'The cursor is of another kind of source.');
  }
}

const POSITION = z.union([
  z.strictObject({ start: z.int().min(1), total: z.int().min(0).nullable() }),
  z.strictObject({ cursor: z.string() }),
  z.strictObject({ isAtEnd: z.literal(true) }),
]);

export default defineKind({
  kind: SourceKind.SCIM,
  description: 'The users of a service that speaks SCIM 2.0.',
  settings,
  secrets: HTTP_SECRETS,
  allCapabilities: [
    SourceCapability.SEARCH_BY_EMAIL,
    SourceCapability.SEARCH_BY_IDENTIFIER,
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
    SourceCapability.CHANGES,
  ],
  capabilities: ({ identifiers }) => [
    SourceCapability.SEARCH_BY_EMAIL,
    ...(identifiers.length ? [SourceCapability.SEARCH_BY_IDENTIFIER] : []),
    SourceCapability.RETRIEVE,
    SourceCapability.INVENTORY,
    SourceCapability.CHANGES,
  ],
  open: (source, services) => new ScimSource(source, services),
});
