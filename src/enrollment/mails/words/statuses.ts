import type { MailLocale, PetitionStatus } from '../../../entities/enums.js';

/** What each status of a petition is called in a sentence. */
export const STATUS_WORDS: Record<MailLocale, Record<PetitionStatus, string>> = {
  EN: {
    CREATED: 'begun',
    PENDING_CONFIRMATION: 'waiting for the address to be confirmed',
    CONFIRMED: 'confirmed',
    PENDING_VETTING: 'waiting for checks',
    PENDING_APPROVAL: 'waiting for approval',
    APPROVED: 'approved',
    DENIED: 'turned down',
    DECLINED: 'declined by the person',
    DUPLICATE: 'set aside as a duplicate',
    FINALIZED: 'completed',
    CANCELED: 'withdrawn',
    EXPIRED: 'expired',
  },
  FR: {
    CREATED: 'commencée',
    PENDING_CONFIRMATION: "en attente de la confirmation de l'adresse",
    CONFIRMED: 'confirmée',
    PENDING_VETTING: 'en cours de vérification',
    PENDING_APPROVAL: "en attente d'approbation",
    APPROVED: 'approuvée',
    DENIED: 'refusée',
    DECLINED: 'déclinée par la personne',
    DUPLICATE: 'écartée comme doublon',
    FINALIZED: 'terminée',
    CANCELED: 'retirée',
    EXPIRED: 'expirée',
  },
};
