import type { PetitionMailKind } from '../../../entities/enums.js';

const GREETING = 'Hello{% if recipientName %} {{ recipientName }}{% endif %},';
const TO = '{{ organizationName | default: flowName }}';
const FLOW = '{% if organizationName %} ({{ flowName }}){% endif %}';
const PERSON = "{{ enrolleeName | default: 'Somebody' }}";
const OF_PERSON = "{{ enrolleeName | default: 'somebody' }}";
const UNKNOWN = 'If you do not know what this is about, you need not do anything: nothing happens without you.';
const ATTRIBUTES = `{% if attributeList.size > 0 %}What was given:
{% for attribute in attributeList %}
- {{ attribute.label }}: {{ attribute.value }}{% endfor %}{% endif %}`;
const COMMENT = `{% if decisionComment %}The comment on the decision:

{{ decisionComment | quote }}{% endif %}`;

const words = (subject: string, ...paragraphs: string[]) => ({
  subject,
  text: [GREETING, ...paragraphs].join('\n\n') + '\n',
});

/** The mails of enrollments in English. A line of words above the link becomes a button in HTML. */
export const ENGLISH: Record<PetitionMailKind, { subject: string; text: string }> = {
  CONFIRMATION: words(
    `Please confirm your email address for ${TO}`,
    `This address was given to join ${TO}${FLOW}. Please confirm that it is yours and that you want to go on.`,
    'Confirm the address:\n{{ link }}',
    '{% if expiresAt %}The link works once, until {{ expiresAt }}.{% endif %}',
    UNKNOWN,
  ),
  CONFIRMATION_REMINDER: words(
    `Reminder: please confirm your email address for ${TO}`,
    `Some time ago, this address was given to join ${TO}${FLOW}. It is still to be confirmed. This is a new link; earlier ones no longer work.`,
    'Confirm the address:\n{{ link }}',
    '{% if expiresAt %}The link works once, until {{ expiresAt }}.{% endif %}',
    UNKNOWN,
  ),
  EMAIL_PROOF: words(
    `Is this your email address? ${TO}`,
    `You gave this address to join ${TO}${FLOW}. Please show that it is yours: it is then looked up whether you are known by it.`,
    'Show that the address is yours:\n{{ link }}',
    'Open the link in the browser in which you gave the address.',
    '{% if expiresAt %}The link works once, until {{ expiresAt }}.{% endif %}',
    UNKNOWN,
  ),
  APPROVAL_REQUESTED: words(
    `${PERSON} waits for your approval: ${TO}`,
    `${PERSON} wants to join ${TO}${FLOW}, and you are asked to approve or turn down the request.`,
    `{% if petitionerName and petitionerName != enrolleeName %}The request was made by {{ petitionerName }}.{% endif %}`,
    ATTRIBUTES,
    'See the request:\n{{ link }}',
    '{% if expiresAt %}The request expires if nobody decides until {{ expiresAt }}.{% endif %}',
  ),
  APPROVAL_REMINDER: words(
    `Reminder: ${OF_PERSON} waits for your approval: ${TO}`,
    `${PERSON} still waits for an answer to the request to join ${TO}${FLOW}.`,
    'See the request:\n{{ link }}',
    '{% if expiresAt %}The request expires if nobody decides until {{ expiresAt }}.{% endif %}',
  ),
  APPROVAL_ESCALATED: words(
    `Nobody has answered ${OF_PERSON} yet: ${TO}`,
    `${PERSON} has been waiting for a long time for an answer to the request to join ${TO}${FLOW}. Those who approve it have not decided. As an administrator, please see to it that somebody does.`,
    'See the request:\n{{ link }}',
    '{% if expiresAt %}The request expires if nobody decides until {{ expiresAt }}.{% endif %}',
  ),
  APPROVED: words(
    `Your request was approved: ${TO}`,
    `Good news: your request to join ${TO}${FLOW} was approved.`,
    COMMENT,
    'See the request:\n{{ link }}',
  ),
  DENIED: words(
    `Your request was turned down: ${TO}`,
    `Your request to join ${TO}${FLOW} was turned down.`,
    COMMENT,
    'If you think that this is a mistake, please ask the people you know there.',
    'See the request:\n{{ link }}',
  ),
  FINALIZED: words(
    `Welcome to ${TO}`,
    `Everything is done: your enrollment in ${TO}${FLOW} is complete, and you can begin.`,
    'Go to the start page:\n{{ link }}',
  ),
  EXPIRED: words(
    `Your request has expired: ${TO}`,
    `Your request to join ${TO}${FLOW} was not completed in time and has expired. If you still want to join, please start again.`,
    'See the request:\n{{ link }}',
  ),
  STATUS_CHANGED: words(
    `{{ flowName }}: the request of ${OF_PERSON} is {{ statusText }}`,
    `The request of ${OF_PERSON} to join ${TO}${FLOW} is now {{ statusText }}.`,
    COMMENT,
    'See the request:\n{{ link }}',
    'You receive this because you hold a role that is told of requests in this flow.',
  ),
};
