import { expect } from '@jest/globals';
import type { Browser } from './browser.js';
import { makeMembership, makeOrganization } from './factories.js';
import type { Gateway } from './gateway.js';

const SETTINGS = `id tenantId slug name description customData primaryColor darkPrimaryColor isMfaRequired mfaRule status
  version createdAt updatedAt identifiers { scheme value } logos { kind url mediaType }`;

/** The mutations of an organization's settings, with all that an administrator may read of it. */
export const SETTINGS_MUTATIONS = {
  organizationCreate: 'OrganizationCreateInput',
  organizationUpdate: 'OrganizationUpdateInput',
  organizationCustomDataPatch: 'OrganizationCustomDataPatchInput',
  organizationLogoSet: 'OrganizationLogoSetInput',
  organizationLogoRemove: 'OrganizationLogoRemoveInput',
} as const;
export type SettingsMutation = keyof typeof SETTINGS_MUTATIONS;

export interface Outcome {
  organization: any;
  codes: [code: string, field: string | null][];
  messages: string;
  errors: { message: string; extensions: Record<string, any> }[];
  status: number;
  text: string;
}

/** Calls a mutation of an organization's settings. */
export async function callSettings(
  gateway: Gateway,
  browser: Browser | null,
  name: SettingsMutation,
  input: object,
): Promise<Outcome> {
  const { data, errors, status, text } = await gateway.graphql(
    browser,
    `mutation ($input: ${SETTINGS_MUTATIONS[name]}!) {
       asked: ${name}(input: $input) { organization { ${SETTINGS} } userErrors { code message field } }
     }`,
    { input },
  );
  const { organization = null, userErrors = [] } = data?.asked ?? {};
  return {
    organization,
    codes: userErrors.map(({ code, field }: any) => [code, field?.join('.') ?? null]),
    messages: userErrors.map(({ message }: any) => message).join(' '),
    errors: errors ?? [],
    status,
    text,
  };
}

/** Reads an organization's settings. */
export async function readSettings(gateway: Gateway, browser: Browser | null, id: string): Promise<any> {
  const { data } = await gateway.graphql(browser, `query ($id: ID!) { organization(id: $id) { ${SETTINGS} } }`, { id });
  return data.organization;
}

/** An organization with people of these roles, each signed in. */
export async function organizationWith(
  gateway: Gateway,
  roles: Record<string, string[]> = {},
  overrides: Parameters<typeof makeOrganization>[1] = {},
) {
  const organization = await makeOrganization(gateway.tenant, { description: 'Words', ...overrides });
  const browsers: Record<string, Browser> = {};
  for (const [name, given] of Object.entries(roles)) {
    const { browser, userId } = await gateway.signedInUser();
    await makeMembership(gateway.tenant, { user: { id: userId }, organization, roles: given });
    browsers[name] = browser;
  }
  return { id: `org_${organization.id}`, uuid: organization.id, name: organization.name, browsers };
}

/** Runs a refused call and checks that nothing in the database is other than before. */
export async function unchanged<Result>(gateway: Gateway, act: () => Promise<Result>): Promise<Result> {
  const before = await gateway.snapshot();
  const result = await act();
  expect(await gateway.snapshot()).toBe(before);
  return result;
}

/** The events of an organization, the oldest first. */
export function eventsOf(gateway: Gateway, uuid: string): Promise<Record<string, any>[]> {
  return gateway.rows('select * from events where tenant_id = $1 and organization_id = $2 order by id', [uuid]);
}
