import type { FlowSettings } from '../../entities/flow-settings.js';
import { checkText, type Fault, fault, UserErrorCode } from '../../faults.js';
import { checkPattern } from '../attributes/pattern.js';
import { checkIdentifierFormat } from '../identifiers/format.js';
import { MOST_CONFIRMATION_MINUTES } from './default-settings.js';

/** How many of each a flow holds at most. `attributes` and `mailTemplates` are bounded here, what they are elsewhere. */
const MOST = {
  organizationIds: 50,
  roleIds: 50,
  mailTemplates: 40,
  returnUrlPatterns: 20,
  authenticators: 4,
  attributes: 100,
  sources: 20,
  assignedIdentifiers: 10,
  accountSystems: 20,
} as const satisfies Partial<Record<keyof FlowSettings, number>>;

const LONGEST_TEXT = 16_384;
const LONGEST_URL = 2_048;
/** Of the settings as they are stored; the database has the last word. */
const LONGEST_SETTINGS = 250_000;

/** The numbers of a flow and their bounds. */
const BOUNDS = {
  confirmationMinutes: [1, MOST_CONFIRMATION_MINUTES],
  approvalCount: [1, 100],
  expiryDays: [1, 3_650],
  reminderHours: [1, 8_760],
  reminderCount: [0, 20],
  escalationHours: [1, 8_760],
} as const satisfies Partial<Record<keyof FlowSettings, readonly [number, number]>>;

const keys = <Name extends string>(of: Record<Name, unknown>) => Object.keys(of) as Name[];
const invalid = (message: string, ...field: string[]) => fault(UserErrorCode.INVALID, message, ...field);

/** What is too long, too many, out of bounds, said twice or cannot be stored, whatever the other settings are. */
export function checkLimits(settings: FlowSettings): Fault[] {
  const faults: (Fault | null)[] = [
    ...keys(MOST).map((name) =>
      settings[name].length > MOST[name] ? invalid(`${name} holds at most ${MOST[name]}.`, name) : null,
    ),
    ...keys(BOUNDS).map((name) => checkNumber(name, settings[name])),
    checkText(settings.matchLabel, { longest: 128 }, 'matchLabel'),
    checkText(settings.notifyFrom, { longest: 128 }, 'notifyFrom'),
    ...(['introduction', 'formIntroduction', 'conclusion'] as const).map((name) => checkLongText(name, settings[name])),
    ...settings.returnUrlPatterns.map((pattern, index) => checkPattern(pattern, 'returnUrlPatterns', String(index))),
    ...settings.assignedIdentifiers.flatMap(checkIdentifier),
    ...settings.accountSystems.map((name, index) =>
      checkText(name, { isRequired: true, longest: 64 }, 'accountSystems', String(index)),
    ),
    ...findRepeated('organizationIds', settings.organizationIds),
    ...findRepeated('roleIds', settings.roleIds),
    ...findRepeated('returnUrlPatterns', settings.returnUrlPatterns),
    ...findRepeated('accountSystems', settings.accountSystems),
    ...findRepeated('authenticators', settings.authenticators, ({ kind }) => kind),
    ...findRepeated('sources', settings.sources, ({ sourceId }) => sourceId),
    ...findRepeated('assignedIdentifiers', settings.assignedIdentifiers, ({ type }) => type),
    ...findRepeated('mailTemplates', settings.mailTemplates, ({ kind, locale }) => `${kind} in ${locale}`),
    ...findUnstorable(settings),
    JSON.stringify(settings).length > LONGEST_SETTINGS
      ? fault(UserErrorCode.TOO_LONG, 'The settings of the flow are too long in all: shorten its texts.')
      : null,
  ];
  return faults.filter((found): found is Fault => found !== null);
}

/**
 * A redirect URL: https, or a page of the origins that are the tenant's own; without credentials.
 */
export function checkRedirect(name: keyof FlowSettings, url: string | null, origins: readonly string[]): Fault | null {
  if (url === null) return null;
  if (url.length > LONGEST_URL)
    return fault(UserErrorCode.TOO_LONG, `${name} is at most ${LONGEST_URL} characters.`, name);
  const read = /^[\x21-\x5b\x5d-\x7e]+$/.test(url) && URL.canParse(url) ? new URL(url) : null;
  const isFitting = read && !read.username && !read.password;
  if (isFitting && (read.protocol === 'https:' || origins.includes(read.origin))) return null;
  return invalid(`${name} is an absolute https address, or one of the tenant's own pages.`, name);
}

function checkNumber(name: keyof typeof BOUNDS, value: number | null): Fault | null {
  const [least, most] = BOUNDS[name];
  if (value === null || (Number.isInteger(value) && value >= least && value <= most)) return null;
  return invalid(`${name} is a whole number from ${least} to ${most}.`, name);
}

function checkLongText(name: keyof FlowSettings, text: string | null): Fault | null {
  if (text === null) return null;
  return [...text].length > LONGEST_TEXT
    ? fault(UserErrorCode.TOO_LONG, `${name} is at most ${LONGEST_TEXT} characters.`, name)
    : null;
}

function checkIdentifier({ type, format }: FlowSettings['assignedIdentifiers'][number], index: number) {
  const at = ['assignedIdentifiers', String(index)];
  return [
    checkText(type, { isRequired: true, longest: 64 }, ...at, 'type'),
    checkIdentifierFormat(format, ...at, 'format'),
  ];
}

function findRepeated<Item>(
  name: keyof FlowSettings,
  items: readonly Item[],
  keyOf: (item: Item) => string = String,
): Fault[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const key = keyOf(item);
    if (seen.has(key)) return [invalid(`${key} stands in ${name} twice.`, name, String(index))];
    seen.add(key);
    return [];
  });
}

/** Text that JSON in the database cannot hold, wherever it stands: NUL, and halves of characters. */
export function findUnstorable(value: unknown, path: readonly string[] = []): Fault[] {
  if (typeof value === 'string') {
    const isStorable = value.isWellFormed() && !value.includes('\0');
    return isStorable ? [] : [invalid(`${path.at(-1)} holds characters that are none.`, ...path)];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [
    ...(findUnstorable(name).length ? [invalid('A name holds characters that are none.', ...path)] : []),
    ...findUnstorable(item, [...path, name]),
  ]);
}
