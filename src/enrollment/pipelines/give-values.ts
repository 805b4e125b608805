import { AttributeTarget } from '../../entities/enums.js';
import { EmailAddress } from '../../entities/email-address.js';
import type { PersonIdentifier, PersonRecord } from '../../entities/person-record.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import { tidyText } from '../attributes/text.js';
import { MOST_BYTES, storedBytes } from '../attributes/stored-size.js';
import { MOST_IDENTIFIERS } from '../identifiers/assign.js';
import { type Applied, fingerprint, identifierKey } from './applied.js';
import type { PipelinePerson, PipelineWorld } from './world.js';

const LONGEST_NAME = 256;
const LONGEST_TYPE = 64;
const LONGEST_IDENTIFIER = 256;

/** What one record does to one person: both are copies, and are changed. */
export interface Giving {
  person: PipelinePerson;
  applied: Applied;
  /** What the other records of the person gave: it stays theirs. */
  others: readonly Applied[];
  /** What could not be done, for administrators. */
  notes: string[];
}

/**
 * Copies names, address, identifiers and attributes of a record to the person, as the pipeline says. A value that is
 * there is replaced only where this record gave it; what the person has of their own, or from somebody else, stays.
 */
export function giveValues(
  giving: Giving,
  settings: PipelineSettings,
  record: PersonRecord,
  reference: PersonIdentifier | null,
  world: PipelineWorld,
): void {
  const { person } = giving;
  if (settings.copiesName) {
    const [name] = record.names;
    for (const part of ['givenName', 'familyName'] as const)
      setValue(giving, part, person[part], readName(giving, name?.[part]), (value) => (person[part] = value));
  }
  if (settings.copiesEmail) giveEmail(giving, record, world);
  for (const { from, target, targetName } of settings.attributes) {
    if (target !== AttributeTarget.USER_ATTRIBUTE) continue;
    giveAttribute(giving, person.attributes, targetName, valueOf(record, from), {
      claims: (giving.applied.values ??= {}),
      others: giving.others.map(({ values }) => values),
      place: `attribute:${targetName}`,
    });
  }
  giveIdentifiers(giving, settings, record, reference, world);
}

/** Takes back what the record gave to the account, where it is still there and no other record gave it too. */
export function takeValuesBack(giving: Giving): void {
  const { person, applied, others } = giving;
  for (const part of ['givenName', 'familyName'] as const)
    setValue(giving, part, person[part], null, (value) => (person[part] = value));
  if (ownsEmail(giving)) {
    const isShared = others.some(({ values }) => values?.email === applied.values!.email);
    if (!isShared) Object.assign(person, { email: null, emailNormalized: null, isEmailVerified: false });
  }
  for (const place of Object.keys(applied.values ?? {}).filter((name) => name.startsWith('attribute:'))) {
    const name = place.slice('attribute:'.length);
    const claims = applied.values!;
    giveAttribute(giving, person.attributes, name, null, { claims, others: others.map(({ values }) => values), place });
  }
  person.identifiers = person.identifiers.filter((identifier) => {
    const mark = fingerprint(identifierKey(identifier));
    return !applied.identifiers?.includes(mark) || others.some(({ identifiers }) => identifiers?.includes(mark));
  });
  delete applied.values;
  delete applied.identifiers;
  delete applied.isEmailVerified;
}

/** The record's value under a name of the source's mapping; null for nothing. */
export function valueOf({ affiliation, attributes }: PersonRecord, from: string): unknown {
  const value = Object.hasOwn(attributes, from) ? attributes[from] : from === 'affiliation' ? affiliation : null;
  const isNothing = value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length);
  return isNothing ? null : value;
}

/** The texts and numbers of a value, as identifiers are written. */
export function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value])
    .filter((one) => typeof one === 'string' || typeof one === 'number')
    .map((one) => String(one).trim())
    .filter(Boolean);
}

/**
 * Sets a value where there is none or where this record gave it, and keeps in mind that it did. What other records gave,
 * too, is not taken away.
 */
function setValue<Value>(
  { applied, others }: Giving,
  place: string,
  current: Value | null,
  wanted: Value | null,
  set: (value: Value | null) => void,
): void {
  const claims = (applied.values ??= {});
  settle(
    claims,
    others.map(({ values }) => values),
    place,
    current,
    wanted,
    set,
  );
}

type Claims = Record<string, string>;

function settle<Value>(
  claims: Claims,
  others: readonly (Claims | undefined)[],
  place: string,
  current: Value | null,
  wanted: Value | null,
  set: (value: Value | null) => void,
): void {
  const mark = current === null ? null : fingerprint(current);
  const isShared = mark !== null && others.some((known) => known?.[place] === mark);
  const isOwn = mark !== null && claims[place] === mark;
  if (wanted === null) {
    if (isOwn && !isShared) set(null);
    delete claims[place];
  } else if (mark === null || isOwn) {
    if (mark !== fingerprint(wanted)) set(wanted);
    claims[place] = fingerprint(wanted);
  } else if (isShared && mark === fingerprint(wanted)) claims[place] = mark;
  else delete claims[place];
}

/** Sets an attribute of an account or of a membership, where it does not grow beyond what is kept. */
export function giveAttribute(
  { notes }: Pick<Giving, 'notes'>,
  attributes: Record<string, unknown>,
  name: string,
  wanted: unknown,
  { claims, others, place }: { claims: Claims; others: readonly (Claims | undefined)[]; place: string },
): void {
  const current = Object.hasOwn(attributes, name) ? (attributes[name] ?? null) : null;
  const before = claims[place];
  settle<unknown>(claims, others, place, current, wanted, (value) => {
    if (value === null) return void delete attributes[name];
    const put = (one: unknown) =>
      Object.defineProperty(attributes, name, { value: one, enumerable: true, writable: true, configurable: true });
    put(value);
    if (storedBytes(attributes) <= MOST_BYTES) return;
    notes.push(`The attribute ${name} is more than can be kept: it was left as it was.`);
    if (current === null) delete attributes[name];
    else put(current);
  });
  const isPut = wanted !== null && Object.hasOwn(attributes, name) && fingerprint(attributes[name]) === claims[place];
  if (wanted !== null && !isPut) {
    if (before === undefined) delete claims[place];
    else claims[place] = before;
  }
}

function readName({ notes }: Giving, given: string | null | undefined): string | null {
  const name = given ? tidyText(given).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ') : '';
  if ([...name].length <= LONGEST_NAME) return name || null;
  notes.push(`A name is more than ${LONGEST_NAME} characters: it was not copied.`);
  return null;
}

/** Whether the address of the account came from this record, and nobody has proven it since. */
function ownsEmail({ person, applied }: Pick<Giving, 'person' | 'applied'>): boolean {
  if (person.emailNormalized === null || applied.values?.email !== fingerprint(person.emailNormalized)) return false;
  return !person.isEmailVerified || applied.isEmailVerified === true;
}

/**
 * An address opens accounts. So it is never taken from another account, that of an administrator of the tenant is left
 * alone, and a proven one gives way only to one that the source vouches for.
 */
function giveEmail(giving: Giving, record: PersonRecord, world: PipelineWorld): void {
  const { person, applied, others, notes } = giving;
  if (person.isTenantAdministrator) return;
  const isOwn = ownsEmail(giving);
  const claims = (applied.values ??= {});
  const offered = record.emails.flatMap(({ address, isVerified }) => {
    const email = EmailAddress.parse(address);
    return email ? [{ email, isVerified }] : [];
  });
  const vouched = offered.filter(({ isVerified }) => isVerified);
  const same = [...vouched, ...offered].find(({ email }) => email.normalized === person.emailNormalized);
  const wanted = same ?? vouched[0] ?? offered[0];
  const isShared =
    person.emailNormalized !== null &&
    others.some(({ values }) => values?.email === fingerprint(person.emailNormalized));
  if (!wanted) {
    if (isOwn && !isShared) Object.assign(person, { email: null, emailNormalized: null, isEmailVerified: false });
    delete claims.email;
    delete applied.isEmailVerified;
    return;
  }
  if (person.emailNormalized !== null && !isOwn) {
    // What another record gave, and this one says too, is held up by both.
    if (same && isShared) {
      claims.email = fingerprint(person.emailNormalized);
      applied.isEmailVerified = wanted.isVerified;
    } else {
      delete claims.email;
      delete applied.isEmailVerified;
    }
    return;
  }
  const { email, isVerified } = wanted;
  const owner = world.addresses.get(email.normalized);
  if (owner && owner !== person.userId) {
    notes.push('The address belongs to another account: it was not copied. Settle whose it is.');
    return;
  }
  if (same) {
    if (isVerified && !person.isEmailVerified) person.isEmailVerified = applied.isEmailVerified = true;
    return;
  }
  if (person.isEmailVerified && !isVerified) return;
  Object.assign(person, { email: email.value, emailNormalized: email.normalized, isEmailVerified: isVerified });
  claims.email = fingerprint(email.normalized);
  applied.isEmailVerified = isVerified;
}

function giveIdentifiers(
  { person, applied, others, notes }: Giving,
  settings: PipelineSettings,
  record: PersonRecord,
  reference: PersonIdentifier | null,
  world: PipelineWorld,
): void {
  const mapped = settings.attributes.filter(({ target }) => target === AttributeTarget.USER_IDENTIFIER);
  const governed = new Set([...settings.copiedIdentifierTypes, ...mapped.map(({ targetName }) => targetName)]);
  const wanted = [
    ...record.identifiers.filter(({ type }) => settings.copiedIdentifierTypes.includes(type)),
    ...mapped.flatMap(({ from, targetName: type }) => textsOf(valueOf(record, from)).map((value) => ({ type, value }))),
    ...(reference ? [reference] : []),
  ];
  const marks = new Set(applied.identifiers);
  const isShared = (mark: string) => others.some(({ identifiers }) => identifiers?.includes(mark));
  const wantedMarks = new Set(wanted.map((identifier) => fingerprint(identifierKey(identifier))));
  person.identifiers = person.identifiers.filter((identifier) => {
    const mark = fingerprint(identifierKey(identifier));
    if (!governed.has(identifier.type) || !marks.has(mark) || wantedMarks.has(mark)) return true;
    marks.delete(mark);
    return isShared(mark);
  });
  for (const identifier of wanted) {
    const { type, value } = identifier;
    const mark = fingerprint(identifierKey(identifier));
    if (person.identifiers.some((one) => one.type === type && one.value === value)) {
      if (isShared(mark)) marks.add(mark);
      continue;
    }
    const owner = world.identifiers.get(identifierKey(identifier));
    if (owner && owner !== person.userId)
      notes.push(`An identifier of type ${type} belongs to another account: it was not copied. Settle whose it is.`);
    else if (!isUsable(identifier)) notes.push('An identifier is too long, or no line of text: it was not copied.');
    else if (person.identifiers.length >= MOST_IDENTIFIERS)
      notes.push(`A person has at most ${MOST_IDENTIFIERS} identifiers: not all were copied.`);
    else {
      person.identifiers = [...person.identifiers, { type, value }];
      marks.add(mark);
    }
  }
  if (marks.size) applied.identifiers = [...marks].sort();
  else delete applied.identifiers;
}

function isUsable({ type, value }: PersonIdentifier): boolean {
  const isText = (text: string, longest: number) =>
    text.length > 0 && [...text].length <= longest && text.isWellFormed() && !/\p{Cc}/u.test(text);
  return isText(type, LONGEST_TYPE) && isText(value, LONGEST_IDENTIFIER);
}
