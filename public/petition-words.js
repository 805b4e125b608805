/** The words of the page that links of confirmations lead to. */
const EN = {
  title: 'Enrollment',
  about: (flow, organization) => (organization ? `${flow}, at ${organization}` : flow),
  review: 'You are asked to confirm this enrollment, and with it that this address is yours.',
  until: (date) => `This link works once, until ${date}.`,
  accept: 'Accept',
  decline: 'Decline',
  confirming: 'One moment: your enrollment is being confirmed…',
  signIn: 'Sign in first: the account that you sign in with is the one that is enrolled.',
  links: (name) =>
    `If you confirm while signed in to another account, its ways to sign in open the account of ${name} from then on, and that other account is deleted. Confirm only if that account is yours.`,
  signInAgain: 'Sign in again, so that it is sure that it is you.',
  signInWith: (name) => `Sign in with ${name}`,
  noWayIn: 'There is no way to sign in yet.',
  signedInAs: (name, email) => `You are signed in as ${name}${email ? ` (${email})` : ''}.`,
  signOut: 'Use another account',
  declined: 'You have declined. Nothing more happens.',
  confirmed: 'Thank you: your address is confirmed.',
  next: {
    FINALIZED: 'You are enrolled.',
    PENDING_APPROVAL: 'Somebody decides on it now: you will be told.',
    PENDING_VETTING: 'It is being looked into now: you will be told.',
    DUPLICATE: 'You are enrolled already: nothing more is needed.',
    DENIED: 'You cannot be enrolled here.',
  },
  going: 'You are taken on…',
  goOn: 'Go on',
  waits: 'The next step waits.',
  tryAgain: 'Try again',
  terms: 'To go on, read these terms and agree to them.',
  read: 'Read them',
  agree: 'I agree',
  failed: 'This did not work.',
  noToken: 'Open the link in the mail that you got: this page needs it.',
  errors: {
    INVALID_TOKEN: 'This link is not valid, or not valid any more. A link works once, and a newer one replaces it.',
    CONFIRMATION_EXPIRED: 'This link has expired. Ask whoever enrolls you for a new one.',
    CONFIRMATION_RENEWED: 'This link has expired. A new one was sent to the same address: look into your mail.',
    RATE_LIMITED: 'This was tried too often. Try again later.',
    FLOW_NOT_ACTIVE: 'This enrollment is closed at the moment. Try again later.',
    MANUAL_ACTION_NEEDED: 'You cannot do this by yourself: an administrator must settle it.',
  },
};

const FR = {
  title: 'Inscription',
  about: (flow, organization) => (organization ? `${flow}, ${organization}` : flow),
  review: 'Il vous est demandé de confirmer cette inscription, et par là que cette adresse est la vôtre.',
  until: (date) => `Ce lien fonctionne une seule fois, jusqu’au ${date}.`,
  accept: 'Accepter',
  decline: 'Refuser',
  confirming: 'Un instant : votre inscription est en cours de confirmation…',
  signIn: 'Connectez-vous d’abord : le compte avec lequel vous vous connectez est celui qui sera inscrit.',
  links: (name) =>
    `Si vous confirmez en étant connecté avec un autre compte, ses moyens de connexion ouvriront désormais le compte de ${name}, et cet autre compte sera supprimé. Ne confirmez que si ce compte est le vôtre.`,
  signInAgain: 'Connectez-vous à nouveau, pour qu’il soit sûr que c’est vous.',
  signInWith: (name) => `Se connecter avec ${name}`,
  noWayIn: 'Il n’y a pas encore de moyen de se connecter.',
  signedInAs: (name, email) => `Vous êtes connecté : ${name}${email ? ` (${email})` : ''}.`,
  signOut: 'Utiliser un autre compte',
  declined: 'Vous avez refusé. Rien de plus ne se passera.',
  confirmed: 'Merci : votre adresse est confirmée.',
  next: {
    FINALIZED: 'Vous êtes inscrit.',
    PENDING_APPROVAL: 'Votre demande va être examinée : vous serez informé de la décision.',
    PENDING_VETTING: 'Votre demande est en cours de vérification : vous serez informé de la suite.',
    DUPLICATE: 'Vous êtes déjà inscrit : il n’y a rien de plus à faire.',
    DENIED: 'Vous ne pouvez pas être inscrit ici.',
  },
  going: 'Vous êtes redirigé…',
  goOn: 'Continuer',
  waits: 'L’étape suivante attend.',
  tryAgain: 'Réessayer',
  terms: 'Pour continuer, lisez ces conditions et acceptez-les.',
  read: 'Les lire',
  agree: 'J’accepte',
  failed: 'Cela n’a pas fonctionné.',
  noToken: 'Ouvrez le lien du courriel que vous avez reçu : cette page en a besoin.',
  errors: {
    INVALID_TOKEN:
      'Ce lien n’est pas valable, ou ne l’est plus. Un lien fonctionne une seule fois, et un lien plus récent le remplace.',
    CONFIRMATION_EXPIRED: 'Ce lien a expiré. Demandez-en un nouveau à la personne qui vous inscrit.',
    CONFIRMATION_RENEWED: 'Ce lien a expiré. Un nouveau lien a été envoyé à la même adresse : consultez vos courriels.',
    RATE_LIMITED: 'Trop de tentatives. Réessayez plus tard.',
    FLOW_NOT_ACTIVE: 'Cette inscription est fermée pour le moment. Réessayez plus tard.',
    MANUAL_ACTION_NEEDED: 'Vous ne pouvez pas le faire vous-même : un administrateur doit régler cela.',
  },
};

/** The first of the browser's languages that there are words for: English or French. */
export function chooseLanguage(languages) {
  const known = languages.map((language) => language.slice(0, 2).toLowerCase());
  return known.find((language) => ['en', 'fr'].includes(language)) ?? 'en';
}

export const wordsOf = (language) => (language === 'fr' ? FR : EN);
