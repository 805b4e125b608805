/** Refusals that a frontend is to expect. They are described in schema/payload.ts. */
export enum UserErrorCode {
  INVALID = 'INVALID',
  REQUIRED = 'REQUIRED',
  TOO_LONG = 'TOO_LONG',
  TAKEN = 'TAKEN',
  NOT_FOUND = 'NOT_FOUND',
  STALE_VERSION = 'STALE_VERSION',
  IDEMPOTENCY_KEY_REUSED = 'IDEMPOTENCY_KEY_REUSED',
  LAST_IDENTITY = 'LAST_IDENTITY',
  LAST_TENANT_ADMINISTRATOR = 'LAST_TENANT_ADMINISTRATOR',
  SIGN_IN_REFUSED = 'SIGN_IN_REFUSED',
  PROVIDER_UNUSABLE = 'PROVIDER_UNUSABLE',
  WRONG_STATUS = 'WRONG_STATUS',
  COMPLETION_CLOSED = 'COMPLETION_CLOSED',
  PROOF_MISSING = 'PROOF_MISSING',
  DNS_UNAVAILABLE = 'DNS_UNAVAILABLE',
  BUILT_IN = 'BUILT_IN',
  REAUTHENTICATION_REQUIRED = 'REAUTHENTICATION_REQUIRED',
  FACTOR_PROOF_REQUIRED = 'FACTOR_PROOF_REQUIRED',
  FACTOR_NOT_ENABLED = 'FACTOR_NOT_ENABLED',
  NO_FACTOR_ENABLED = 'NO_FACTOR_ENABLED',
  WRONG_CODE = 'WRONG_CODE',
  RATE_LIMITED = 'RATE_LIMITED',
  ORGANIZATION_MFA_REQUIRED = 'ORGANIZATION_MFA_REQUIRED',
  ALREADY_MEMBER = 'ALREADY_MEMBER',
  FLOW_NOT_ACTIVE = 'FLOW_NOT_ACTIVE',
  NOT_YOUR_TURN = 'NOT_YOUR_TURN',
  PETITION_ALREADY_DECIDED = 'PETITION_ALREADY_DECIDED',
  PETITION_FINISHED = 'PETITION_FINISHED',
  OWN_PETITION = 'OWN_PETITION',
  TERMS_REQUIRED = 'TERMS_REQUIRED',
  SIGN_IN_REQUIRED = 'SIGN_IN_REQUIRED',
  INVALID_TOKEN = 'INVALID_TOKEN',
  CONFIRMATION_EXPIRED = 'CONFIRMATION_EXPIRED',
  CONFIRMATION_RENEWED = 'CONFIRMATION_RENEWED',
  NO_ADDRESS = 'NO_ADDRESS',
  MANUAL_ACTION_NEEDED = 'MANUAL_ACTION_NEEDED',
  SOURCE_UNAVAILABLE = 'SOURCE_UNAVAILABLE',
  IN_USE = 'IN_USE',
  SYNC_RUNNING = 'SYNC_RUNNING',
}

/** One thing that is wrong with an input: what programs read, what people read, and where (from `input`). */
export interface Fault {
  code: UserErrorCode;
  message: string;
  field: string[] | null;
}

/** Everything that is wrong with an input, at once. Thrown inside a transaction, it undoes it. */
export class Faults extends Error {
  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(({ message }) => message).join(' '));
  }
}

export function fault(code: UserErrorCode, message: string, ...field: string[]): Fault {
  return { code, message, field: field.length ? field : null };
}

/** Throws when there is something wrong. */
export function refuseFaults(faults: readonly (Fault | null | undefined | false)[]): void {
  const found = faults.filter((item): item is Fault => Boolean(item));
  if (found.length) throw new Faults(found);
}

export interface TextLimits {
  isRequired?: boolean;
  longest: number;
}

/** One line of text within its limits; absent text is fine. */
export function checkText(
  value: string | null | undefined,
  { isRequired = false, longest }: TextLimits,
  ...field: string[]
): Fault | null {
  const name = field.at(-1)!;
  if (value === undefined) return null;
  if (value === null || value.trim() === '') {
    return isRequired ? fault(UserErrorCode.REQUIRED, `${name} cannot be empty.`, ...field) : null;
  }
  if ([...value.trim()].length > longest)
    return fault(UserErrorCode.TOO_LONG, `${name} is at most ${longest} characters.`, ...field);
  if (/\p{Cc}/u.test(value) || !value.isWellFormed()) {
    return fault(UserErrorCode.INVALID, `${name} is one line of text without control characters.`, ...field);
  }
  return null;
}

export function checkVersion(expected: number | null | undefined, version: number): Fault | null {
  if (expected === null || expected === undefined || expected === version) return null;
  return fault(
    UserErrorCode.STALE_VERSION,
    `This was changed since you read it: it is at version ${version}. Look at it again, then repeat your change.`,
    'expectedVersion',
  );
}
