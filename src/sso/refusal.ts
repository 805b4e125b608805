import type { LinkCase } from '../entities/enums.js';

/**
 * Why a person is not let in, and what they are told: what to do, and nothing of other people. `status` is the HTTP
 * status of the browser's page.
 */
export const REFUSALS = {
  SUSPENDED: [403, 'Your account is suspended. Ask your administrator to resume it.'],
  PENDING: [403, 'Your account waits for approval. You will be able to sign in once it has been approved.'],
  LINK_REQUIRED: [
    403,
    'This sign-in could not be matched to an account. If you already have one, sign in to it the way you did before, then link this provider from your profile.',
  ],
  ACCOUNT_UNKNOWN: [403, 'No account is known for this sign-in. Ask your administrator to make one.'],
  ORG_SUSPENDED: [403, 'Your organization is suspended here. Ask the administrator of this platform.'],
  ORG_ID_MISSING: [403, 'Your provider did not say which organization you belong to. Ask it to add your SIRET.'],
  INVALID_ORG_ID: [403, 'Your provider gave an organization number that is not valid. Ask it to correct your SIRET.'],
  IDP_NOT_ALLOWED: [403, 'Your identity provider is not admitted here. Choose another one.'],
  ACR_TOO_LOW: [403, 'This platform asks for a stronger way of signing in. Sign in again with a second factor.'],
  INVALID_CLAIMS: [502, 'The provider answered without a usable account identifier. Tell its operator.'],
  IDENTITY_IN_USE: [409, 'This provider account is linked to an account already.'],
  LOGIN_EXPIRED: [400, 'This sign-in has expired, was used already, or began in another browser. Begin again.'],
  REAUTHENTICATION_REQUIRED: [403, 'Sign in again first: linking an account needs a recent sign-in.'],
  FACTOR_PROOF_REQUIRED: [
    403,
    'Show a second factor that you have first: whoever has one links an account in a session that has shown it.',
  ],
  PROVIDER_REFUSED: [403, 'The provider did not sign you in.'],
  PROVIDER_RESPONSE_INVALID: [
    502,
    'The answer of the provider could not be trusted. Begin again; if it happens again, tell your administrator.',
  ],
  PROVIDER_UNAVAILABLE: [502, 'The provider cannot be reached at the moment. Try again in a minute.'],
  CONNECTION_UNKNOWN: [404, 'There is no such way to sign in here.'],
  CONNECTION_MISCONFIGURED: [502, 'This way to sign in is not set up correctly. Tell your administrator.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type RefusalCode = keyof typeof REFUSALS;

/** A sign-in that is not let in. `reason` is for the log alone. */
export class Refusal extends Error {
  constructor(
    readonly code: RefusalCode,
    readonly cases: LinkCase[] = [],
    readonly reason?: string,
  ) {
    super(REFUSALS[code][1]);
  }

  get status(): number {
    return REFUSALS[this.code][0];
  }
}
