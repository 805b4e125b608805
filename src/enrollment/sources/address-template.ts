import { badAnswer } from './http-request.js';

const PLACEHOLDER = /\{([^{}]*)\}/g;
/** A part of a path that URLs take for a step within it, however it is written. */
const STEPS = /(^|\/)(\.|%2e){1,2}(\/|$)/i;

/**
 * Why a text is no template of an address below a source's own: `/people?mail={email}`. Null when it is one. `needed` are
 * the placeholders that it must have, `optional` those that it may.
 */
export function faultOfTemplate(
  text: string,
  needed: readonly string[],
  optional: readonly string[] = [],
): string | null {
  if (!/^[/?]/.test(text)) return 'begins with / or ?';
  if (STEPS.test(splitOnce(text, '?')[0])) return 'has no parts . and ..';
  if (/[#\\\s]/.test(text)) return 'has no #, no backslash and no white space';
  const used = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);
  const unknown = used.find((name) => ![...needed, ...optional].includes(name));
  if (unknown !== undefined || /[{}]/.test(text.replace(PLACEHOLDER, ''))) {
    const known = [...needed, ...optional].map((name) => `{${name}}`).join(', ');
    return known ? `has no other placeholders than ${known}` : 'has no placeholders';
  }
  const missing = needed.find((name) => !used.includes(name));
  return missing === undefined ? null : `needs {${missing}}`;
}

/**
 * The address of a template, with its values written in so that they stay what they are: none changes the host, or adds
 * a part of the path or a parameter. A parameter whose value is null is left out. Throws BAD_ANSWER for a value that
 * cannot be part of a path: `.` and `..`.
 */
export function fillTemplate(base: URL, template: string, values: Readonly<Record<string, string | null>>): URL {
  const [path = '', query] = splitOnce(template, '?');
  const fill = (text: string, write: (value: string) => string) =>
    text.replaceAll(PLACEHOLDER, (_, name: string) => write(values[name] ?? ''));
  const encode = (value: string) => encodeURIComponent(value.toWellFormed());
  const parameters = (query ?? '').split('&').filter((one) => {
    const used = [...one.matchAll(PLACEHOLDER)];
    return one !== '' && !used.some(([, name]) => (values[name!] ?? null) === null);
  });
  const filled = fill(path, encode);
  if (STEPS.test(filled)) throw badAnswer('The source cannot be asked for this value.');
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, '')}${filled}`;
  const own = base.search.slice(1);
  url.search = [...(own ? [own] : []), ...parameters.map((one) => fill(one, encode))].join('&');
  return url;
}

function splitOnce(text: string, by: string): [string, string | null] {
  const index = text.indexOf(by);
  return index < 0 ? [text, null] : [text.slice(0, index), text.slice(index + 1)];
}
