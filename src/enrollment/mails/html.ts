import sanitizeHtml from 'sanitize-html';
import type { MailLocale } from '../../entities/enums.js';
import { escapeHtml } from './escape.js';
import { languageOf, LINK } from './variables.js';

const STYLE = {
  body: 'margin:0;padding:24px;background:#ffffff;color:#1b1b1f;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5',
  main: 'max-width:600px;margin:0 auto',
  button:
    'display:inline-block;padding:12px 20px;background:#00418f;color:#ffffff;text-decoration:none;border-radius:4px;font-weight:bold',
  quote: 'margin:16px 0;padding:0 0 0 16px;border-left:4px solid #767680',
};

/**
 * HTML made of the text of a mail. Paragraphs are paragraphs; words above the link make a button, with the bare link
 * below; quoted lines are a quotation. Nothing becomes a link but the link itself, which is still to be put in, and
 * `addresses`: what somebody put into a name must not.
 */
export function htmlOfText(
  text: string,
  { locale, subject, addresses }: { locale: MailLocale; subject: string; addresses: Set<string> },
): string {
  const links = new Set([LINK, ...addresses]);
  const paragraphs = text
    .trim()
    .split(/\n\n+/)
    .map((paragraph) => htmlOfParagraph(paragraph, links));
  const body = `<div role="main" style="${STYLE.main}">\n${paragraphs.join('\n')}\n</div>`;
  return htmlDocument({ locale, subject, body });
}

function htmlOfParagraph(paragraph: string, links: Set<string>): string {
  const lines = paragraph.split('\n');
  const label = lines.slice(0, -1).join(' ').replace(/\s?:$/, '');
  if (lines.length > 1 && lines.at(-1) === LINK && label) {
    return `<p><a href="${LINK}" style="${STYLE.button}">${escapeHtml(label)}</a></p>
<p><a href="${LINK}">${LINK}</a></p>`;
  }
  if (lines.every((line) => line.startsWith('>'))) {
    const quoted = lines.map((line) => escapeHtml(line.replace(/^> ?/, '')));
    return `<blockquote style="${STYLE.quote}">${quoted.join('<br>\n')}</blockquote>`;
  }
  return `<p>${lines.map((line) => linkWords(line, links)).join('<br>\n')}</p>`;
}

function linkWords(line: string, links: Set<string>): string {
  return line
    .split(/(\s+)/)
    .map((word) => {
      const address = word.replace(/[.,;:!?)]+$/, '');
      const shown = escapeHtml(links.has(word) ? word : address);
      if (!links.has(word) && !links.has(address)) return escapeHtml(word);
      return `<a href="${shown}">${shown}</a>${links.has(word) ? '' : escapeHtml(word.slice(address.length))}`;
    })
    .join('');
}

function htmlDocument({ locale, subject, body }: { locale: MailLocale; subject: string; body: string }): string {
  return `<!doctype html>
<html lang="${languageOf(locale)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="${STYLE.body}">
${body}
</body>
</html>
`;
}

const ELEMENTS = [
  ...['html', 'head', 'title', 'meta', 'body', 'div', 'span', 'p', 'br', 'hr', 'center', 'font', 'a', 'img'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'b', 'strong', 'i', 'em', 'u', 's', 'small', 'sub', 'sup', 'code', 'pre'],
  ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'blockquote', 'address', 'header', 'footer', 'main', 'section', 'article'],
  ...['table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'td', 'th', 'col', 'colgroup'],
];

const ATTRIBUTES: Record<string, string[]> = {
  '*': [
    ...['style', 'class', 'id', 'lang', 'dir', 'title', 'role', 'aria-label', 'aria-hidden', 'align', 'valign'],
    ...['bgcolor', 'width', 'height'],
  ],
  a: ['href', 'target', 'rel'],
  img: ['src', 'alt', 'border'],
  font: ['color', 'size', 'face'],
  table: ['border', 'cellpadding', 'cellspacing'],
  td: ['colspan', 'rowspan'],
  th: ['colspan', 'rowspan', 'scope'],
  meta: ['charset', 'name', 'content'],
  col: ['span'],
  ol: ['start', 'type'],
};

/** Whether the link, wherever it stands in a text, is no part of another address: who gets that would get its token. */
export function isLinkAlone(text: string): boolean {
  return !new RegExp(`[^\\s<]${LINK}`, 'u').test(text);
}

/**
 * Rendered HTML of a flow's own, without what runs, loads pages or asks for input, and what of it has to be changed: an
 * element that is none of a mail's; the link anywhere but in a text or as the whole of a `href`.
 */
export function cleanHtml(
  html: string,
  about: { locale: MailLocale; subject: string },
): { html: string; faults: string[] } {
  const faults: string[] = [];
  const misplaced = 'the link has to stand after a space or a tag, or be the whole of a href';
  const cleaned = sanitizeHtml(html, {
    allowedTags: ELEMENTS,
    allowedAttributes: ATTRIBUTES,
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowedSchemesByTag: { img: ['https'] },
    allowProtocolRelative: false,
    parseStyleAttributes: false,
    disallowedTagsMode: 'completelyDiscard',
    nestingLimit: 100,
    onOpenTag(name, attributes) {
      if (!ELEMENTS.includes(name)) faults.push(`mails cannot hold <${name}>`);
      for (const [attribute, value] of Object.entries(attributes)) {
        const isWhole = name === 'a' && attribute === 'href' && value === LINK;
        if (`${attribute} ${value}`.includes(LINK) && !isWhole) faults.push(misplaced);
      }
    },
    textFilter(text) {
      if (!isLinkAlone(text.replaceAll('&lt;', '<'))) faults.push(misplaced);
      return text;
    },
  }).trim();
  const isDocument = /^<html[\s>]/i.test(cleaned);
  return { html: isDocument ? `<!doctype html>\n${cleaned}\n` : htmlDocument({ ...about, body: cleaned }), faults };
}
