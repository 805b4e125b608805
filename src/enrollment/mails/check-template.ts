import type { FlowMailTemplate } from '../../entities/flow-settings.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { barestValues, exampleValues } from './example.js';
import { FILTER_NAMES, type Format, type ReadVariable, TAGS, variablesOf } from './liquid.js';
import { renderMail, TemplateError, templateError } from './render.js';
import { VARIABLES } from './variables.js';
import type { MailTemplate } from './words/shipped.js';

const LONGEST: Record<keyof MailTemplate, number> = { subject: 250, text: 20_000, html: 50_000 };
const PARTS: [part: keyof MailTemplate, format: Format][] = [
  ['subject', 'TEXT'],
  ['text', 'TEXT'],
  ['html', 'HTML'],
];

/**
 * What is wrong with a flow's words for one mail; null: nothing. It reads only the variables, tags and filters of
 * docs/enrollment-mails.md, keeps its lengths, and can be rendered, also where little is known; confirmations have their
 * link. The fault names the part, and the line where it is known: REQUIRED, TOO_LONG, INVALID.
 */
export function checkMailTemplate(template: FlowMailTemplate, ...field: string[]): Fault | null {
  for (const [part, format] of PARTS) {
    const source = template[part];
    if (source === null && part === 'html') continue;
    const found = checkPart(part, format, source ?? '', field);
    if (found) return found;
  }
  for (const values of [exampleValues(template.kind), barestValues(template.kind)]) {
    try {
      renderMail(template.kind, template.locale, template, values);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return present(error, field);
    }
  }
  return null;
}

/** The keys of attributes that a template names, so that whoever knows the flow's can tell those that are not there. */
export function attributeKeysOf(template: MailTemplate): string[] {
  const read = PARTS.flatMap(([part, format]) => variablesOf(format, template[part] ?? ''));
  return [...new Set(read.flatMap(({ path: [root, key] }) => (root === 'attributes' && key ? [String(key)] : [])))];
}

function checkPart(part: keyof MailTemplate, format: Format, source: string, field: string[]): Fault | null {
  if (!source.trim()) return fault(UserErrorCode.REQUIRED, `${part} cannot be empty.`, ...field, part);
  if ([...source].length > LONGEST[part])
    return fault(UserErrorCode.TOO_LONG, `${part} is at most ${LONGEST[part]} characters.`, ...field, part);
  const isOneLine = part === 'subject';
  if (!source.isWellFormed() || (isOneLine ? /\p{Cc}/u : /[^\P{Cc}\n\r\t]/u).test(source)) {
    const kind = isOneLine ? 'one line of text' : 'text';
    return fault(UserErrorCode.INVALID, `${part} is ${kind} without control characters.`, ...field, part);
  }
  try {
    const unknown = variablesOf(format, source).find((variable) => !isKnown(variable));
    return unknown ? present(refuseVariable(part, unknown), field) : null;
  } catch (error) {
    return present(templateError(part, error), field);
  }
}

function isKnown({ path: [root, ...rest] }: ReadVariable): boolean {
  if (root === 'attributes') return rest.length === 1 && typeof rest[0] === 'string';
  if (root === 'attributeList') return rest.length === 0 || (rest.length === 1 && rest[0] === 'size');
  return rest.length === 0 && (VARIABLES as readonly unknown[]).includes(root);
}

function refuseVariable(part: keyof MailTemplate, { path, line }: ReadVariable): TemplateError {
  const name = path.map((segment) => segment ?? '[…]').join('.');
  const known = `There are ${VARIABLES.join(', ')}; of attributes, attributes.KEY.`;
  return new TemplateError(part, `there is no variable ${name}. ${known}`.slice(0, 500), line);
}

function present({ part, line, message }: TemplateError, field: string[]): Fault {
  const place = line === null ? part : `${part}, line ${line}`;
  return fault(UserErrorCode.INVALID, `${place}: ${explain(message)}`, ...field, part);
}

/** What liquidjs says, with what there is instead. */
function explain(message: string): string {
  if (/^tag ".*" not found/.test(message)) return `${message}. There are ${TAGS.join(', ')}.`;
  if (/^undefined filter/.test(message)) return `${message}. There are ${FILTER_NAMES.join(', ')}.`;
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
