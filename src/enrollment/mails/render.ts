import { type MailLocale, PetitionMailKind } from '../../entities/enums.js';
import { escapeHtml } from './escape.js';
import { cleanHtml, htmlOfText, isLinkAlone } from './html.js';
import { type Format, renderTemplate } from './liquid.js';
import { LINK, type MailValues, oneLine, scopeOf } from './variables.js';
import { type MailTemplate, shippedTemplate } from './words/shipped.js';

export interface RenderedMail {
  /** One line. */
  subject: string;
  text: string;
  html: string;
}

/** Which part of a template cannot be used, and why: in words for whoever wrote it. */
export class TemplateError extends Error {
  constructor(
    readonly part: keyof MailTemplate,
    message: string,
    readonly line: number | null = null,
  ) {
    super(message);
  }
}

const LONGEST_SUBJECT = 250;

/** Mails that are nothing without their link: it holds the token. */
const CONFIRMATIONS: readonly PetitionMailKind[] = [
  PetitionMailKind.CONFIRMATION,
  PetitionMailKind.CONFIRMATION_REMINDER,
  PetitionMailKind.EMAIL_PROOF,
];

export const isConfirmation = (kind: PetitionMailKind): boolean => CONFIRMATIONS.includes(kind);

/**
 * The mail of this kind, in the words of a flow or, without a template, in Vestibule's. Values are escaped in HTML, and
 * nothing that runs is left in it. Throws {@link TemplateError}, and for the words of a flow alone. Pure.
 */
export function renderMail(
  kind: PetitionMailKind,
  locale: MailLocale,
  template: MailTemplate | null,
  values: MailValues,
): RenderedMail {
  const words = template ?? shippedTemplate(kind, locale);
  const scope = scopeOf(locale, values);
  const subject = oneLine(renderPart('subject', 'TEXT', words.subject, scope), LONGEST_SUBJECT);
  if (!subject) throw new TemplateError('subject', 'there is nothing in it but, maybe, the link');
  const text = tidy(renderPart('text', 'TEXT', words.text, scope));
  if (!isLinkAlone(text))
    throw new TemplateError('text', 'the link has to stand after a space or on a line of its own');
  const html =
    words.html === null
      ? htmlOfText(text, { locale, subject, addresses: addressesIn(words.text) })
      : readHtml(renderPart('html', 'HTML', words.html, scope), { locale, subject });
  if (isConfirmation(kind)) {
    const missing = 'it has to show the link, whatever the values are: {{ link }}';
    if (!text.includes(LINK)) throw new TemplateError('text', missing);
    if (!html.includes(LINK)) throw new TemplateError('html', missing);
  }
  const { link } = values;
  return { subject, text: text.replaceAll(LINK, link), html: html.replaceAll(LINK, escapeHtml(link)) };
}

function renderPart(part: keyof MailTemplate, format: Format, source: string, scope: object): string {
  try {
    return renderTemplate(format, source.replaceAll(LINK, ''), scope);
  } catch (error) {
    throw templateError(part, error);
  }
}

/** What liquidjs says, with the line. What it read last, in the message's end, is left out. */
export function templateError(part: keyof MailTemplate, error: unknown): TemplateError {
  const { message, originalError } = error as { message?: string; originalError?: { message?: string } };
  const line = /, line:(\d+)/.exec(message ?? '')?.[1];
  const words = (originalError?.message ?? message ?? 'it cannot be read').replace(/, line:\d+, col:\d+.*$/s, '');
  return new TemplateError(part, words.slice(0, 200), line ? Number(line) : null);
}

function readHtml(rendered: string, about: { locale: MailLocale; subject: string }): string {
  const { html, faults } = cleanHtml(rendered, about);
  if (faults[0]) throw new TemplateError('html', faults[0]);
  return html;
}

/** Without white space at the ends of lines, and with one empty line at most between paragraphs. */
function tidy(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trimEnd());
  return (
    lines
      .filter((line, index) => line || lines[index - 1])
      .join('\n')
      .trim() + '\n'
  );
}

/** The addresses that a template itself writes: they may be links. */
function addressesIn(source: string): Set<string> {
  return new Set(source.match(/https?:\/\/[^\s{}<>"']+/g)?.map((address) => address.replace(/[.,;:!?)]+$/, '')));
}
