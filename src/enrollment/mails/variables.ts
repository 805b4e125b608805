import type { MailLocale, PetitionStatus } from '../../entities/enums.js';
import { STATUS_WORDS } from './words/statuses.js';

/** What a mail tells. Names that nobody knows are empty. */
export interface MailValues {
  flowName: string;
  /** Empty where the petition leads into no organization. */
  organizationName: string;
  /** Whom the mail is for. */
  recipientName: string;
  enrolleeName: string;
  petitionerName: string;
  link: string;
  /** When the link, or else the petition, ends; null: never. */
  expiresAt: Date | null;
  decisionComment: string;
  status: PetitionStatus;
  /** Those that all parties may see and that have a value, in the order of the flow. */
  attributes: readonly MailAttribute[];
}

export interface MailAttribute {
  key: string;
  label: string;
  value: string;
}

/** All that templates can read. docs/enrollment-mails.md says what each holds. */
export const VARIABLES = [
  ...['flowName', 'organizationName', 'recipientName', 'enrolleeName', 'petitionerName', 'link', 'expiresAt'],
  ...['decisionComment', 'status', 'statusText', 'attributes', 'attributeList'],
] as const;

/**
 * What templates find in place of the link, which is put in when they are rendered: no filter can take its token apart,
 * and it stands where a link may stand, or the template is refused. A sign that no value has.
 */
export const LINK = '\u{e000}';

const LONGEST_NAME = 200;
const LONGEST_VALUE = 1_000;
const LONGEST_COMMENT = 2_000;
const MOST_ATTRIBUTES = 100;

const LANGUAGES: Record<MailLocale, string> = { EN: 'en-GB', FR: 'fr-FR' };

/** The language of a locale as HTML names it. */
export const languageOf = (locale: MailLocale): string => LANGUAGES[locale].slice(0, 2);

/**
 * The variables as a template finds them: text alone, in objects that have nothing else. What is empty is null, so that
 * `{% if … %}` is about whether there is something.
 */
export function scopeOf(locale: MailLocale, values: MailValues): object {
  const list = values.attributes
    .slice(0, MOST_ATTRIBUTES)
    .map(({ key, label, value }) =>
      bare({ key, label: oneLine(label, LONGEST_NAME), value: oneLine(value, LONGEST_VALUE) }),
    );
  const scope = {
    flowName: oneLine(values.flowName, LONGEST_NAME),
    organizationName: oneLine(values.organizationName, LONGEST_NAME),
    recipientName: personName(values.recipientName),
    enrolleeName: personName(values.enrolleeName),
    petitionerName: personName(values.petitionerName),
    link: LINK,
    expiresAt: values.expiresAt ? describeInstant(values.expiresAt, locale) : '',
    decisionComment: severalLines(values.decisionComment, LONGEST_COMMENT),
    status: values.status,
    statusText: STATUS_WORDS[locale][values.status],
    attributes: bare(Object.fromEntries(list.map(({ key, value }) => [key, value]))),
    attributeList: list,
  };
  return bare(Object.fromEntries(Object.entries(scope).map(([name, value]) => [name, value === '' ? null : value])));
}

function bare<Values extends object>(values: Values): Values {
  return Object.assign(Object.create(null) as object, values);
}

/**
 * What a stranger gives as a name goes to addresses that they give, under the name of the organization: one that could
 * pass for an address of the web or of mail is no name.
 */
function personName(name: string): string {
  const line = oneLine(name, LONGEST_NAME);
  return /[/@:]|www\.|\p{L}\.\p{L}{2}/iu.test(line) ? '' : line;
}

/** A value can hold no line of its own, neither a header's nor the text's, and cannot turn the reading around. */
export function oneLine(text: string, longest: number): string {
  return cut(
    text
      .toWellFormed()
      .replace(/[\p{Cc}\p{Co}\p{Zl}\p{Zp}\s\u202a-\u202e\u2066-\u2069]+/gu, ' ')
      .trim(),
    longest,
  );
}

function severalLines(text: string, longest: number): string {
  const lines = cut(text.toWellFormed(), longest).split(/\r\n|[\r\n\u2028\u2029]/);
  return lines
    .map((line) => line.replace(/[\p{Cc}\p{Co}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trimEnd())
    .join('\n')
    .trim();
}

function cut(text: string, longest: number): string {
  return [...text].slice(0, longest).join('');
}

function describeInstant(instant: Date, locale: MailLocale): string {
  const style = { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' } as const;
  return `${new Intl.DateTimeFormat(LANGUAGES[locale], style).format(instant)} UTC`;
}

/** A day that is written as `2026-02-28`. */
export function describeDay(day: string, locale: MailLocale): string {
  const instant = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(instant.getTime())) return day;
  return new Intl.DateTimeFormat(LANGUAGES[locale], { dateStyle: 'long', timeZone: 'UTC' }).format(instant);
}

export function describeNumber(number: number, locale: MailLocale): string {
  const style = { maximumFractionDigits: 20, useGrouping: false };
  return new Intl.NumberFormat(LANGUAGES[locale], style).format(number);
}
