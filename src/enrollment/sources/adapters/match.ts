import { z } from 'zod';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import {
  type AdapterServices,
  defineKind,
  type MatchAnswer,
  type MatchRequest,
  MOST_HITS,
  type OpenSource,
  type SourceAdapter,
  type SourceMatching,
} from '../adapter.js';
import { fillTemplate } from '../address-template.js';
import { HTTP_SECRETS, httpAuthentication, HttpClient } from '../http-authentication.js';
import { badAnswer, checkAddress } from '../http-request.js';
import { identifierType } from '../mapping.js';
import { tooMany } from '../people-of.js';
import { SourceError } from '../source-error.js';

const type = (what: string) => z.string().min(1).max(64).describe(what);

const settings = z.strictObject({
  url: z.url().max(2048).describe('The address of the match server, below which /people is.'),
  authentication: httpAuthentication,
  identifierType: identifierType.default('reference'),
  nameType: type('What the match server calls the type of a name.').default('official'),
  emailType: type('What the match server calls the type of an address.').default('official'),
});

type Settings = z.infer<typeof settings>;
type Candidates = Extract<MatchAnswer, { outcome: 'CHOICES' }>['candidates'];

/** By this reference id a match server is told that the person is none of those whom it named. */
const NONE_OF_THEM = 'new';
const LONGEST_TEXT = 256;
/** How many names, and addresses, of one candidate are kept. */
const MOST_VALUES = 5;

/**
 * A server of the Identity Match API of Internet2's TAP: it is told of a person, and says by which reference id it knows
 * them: one that it had already (200) or has made (201); that somebody has to choose among some (300); or that somebody
 * looks into it (202).
 */
class MatchServer implements SourceAdapter {
  readonly match: SourceMatching;
  private readonly base: URL;
  private readonly http: HttpClient;

  constructor(
    private readonly source: OpenSource<Settings>,
    services: AdapterServices,
  ) {
    const { settings, secrets } = source;
    this.base = checkAddress(settings.url, services);
    this.http = new HttpClient(settings.authentication, secrets, services);
    this.match = {
      identifierType: settings.identifierType,
      request: (asked, signal) => this.request(asked, signal),
    };
  }

  async close(): Promise<void> {}

  private async request(asked: MatchRequest, signal: AbortSignal): Promise<MatchAnswer> {
    const { label, id, choice } = asked;
    const { status, body } = await this.http.request(
      {
        url: fillTemplate(this.base, '/people/{label}/{id}', { label, id }),
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sorAttributes: this.describe(asked), ...(choice ? { referenceId: choice } : {}) }),
        reads: [200, 201, 300],
      },
      signal,
    );
    switch (status) {
      case 200:
      case 201:
        return { outcome: status === 200 ? 'KNOWN' : 'NEW', referenceId: referenceOf(body) };
      case 202:
        return { outcome: 'PENDING' };
      case 300:
        return { outcome: 'CHOICES', candidates: candidatesOf(body) };
      case 404:
        throw misconfigured('The match server knows neither this address nor this label (404).');
      case 400:
        throw misconfigured('The match server does not take what it is told of the person (400).');
      default:
        throw badAnswer(`The match server answered ${status}.`);
    }
  }

  /** The person, in the words of the API. */
  private describe({ names, emails, identifiers }: MatchRequest): Record<string, unknown> {
    const { nameType, emailType } = this.source.settings;
    return {
      names: names.map(({ givenName, familyName }) => ({
        type: nameType,
        ...(givenName === null ? {} : { given: givenName }),
        ...(familyName === null ? {} : { family: familyName }),
      })),
      emailAddresses: emails.map((address) => ({ type: emailType, address })),
      identifiers: identifiers.map(({ type, value }) => ({ type, identifier: value })),
    };
  }
}

function misconfigured(message: string): SourceError {
  return new SourceError(SourceErrorCode.MISCONFIGURED, message);
}

function referenceOf(body: unknown): string {
  const { referenceId } = objectOf(body);
  const id = textOf(typeof referenceId === 'number' ? String(referenceId) : referenceId);
  if (id !== null && id !== NONE_OF_THEM) return id;
  throw badAnswer('The match server gave no reference id that can be kept.');
}

/** Whom it named, but for the "none of them" that it may name, too. What it says of them is with them, or in their records. */
function candidatesOf(body: unknown): Candidates {
  const named = listOf(objectOf(body).candidates).filter(({ referenceId }) => referenceId !== NONE_OF_THEM);
  if (named.length > MOST_HITS) throw tooMany();
  if (!named.length) throw badAnswer('The match server named nobody to choose among.');
  return named.map((candidate) => {
    const records = listOf(candidate.sorRecords).map(({ sorAttributes }) => sorAttributes);
    const described = [candidate, candidate.sorAttributes, candidate.attributes, ...records].map(objectOf);
    const names = described
      .flatMap((record) => listOf(record.names))
      .map(({ given, family }) => ({ givenName: textOf(given), familyName: textOf(family) }))
      .filter(({ givenName, familyName }) => givenName !== null || familyName !== null);
    const emails = described
      .flatMap((record) => listOf(record.emailAddresses))
      .flatMap(({ address }) => textOf(address) ?? []);
    return {
      referenceId: referenceOf(candidate),
      names: distinct(names).slice(0, MOST_VALUES),
      emails: distinct(emails).slice(0, MOST_VALUES),
    };
  });
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

type Json = Record<string, unknown>;
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : []);

/** A text that can be kept as it is; null for anything else. */
function textOf(value: unknown): string | null {
  const isKept =
    typeof value === 'string' && value.length <= LONGEST_TEXT && !value.includes('\0') && value.isWellFormed();
  return isKept && value.trim() !== '' ? value : null;
}

export default defineKind({
  kind: SourceKind.MATCH,
  description:
    'A match server, by the Identity Match API of Internet2: it says which person of an institution somebody is.',
  settings,
  secrets: HTTP_SECRETS,
  allCapabilities: [SourceCapability.MATCH],
  capabilities: () => [SourceCapability.MATCH],
  open: (source, services) => new MatchServer(source, services),
});
