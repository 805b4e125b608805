import type { PetitionMailKind } from '../../../entities/enums.js';

const GREETING = 'Bonjour{% if recipientName %} {{ recipientName }}{% endif %},';
const TO = '{{ organizationName | default: flowName }}';
const FLOW = '{% if organizationName %} ({{ flowName }}){% endif %}';
const PERSON = "{{ enrolleeName | default: 'Une personne' }}";
const OF_PERSON = "{% if enrolleeName %}de {{ enrolleeName }}{% else %}d'une personne{% endif %}";
const UNKNOWN =
  "Si vous ne savez pas de quoi il s'agit, vous n'avez rien à faire : rien ne se passera sans votre accord.";
const ATTRIBUTES = `{% if attributeList.size > 0 %}Informations données :
{% for attribute in attributeList %}
- {{ attribute.label }} : {{ attribute.value }}{% endfor %}{% endif %}`;
const COMMENT = `{% if decisionComment %}Commentaire joint à la décision :

{{ decisionComment | quote }}{% endif %}`;

const words = (subject: string, ...paragraphs: string[]) => ({
  subject,
  text: [GREETING, ...paragraphs].join('\n\n') + '\n',
});

/** The mails of enrollments in French. A line of words above the link becomes a button in HTML. */
export const FRENCH: Record<PetitionMailKind, { subject: string; text: string }> = {
  CONFIRMATION: words(
    `Confirmez votre adresse électronique : ${TO}`,
    `Cette adresse a été indiquée pour rejoindre ${TO}${FLOW}. Merci de confirmer qu'elle est la vôtre et que vous souhaitez continuer.`,
    "Confirmer l'adresse :\n{{ link }}",
    "{% if expiresAt %}Le lien fonctionne une seule fois, jusqu'au {{ expiresAt }}.{% endif %}",
    UNKNOWN,
  ),
  CONFIRMATION_REMINDER: words(
    `Rappel : confirmez votre adresse électronique : ${TO}`,
    `Cette adresse a été indiquée il y a quelque temps pour rejoindre ${TO}${FLOW} et reste à confirmer. Voici un nouveau lien ; les précédents ne fonctionnent plus.`,
    "Confirmer l'adresse :\n{{ link }}",
    "{% if expiresAt %}Le lien fonctionne une seule fois, jusqu'au {{ expiresAt }}.{% endif %}",
    UNKNOWN,
  ),
  EMAIL_PROOF: words(
    `Cette adresse électronique est-elle la vôtre ? ${TO}`,
    `Vous avez indiqué cette adresse pour rejoindre ${TO}${FLOW}. Merci de montrer qu'elle est la vôtre : on cherchera ensuite si vous êtes connu sous cette adresse.`,
    "Montrer que l'adresse est la vôtre :\n{{ link }}",
    "Ouvrez le lien dans le navigateur où vous avez indiqué l'adresse.",
    "{% if expiresAt %}Le lien fonctionne une seule fois, jusqu'au {{ expiresAt }}.{% endif %}",
    UNKNOWN,
  ),
  APPROVAL_REQUESTED: words(
    `${PERSON} attend votre approbation : ${TO}`,
    `${PERSON} souhaite rejoindre ${TO}${FLOW} ; il vous revient d'approuver ou de refuser cette demande.`,
    `{% if petitionerName and petitionerName != enrolleeName %}La demande a été faite par {{ petitionerName }}.{% endif %}`,
    ATTRIBUTES,
    'Voir la demande :\n{{ link }}',
    '{% if expiresAt %}Sans décision, la demande expirera le {{ expiresAt }}.{% endif %}',
  ),
  APPROVAL_REMINDER: words(
    `Rappel : {{ enrolleeName | default: 'une personne' }} attend votre approbation : ${TO}`,
    `${PERSON} attend toujours une réponse à sa demande de rejoindre ${TO}${FLOW}.`,
    'Voir la demande :\n{{ link }}',
    '{% if expiresAt %}Sans décision, la demande expirera le {{ expiresAt }}.{% endif %}',
  ),
  APPROVAL_ESCALATED: words(
    `${PERSON} n'a toujours pas de réponse : ${TO}`,
    `${PERSON} attend depuis longtemps une réponse à sa demande de rejoindre ${TO}${FLOW}. Les personnes chargées de l'approuver n'ont pas décidé. En tant qu'administrateur, merci de veiller à ce que quelqu'un le fasse.`,
    'Voir la demande :\n{{ link }}',
    '{% if expiresAt %}Sans décision, la demande expirera le {{ expiresAt }}.{% endif %}',
  ),
  APPROVED: words(
    `Votre demande est approuvée : ${TO}`,
    `Bonne nouvelle : votre demande de rejoindre ${TO}${FLOW} a été approuvée.`,
    COMMENT,
    'Voir la demande :\n{{ link }}',
  ),
  DENIED: words(
    `Votre demande est refusée : ${TO}`,
    `Votre demande de rejoindre ${TO}${FLOW} a été refusée.`,
    COMMENT,
    "Si vous pensez qu'il s'agit d'une erreur, adressez-vous aux personnes que vous y connaissez.",
    'Voir la demande :\n{{ link }}',
  ),
  FINALIZED: words(
    `Bienvenue : ${TO}`,
    `Tout est prêt : votre inscription à ${TO}${FLOW} est terminée et vous pouvez commencer.`,
    "Aller à la page d'accueil :\n{{ link }}",
  ),
  EXPIRED: words(
    `Votre demande a expiré : ${TO}`,
    `Votre demande de rejoindre ${TO}${FLOW} n'a pas été terminée à temps et a expiré. Si vous souhaitez toujours rejoindre, merci de recommencer.`,
    'Voir la demande :\n{{ link }}',
  ),
  STATUS_CHANGED: words(
    `{{ flowName }} : la demande ${OF_PERSON} est {{ statusText }}`,
    `La demande ${OF_PERSON} pour rejoindre ${TO}${FLOW} est maintenant {{ statusText }}.`,
    COMMENT,
    'Voir la demande :\n{{ link }}',
    'Vous recevez ce message car vous avez un rôle informé des demandes de ce parcours.',
  ),
};
