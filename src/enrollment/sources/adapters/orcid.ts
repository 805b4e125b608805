import { clientCredentialsGrant } from 'openid-client';
import { z } from 'zod';
import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import { keepFor, readOpenIdError } from '../../../openid-client.js';
import { isLoopbackHost } from '../../../outbound.js';
import { type AdapterServices, defineKind, MOST_HITS, type PersonQuery } from '../adapter.js';
import { badAnswer, credentialsRefused, requestJson } from '../http-request.js';
import { buildRecord } from '../mapping.js';
import { SourceError } from '../source-error.js';
import { clientAuthentication, prompt, webAddress } from './oidc.js';
import { type OpenIdSignIn, openIdSignIn, failureOfProvider } from './openid-sign-in.js';
import { isOrcid } from './orcid-id.js';
import { ORCID, readOrcidRecord } from './orcid-record.js';

/** The token of the public API works for twenty years; it is asked for again every hour. */
const TOKEN_MILLISECONDS = 60 * 60_000;
/** Records that are no more: unknown, deactivated or locked. One that was given up for another leads to that one. */
const GONE = [404, 409, 410];

const testAddress = (what: string) =>
  webAddress(what)
    .refine((text) => isLoopbackHost(new URL(text).hostname), 'is an address of this machine: it is for tests')
    .nullish();

const settings = z.strictObject({
  clientId: z.string().min(1).max(255).describe('The id of the client of the public API, as ORCID gave it.'),
  isSandbox: z
    .boolean()
    .default(false)
    .describe('Whether it is the sandbox, sandbox.orcid.org, whose people are made up.'),
  prompt,
  siteAddress: testAddress('Instead of https://orcid.org: for tests.'),
  apiAddress: testAddress('Instead of https://pub.orcid.org: for tests.'),
});

/** ORCID: people sign in there, and its public API tells what they let everybody see. */
export default defineKind({
  kind: SourceKind.ORCID,
  description: 'ORCID: people sign in with their ORCID iD; names, verified public addresses and employments are read.',
  settings,
  secrets: { clientSecret: 'The secret of the client of the public API.' },
  allCapabilities: [
    SourceCapability.AUTHENTICATE,
    SourceCapability.SEARCH_BY_EMAIL,
    SourceCapability.SEARCH_BY_IDENTIFIER,
    SourceCapability.RETRIEVE,
  ],
  capabilities: () => [
    SourceCapability.AUTHENTICATE,
    SourceCapability.SEARCH_BY_EMAIL,
    SourceCapability.SEARCH_BY_IDENTIFIER,
    SourceCapability.RETRIEVE,
  ],
  open({ settings: given, secrets, keepsRaw }, services) {
    const { clientId, isSandbox } = given;
    refuseTestAddresses(given, services);
    const host = isSandbox ? 'sandbox.orcid.org' : 'orcid.org';
    const authentication = clientAuthentication('CLIENT_SECRET_POST', secrets.clientSecret);
    const signIn: OpenIdSignIn = openIdSignIn(
      {
        client: { issuer: given.siteAddress ?? `https://${host}`, clientId, authentication },
        scopes: ['openid'],
        prompt: given.prompt ?? null,
        read: async (claims, signal) => {
          if (!isOrcid(claims.sub)) throw badAnswer('The provider gave an iD that is none.');
          // Who lets nobody see anything is known by their sign-in all the same.
          const record = (await api.retrieve(claims.sub, signal)) ?? recordOfClaims(claims, keepsRaw);
          return { record, refused: null };
        },
      },
      services,
    );
    const api = new OrcidApi(given.apiAddress ?? `https://pub.${host}`, signIn, services, keepsRaw);
    return {
      search: (query, signal) => api.search(query, signal),
      retrieve: (key, signal) => api.retrieve(key, signal),
      authenticate: signIn,
      close: async () => undefined,
    };
  },
});

/** The public API, version 3.0, with a token of the client itself (scope /read-public). */
class OrcidApi {
  #findToken = this.#keepToken();

  constructor(
    private readonly address: string,
    private readonly provider: OpenIdSignIn,
    private readonly services: AdapterServices,
    private readonly keepsRaw: boolean,
  ) {}

  async search(query: PersonQuery, signal: AbortSignal): Promise<PersonRecord[]> {
    if ('identifier' in query) {
      const { type, value } = query.identifier;
      const found = type === ORCID ? await this.retrieve(value, signal) : null;
      return found ? [found] : [];
    }
    const address = query.email.toLowerCase();
    const found = await Promise.all((await this.#find(address, signal)).map((key) => this.retrieve(key, signal)));
    // The index may be behind, and more generous than an address is.
    return found.filter((record): record is PersonRecord =>
      Boolean(record?.emails.some((email) => email.address.toLowerCase() === address)),
    );
  }

  async retrieve(key: string, signal: AbortSignal): Promise<PersonRecord | null> {
    if (!isOrcid(key)) return null;
    const answer = await this.#get(`/v3.0/${key}/record`, signal);
    if (answer === null) return null;
    const record = readOrcidRecord(answer, this.keepsRaw);
    return record.key === key ? record : null;
  }

  /** The iDs of those who have this address, by the index of the registry. */
  async #find(address: string, signal: AbortSignal): Promise<string[]> {
    const query = `email:"${address.replace(/["\\]/g, '\\$&')}"`;
    const parameters = new URLSearchParams({ q: query, start: '0', rows: String(MOST_HITS) });
    const answer = FOUND.safeParse(await this.#get(`/v3.0/expanded-search/?${parameters.toString()}`, signal));
    if (!answer.success) throw badAnswer('The API answered something that is no search result.');
    const { 'num-found': count, 'expanded-result': results } = answer.data;
    if (count > MOST_HITS)
      throw new SourceError(SourceErrorCode.TOO_MANY_RECORDS, `ORCID found more than ${MOST_HITS} people.`);
    return (results ?? []).map((result) => result['orcid-id']);
  }

  /** JSON of the API; null for what is not there. A token that is not taken any more is replaced once. */
  async #get(path: string, signal: AbortSignal): Promise<unknown> {
    const url = new URL(`${this.address}${path}`);
    for (let attempt = 1; ; attempt++) {
      const headers = { authorization: `Bearer ${await this.#findToken(signal)}` };
      const { status, body } = await requestJson({ url, headers, judges: GONE }, this.services, signal);
      if (status === 200) return body;
      if (GONE.includes(status)) return null;
      if (status !== 401) throw badAnswer(`The API answered ${status}.`);
      this.#findToken = this.#keepToken();
      if (attempt > 1) throw credentialsRefused(status);
    }
  }

  #keepToken() {
    return keepFor(TOKEN_MILLISECONDS, async (signal: AbortSignal) => {
      const configuration = await this.provider.connect(signal);
      try {
        return (await clientCredentialsGrant(configuration, { scope: '/read-public' })).access_token;
      } catch (error) {
        throw failureOfProvider(readOpenIdError(error, 'token'));
      }
    });
  }
}

const FOUND = z.object({
  'num-found': z.number().int().min(0),
  'expanded-result': z.array(z.object({ 'orcid-id': z.string() })).nullish(),
});

function recordOfClaims(claims: Record<string, unknown> & { sub: string }, keepsRaw: boolean): PersonRecord {
  const { sub, given_name: givenName, family_name: familyName } = claims;
  const identifiers = [{ type: ORCID, value: sub }];
  const found = { key: sub, givenName, familyName, identifiers, emails: [], affiliation: null, attributes: {} };
  const { record, fault } = buildRecord({ ...found, emailsAreVerified: false, raw: claims }, { keepsRaw });
  if (!record) throw badAnswer(`The provider gave no usable claims: ${fault.message}`);
  return record;
}

/** Elsewhere than at ORCID is nobody whose iD means anything. */
function refuseTestAddresses(
  { siteAddress, apiAddress }: z.infer<typeof settings>,
  { allowsInsecureLoopback }: AdapterServices,
): void {
  if (!allowsInsecureLoopback && (siteAddress || apiAddress))
    throw new SourceError(SourceErrorCode.MISCONFIGURED, 'siteAddress and apiAddress are for tests.');
}
