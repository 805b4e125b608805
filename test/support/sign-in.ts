import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { type LocalPerson, startLocalProvider } from '../../src/demo/provider.js';
import {
  CompletionPolicy,
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  OrganizationAuthority,
} from '../../src/entities/enums.js';
import { REFUSALS, type RefusalCode } from '../../src/sso/refusal.js';
import { Browser, type Visit } from './browser.js';
import { type ConnectionOverrides, makeConnection } from './factories.js';
import type { Gateway } from './gateway.js';
import { siretOf } from './sirets.js';

export const SESSION_COOKIE = '__Host-vestibule';
export const LOGIN_COOKIE = '__Host-vestibule-login';
/** The page of a single-page or native client that the gateway's connection knows. */
export const APP_CALLBACK = 'http://localhost:65000/app/callback';

/** How the connection of a gateway is set up where a test says nothing. */
const usualSettings = {
  createUsers: true,
  createOrganizations: true,
  moderatedSignup: false,
  emailTrust: EmailTrust.NONE,
  emailDomains: [] as string[],
  organizationAuthority: OrganizationAuthority.AUTHORITATIVE,
  organizationScheme: IdentifierScheme.SIRET,
  allowedIdps: [] as string[],
  requiredAcr: [] as string[],
  requiredAmr: [] as string[],
  mfaAcr: [] as string[],
  missingOrganization: MissingOrganization.KEEP,
  completion: CompletionPolicy.ADMINISTRATOR,
  grantsAdministratorToLeader: false,
  sessionMinutes: 720,
  usesPkce: true,
  claimNames: {} as Record<string, string>,
};

/** Brings the connection back to its usual settings, with these changes, and the provider to good behaviour. */
export async function settle(gateway: Gateway, changes: Partial<typeof usualSettings> = {}): Promise<void> {
  gateway.provider.intercept = undefined;
  gateway.provider.enforceEssentialAcr = true;
  await gateway.configure({ ...usualSettings, ...changes });
}

/** The uuid of a global id. */
export const uuidOf = (id: string): string => id.slice(id.indexOf('_') + 1);

let siretSerial = 5_000_000;

/** A SIRET that no other test of this file has. */
export const nextSiret = (): string => siretOf(++siretSerial);

export interface SignedInViewer {
  user: {
    id: string;
    email: string | null;
    givenName: string | null;
    hasEmailConflict: boolean;
    isEmailVerified: boolean;
  };
  session: { id: string; cases: string[] };
  organization: {
    id: string;
    siret: string | null;
    siren: string | null;
    name: string;
    nameStatus: string;
    nameSource: string;
  } | null;
}

/** Who this browser is signed in as; null for nobody. */
export async function viewerOf(
  gateway: Gateway,
  browser: Browser | null,
  headers?: Record<string, string>,
): Promise<SignedInViewer | null> {
  const { data, errors } = await gateway.graphql<{ viewer: SignedInViewer | null }>(
    browser,
    `{ viewer {
      user { id email givenName hasEmailConflict isEmailVerified } session { id cases }
      organization { id siret siren name nameStatus nameSource }
    } }`,
    {},
    headers,
  );
  expect(errors).toBeUndefined();
  return data.viewer;
}

/** Signs in and expects to come in; gives who came. */
export async function comeIn(gateway: Gateway, person: Parameters<Gateway['signIn']>[0], browser?: Browser) {
  const signedIn = await gateway.signIn(person, browser);
  expect({ status: signedIn.visit.status, text: signedIn.visit.text.match(/class="code">(\w+)/)?.[1] }).toEqual({
    status: 200,
  });
  const viewer = await viewerOf(gateway, signedIn.browser);
  expect(viewer).not.toBeNull();
  return { ...signedIn, viewer: viewer! };
}

interface EventRow {
  id: string;
  type: string;
  after: Record<string, any> | null;
  before: Record<string, any> | null;
  user_id: string | null;
  organization_id: string | null;
}

/** Events that were written while `act` ran, in order, and what it gave. */
export async function eventsOf<Result>(
  gateway: Gateway,
  act: () => Promise<Result>,
): Promise<{ result: Result; events: EventRow[] }> {
  const sql = 'select * from events where tenant_id = $1 order by id';
  const known = new Set((await gateway.rows<EventRow>(sql)).map(({ id }) => id));
  const result = await act();
  return { result, events: (await gateway.rows<EventRow>(sql)).filter(({ id }) => !known.has(id)) };
}

/**
 * Runs a refused action and expects that rows and sessions are as they were, and that it left these events alone.
 */
export async function expectUnchanged<Result>(
  gateway: Gateway,
  act: () => Promise<Result>,
  eventTypes: string[] = [],
): Promise<Result> {
  const before = await storedRows(gateway);
  const { result, events } = await eventsOf(gateway, act);
  expect(await storedRows(gateway)).toEqual(before);
  expect(events.map(({ type }) => type)).toEqual(eventTypes);
  return result;
}

async function storedRows(gateway: Gateway): Promise<unknown> {
  const { events: _, ...tables } = JSON.parse(await gateway.snapshot()) as Record<string, unknown>;
  const sessions = await gateway.rows(
    'select id, user_id, token_hash, expires_at from sessions where tenant_id = $1 order by id',
  );
  return JSON.parse(JSON.stringify({ ...tables, sessions })) as unknown;
}

/** The page that a refused person is shown: its code, what to do, and nothing of the sign-in or of other people. */
export function expectRefusalPage(visit: Visit, code: RefusalCode, secrets: string[] = []): void {
  const [status, message] = REFUSALS[code];
  const shown = visit.text.match(/class="code">(\w+)/)?.[1];
  expect({ code: shown, status: visit.status }).toEqual({ code, status });
  expect(visit.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(visit.headers.get('cache-control')).toBe('no-store');
  expect(visit.text).toContain(message.replaceAll("'", '&#39;'));
  expect(visit.text).not.toMatch(/^\s+at |node_modules|\.ts\b|Error:/m);
  expect(sessionCookieOf(visit)).toBeUndefined();
  const query = [...new URL(visit.url).searchParams]
    .filter(([name, value]) => ['state', 'code'].includes(name) && value !== '')
    .map(([, value]) => value);
  for (const secret of [...secrets, ...query]) expect(visit.text).not.toContain(secret);
}

/** The `Set-Cookie` header of a session, when the answer opens or replaces one. */
export function sessionCookieOf(visit: Visit): string | undefined {
  return visit.headers
    .getSetCookie()
    .find((header) => header.startsWith(`${SESSION_COOKIE}=`) && !header.startsWith(`${SESSION_COOKIE}=;`));
}

/**
 * A sign-in that is refused at the callback: the page, nothing written but these events, nobody signed in. Gives the
 * answer and the browser.
 */
export async function expectRefusedSignIn(
  gateway: Gateway,
  person: Parameters<Gateway['reachCallback']>[0],
  code: RefusalCode,
  { events = [], secrets = [], browser }: { events?: string[]; secrets?: string[]; browser?: Browser } = {},
): Promise<Visit> {
  const reached = await gateway.reachCallback(person, browser);
  const visit = await expectUnchanged(gateway, () => reached.browser.get(reached.callback, { follow: false }), events);
  expectRefusalPage(visit, code, secrets);
  if (!browser) expect(await viewerOf(gateway, reached.browser)).toBeNull();
  return visit;
}

/** What a single-page client does: begins, goes to the provider, and comes to its own page with the answer. */
export async function reachApp(
  gateway: Gateway,
  person: { id: string },
  {
    browser,
    intent = 'SIGN_IN',
    headers,
    returnTo,
  }: { browser: Browser; intent?: 'SIGN_IN' | 'LINK'; headers?: Record<string, string>; returnTo?: string },
): Promise<{ binding: string; callbackUrl: string }> {
  const { data } = await gateway.graphql(
    browser,
    'mutation ($input: SsoBeginInput!) { ssoBegin(input: $input) { authorizationUrl binding userErrors { code message } } }',
    { input: { connection: 'proconnect', redirectUri: APP_CALLBACK, intent, loginHint: person.id, returnTo } },
    headers,
  );
  expect(data.ssoBegin.userErrors).toEqual([]);
  const { authorizationUrl, binding } = data.ssoBegin;
  const { location } = await browser.get(authorizationUrl, { stopAt: (url) => url.startsWith(APP_CALLBACK) });
  expect(location).toBeDefined();
  return { binding, callbackUrl: location! };
}

const COMPLETE = `mutation ($input: SsoCompleteInput!) { ssoComplete(input: $input) {
  result { case cases refusal } user { id email } organization { id siret } token expiresAt returnTo
  userErrors { code message field }
} }`;

export async function completeInApp(
  gateway: Gateway,
  browser: Browser | null,
  input: { binding: string; callbackUrl: string; transport?: 'COOKIE' | 'TOKEN' },
  headers?: Record<string, string>,
) {
  const answer = await gateway.graphql(browser, COMPLETE, { input }, headers);
  expect(answer.errors).toBeUndefined();
  return answer.data.ssoComplete;
}

const LINK = `mutation ($input: IdentityLinkInput!) { identityLink(input: $input) {
  identity { id subject } user { id } userErrors { code message field }
} }`;

export async function linkInApp(
  gateway: Gateway,
  browser: Browser | null,
  input: { binding: string; callbackUrl: string },
  headers?: Record<string, string>,
) {
  return gateway.graphql(browser, LINK, { input }, headers);
}

/** Another provider with a connection of its own, named `slug`. `signIn` is as the gateway's. */
export async function addProvider(gateway: Gateway, slug: string, overrides: ConnectionOverrides = {}) {
  const clientSecret = randomBytes(24).toString('base64url');
  const provider = await startLocalProvider({
    people: [],
    clients: [
      {
        clientId: slug,
        clientSecret,
        redirectUris: [`${gateway.url}/auth/${slug}/callback`, APP_CALLBACK],
        postLogoutRedirectUris: [`${gateway.url}/auth/logout/callback`],
      },
    ],
  });
  const connection = await makeConnection(gateway.tenant, {
    slug,
    name: `Provider ${slug}`,
    issuer: provider.issuer,
    clientId: slug,
    clientSecret,
    sealing: gateway.services.sealing,
    redirectUris: [APP_CALLBACK],
    ...overrides,
  });
  return {
    provider,
    connection,
    addPerson(person: LocalPerson): LocalPerson {
      provider.people.set(person.id, person);
      return person;
    },
    async signIn(person: { id: string }, browser = new Browser()) {
      return {
        browser,
        visit: await browser.get(`${gateway.url}/auth/${slug}/login?login_hint=${encodeURIComponent(person.id)}`),
      };
    },
  };
}
