import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import { FlowAuthorization, SourceMode, UserStatus } from '../../../src/entities/enums.js';
import type { PipelineSettings } from '../../../src/entities/pipeline-settings.js';
import { PipelineMatch, PipelineRemoval, SourceKind } from '../../../src/entities/source-enums.js';
import type { Source } from '../../../src/enrollment/sources/source.js';
import type { Browser, Visit } from '../browser.js';
import type { Gateway } from '../gateway.js';
import { attribute, makeFlow, start } from '../petitions.js';
import { makeSource, type SourceOverrides } from './make.js';

export const CALLBACK = '/enrollment/sources/callback';

/** A source at the gateway's own provider, of which it is a client of its own: people sign in there. */
export async function makeSignInSource(
  gateway: Gateway,
  overrides: SourceOverrides & { settings?: object } = {},
): Promise<Source> {
  const clientId = `source-${randomBytes(6).toString('hex')}`;
  const clientSecret = randomBytes(24).toString('base64url');
  gateway.provider.clients.set(clientId, {
    clientId,
    clientSecret,
    redirectUris: [`${gateway.url}${CALLBACK}`],
    postLogoutRedirectUris: [],
  });
  const { settings = {}, ...rest } = overrides;
  return makeSource(gateway.tenant, {
    kind: SourceKind.OIDC,
    ...(rest as object),
    settings: { issuer: gateway.provider.issuer, clientId, ...settings },
    secrets: { clientSecret },
    sealing: gateway.services.sealing,
  });
}

const SIGN_IN = `mutation ($input: PetitionSignInAtSourceInput!) {
  petitionSignInAtSource(input: $input) { authorizationUrl userErrors { code message field } } }`;

/** Sets out to a source, as whoever this browser, or the token, belongs to. */
export async function setOut(
  gateway: Gateway,
  browser: Browser | null,
  input: { id: string; sourceId: string; returnTo?: string },
  token: string | null = null,
) {
  const headers: Record<string, string> = token === null ? {} : { 'vestibule-petition-token': token };
  const answer = await gateway.graphql(
    browser,
    SIGN_IN,
    { input: { ...input, sourceId: `src_${input.sourceId}` } },
    headers,
  );
  const { authorizationUrl = null, userErrors = [] } = answer.data?.petitionSignInAtSource ?? {};
  const codes = [...(answer.errors ?? []).map(({ extensions }) => extensions.code), ...userErrors.map(codeOf)];
  return { authorizationUrl: authorizationUrl as string | null, codes, answer };
}

const codeOf = ({ code }: { code: string }) => code;

/** Sets out, signs this person in at the provider, and gives the address of the callback, which is not visited. */
export async function reachSource(
  gateway: Gateway,
  browser: Browser,
  person: { id: string },
  input: Parameters<typeof setOut>[2],
  token: string | null = null,
): Promise<string> {
  const { authorizationUrl, answer } = await setOut(gateway, browser, input, token);
  if (!authorizationUrl) throw new Error(answer.text);
  return signInThere(gateway, browser, authorizationUrl, person);
}

/** Signs a person in at the provider. */
export async function signInThere(
  gateway: Gateway,
  browser: Browser,
  authorizationUrl: string,
  person: { id: string },
): Promise<string> {
  const visit = await browser.get(`${authorizationUrl}&login_hint=${person.id}`, {
    stopAt: (url) => url.startsWith(`${gateway.url}${CALLBACK}`),
  });
  if (!visit.location) throw new Error(`${visit.status} ${visit.text.slice(0, 500)}`);
  return visit.location;
}

/** The whole way. */
export async function signInAtSource(...[gateway, browser, ...rest]: Parameters<typeof reachSource>): Promise<Visit> {
  return browser.get(await reachSource(gateway, browser, ...rest), { follow: false });
}

/** A pipeline that makes users, or finds them by the addresses for which records vouch, unless told. */
export async function makePipeline(gateway: Gateway, overrides: Partial<PipelineSettings> = {}): Promise<string> {
  const id = v7();
  const settings: PipelineSettings = {
    match: PipelineMatch.EMAIL_ADDRESS,
    matchIdentifierType: null,
    matchSourceId: null,
    syncsOnAdd: true,
    syncsOnUpdate: true,
    syncsOnDelete: true,
    createsUsers: true,
    userStatus: UserStatus.ACTIVE,
    copiesName: true,
    copiesEmail: true,
    copiedIdentifierTypes: [],
    attributes: [],
    organizationId: null,
    roleIds: [],
    affiliationRoles: [],
    replacesOrganizationId: null,
    removal: PipelineRemoval.KEEP,
    graceDays: null,
    flowId: null,
    ...overrides,
  };
  await gateway.rows(
    `insert into pipelines (id, tenant_id, name, status, settings, created_at, updated_at)
     values ($2, $1, $3, 'ACTIVE', $4, now(), now())`,
    [id, `Pipeline ${id}`, JSON.stringify(settings)],
  );
  return id;
}

/** A petition of who is signed in, which waits for them to sign in at a source. */
export async function waitingForSource(gateway: Gateway, browser: Browser, sourceId: string): Promise<string> {
  const { globalId } = await makeFlow(gateway.tenant, {
    settings: {
      authorization: FlowAuthorization.SIGNED_IN,
      sources: [{ sourceId, mode: SourceMode.AUTHENTICATE, verifiesFamilyName: false }],
      attributes: [attribute({ key: 'motive' })],
    },
  });
  return (await start(gateway, browser, globalId)).petition.id as string;
}
