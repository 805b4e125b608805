import { expect } from '@jest/globals';
import * as emulator from 'nid-webauthn-emulator';
import { Secret, TOTP } from 'otpauth';
import type { Browser } from './browser.js';
import type { Gateway } from './gateway.js';

const ERRORS = 'userErrors { code message field }';

/** The mutations of second factors, with what the tests read of their answers. */
const MUTATIONS = {
  factorTotpBegin: `mutation { answer: factorTotpBegin { uri secret ${ERRORS} } }`,
  factorTotpConfirm: `mutation ($input: FactorTotpConfirmInput!) { answer: factorTotpConfirm(input: $input) {
    factor { id kind name isEnabled lastUsedAt } ${ERRORS} } }`,
  factorPasskeyBegin: `mutation { answer: factorPasskeyBegin { options ${ERRORS} } }`,
  factorPasskeyConfirm: `mutation ($input: FactorPasskeyConfirmInput!) { answer: factorPasskeyConfirm(input: $input) {
    factor { id kind name } ${ERRORS} } }`,
  factorProveBegin: `mutation { answer: factorProveBegin { options ${ERRORS} } }`,
  factorProve: `mutation ($input: FactorProveInput!) { answer: factorProve(input: $input) {
    factor { id kind lastUsedAt } session { id mfaAt } ${ERRORS} } }`,
  factorRename: `mutation ($input: FactorRenameInput!) { answer: factorRename(input: $input) { factor { id name } ${ERRORS} } }`,
  factorRemove: `mutation ($input: FactorRemoveInput!) { answer: factorRemove(input: $input) { removedId ${ERRORS} } }`,
  userFactorAssert: `mutation ($input: UserFactorInput!) { answer: userFactorAssert(input: $input) {
    user { id hasFactor factorKinds } ${ERRORS} } }`,
  userFactorRetract: `mutation ($input: UserFactorInput!) { answer: userFactorRetract(input: $input) {
    user { id hasFactor factorKinds } ${ERRORS} } }`,
  userFactorsReset: `mutation ($input: UserFactorInput!) { answer: userFactorsReset(input: $input) {
    user { id hasFactor factorKinds } ${ERRORS} } }`,
  organizationEnter: `mutation ($input: OrganizationEnterInput!) { answer: organizationEnter(input: $input) {
    organization { id } session { id activeOrganization { id } } ${ERRORS} } }`,
  tenantUpdate: `mutation ($input: TenantUpdateInput!) { answer: tenantUpdate(input: $input) { tenant { mfaFactors } ${ERRORS} } }`,
} as const;

/** Runs one of the mutations of second factors, as a frontend does; gives its payload. */
export async function run(
  gateway: Gateway,
  browser: Browser | null,
  mutation: keyof typeof MUTATIONS,
  input?: object,
): Promise<any> {
  const { data, errors } = await gateway.graphql(browser, MUTATIONS[mutation], { input });
  expect(errors).toBeUndefined();
  return data.answer;
}

/** As {@link run}; gives the answer whole, for errors. */
export const tryTo = (
  gateway: Gateway,
  browser: Browser | null,
  mutation: keyof typeof MUTATIONS,
  input?: object,
  headers?: Record<string, string>,
) => gateway.graphql(browser, MUTATIONS[mutation], { input }, headers);

/** The codes of what did not go. */
export const codesOf = ({ userErrors }: { userErrors: { code: string }[] }) => userErrors.map(({ code }) => code);

/** An authenticator app with one account: `codeAt` gives the code of a step before (-1) or after (1) the present one. */
export interface App {
  id: string;
  secret: string;
  codeAt: (steps?: number) => string;
}

export function appOf(gateway: Gateway, secret: string): Omit<App, 'id'> {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const codeAt = (steps = 0) => totp.generate({ timestamp: gateway.services.clock().getTime() + steps * 30_000 });
  return { secret, codeAt };
}

/** A code that is wrong now, whichever of the window one looks at. */
export function wrongCode({ codeAt }: Pick<App, 'codeAt'>): string {
  const right = [-2, -1, 0, 1, 2].map((steps) => codeAt(steps));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.includes(code))!;
}

/** Adds an authenticator app to whoever is signed in. The code of the present step is used up. */
export async function addTotp(gateway: Gateway, browser: Browser, name?: string): Promise<App> {
  const { secret, userErrors } = await run(gateway, browser, 'factorTotpBegin');
  expect(userErrors).toEqual([]);
  const app = appOf(gateway, secret);
  const confirmed = await run(gateway, browser, 'factorTotpConfirm', { code: app.codeAt(), name });
  expect(confirmed.userErrors).toEqual([]);
  return { ...app, id: confirmed.factor.id };
}

/** Shows the app in this session, by the code of the next step. */
export async function showTotp(gateway: Gateway, browser: Browser, app: App, steps = 1): Promise<void> {
  const { userErrors } = await run(gateway, browser, 'factorProve', { code: app.codeAt(steps) });
  expect(userErrors).toEqual([]);
}

export type Device = InstanceType<typeof emulator.default.default>;

/** A device with passkeys: a software authenticator. `asksPerson` false: it does not ask for a PIN or a finger. */
export function createDevice({ asksPerson = true, counts = true } = {}): Device {
  const answer = <User>(user: User) => ({ user, options: { uv: asksPerson, up: true } });
  return new emulator.default.default(
    new emulator.default.AuthenticatorEmulator({
      userMakeCredentialInteraction: answer,
      userGetAssertionInteraction: answer as never,
      signCounterIncrement: counts ? 1 : 0,
      // Without one of its own, a device shares its passkeys with every other.
      credentialsRepository: new emulator.default.PasskeysCredentialsMemoryRepository(),
    }),
  );
}

/** Adds a passkey of a device to whoever is signed in; gives the id of the factor. */
export async function addPasskey(gateway: Gateway, browser: Browser, device: Device, name?: string) {
  const { options, userErrors } = await run(gateway, browser, 'factorPasskeyBegin');
  expect(userErrors).toEqual([]);
  const response = device.createJSON(gateway.url, options);
  const confirmed = await run(gateway, browser, 'factorPasskeyConfirm', { response, name });
  expect(confirmed.userErrors).toEqual([]);
  return confirmed.factor.id as string;
}
