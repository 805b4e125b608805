import { EmailAddress } from '../entities/email-address.js';
import { checkCount, isObject, type Resource } from './read-resource.js';
import { VESTIBULE_SCHEMA } from './schemas.js';
import { invalidValue } from './scim-error.js';
import { foldName } from './storage.js';

/** What Vestibule takes of a User, beside keeping the whole. */
export interface Person {
  userName: string;
  userNameNormalized: string;
  externalId: string | null;
  /** Undefined: the directory says nothing of it. */
  isActive: boolean | undefined;
  givenName: string | null;
  familyName: string | null;
  email: EmailAddress | null;
  /** Undefined: the directory says nothing of it. */
  isMfaConfigured: boolean | undefined;
  /** All else, as it is kept. */
  attributes: Resource;
}

const LONGEST_NAME = 256;
/** What the database holds of a user, in bytes of JSON: it writes some more blanks than this. */
const MOST_BYTES = 60_000;

/** Reads what counts of a User; refuses `invalidValue`. */
export function readPerson(resource: Resource): Person {
  const { userName, externalId, active, password: _, ...attributes } = resource;
  if (typeof userName !== 'string' || !userName.trim()) throw invalidValue('userName is needed.');
  const name = (resource.name ?? {}) as Record<string, string | undefined>;
  const extension = resource[VESTIBULE_SCHEMA];
  for (const [attribute, value] of Object.entries(attributes)) checkCount(attribute, value);
  if (Buffer.byteLength(JSON.stringify(attributes, null, 1)) > MOST_BYTES)
    throw invalidValue(`A user is at most ${MOST_BYTES} bytes.`);
  return {
    userName: checkLine('userName', userName)!,
    userNameNormalized: foldName(userName.trim()),
    externalId: checkLine('externalId', externalId as string | undefined),
    isActive: active as boolean | undefined,
    givenName: checkLine('name.givenName', name.givenName),
    familyName: checkLine('name.familyName', name.familyName),
    email: readEmail(resource.emails as Email[] | undefined),
    isMfaConfigured: isObject(extension) ? (extension.mfaConfigured as boolean | undefined) : undefined,
    attributes,
  };
}

interface Email {
  value?: string;
  type?: string;
  primary?: boolean;
}

/** The address of the account: the primary one, else the first of work, else the first. */
function readEmail(emails: Email[] = []): EmailAddress | null {
  const chosen =
    emails.find(({ primary }) => primary) ?? emails.find(({ type }) => type?.toLowerCase() === 'work') ?? emails[0];
  if (!chosen?.value) return null;
  const email = EmailAddress.parse(chosen.value);
  if (!email) throw invalidValue('The primary one of emails is no e-mail address.');
  return email;
}

/** A line of text as it is kept; null when there is none. */
export function checkLine(name: string, value: string | undefined): string | null {
  const text = value?.trim();
  if (!text) return null;
  if ([...text].length > LONGEST_NAME) throw invalidValue(`${name} is at most ${LONGEST_NAME} characters.`);
  if (/\p{Cc}/u.test(text)) throw invalidValue(`${name} is one line of text without control characters.`);
  return text;
}
