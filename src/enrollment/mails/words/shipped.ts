import type { FlowMailTemplate } from '../../../entities/flow-settings.js';
import type { MailLocale, PetitionMailKind } from '../../../entities/enums.js';
import { ENGLISH } from './english.js';
import { FRENCH } from './french.js';

/** Words of one mail, in Liquid. Without HTML, it is made from the text. */
export type MailTemplate = Pick<FlowMailTemplate, 'subject' | 'text' | 'html'>;

const WORDS: Record<MailLocale, Record<PetitionMailKind, { subject: string; text: string }>> = {
  EN: ENGLISH,
  FR: FRENCH,
};

/** The mail as Vestibule writes it, where a flow has no words of its own: an example to begin with, too. */
export function shippedTemplate(kind: PetitionMailKind, locale: MailLocale): MailTemplate {
  const { subject, text } = WORDS[locale][kind];
  return { subject, text, html: null };
}
