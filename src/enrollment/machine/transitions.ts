import { PetitionStatus as S } from '../../entities/enums.js';

/** Statuses from which a petition never moves. */
const TERMINAL: readonly S[] = [];

/**
 * The statuses that each status may be followed by. Nothing else is possible, whoever asks (docs/adr/0011 tells how this
 * differs from COmanage's).
 */
export const TRANSITIONS: Readonly<Record<S, readonly S[]>> = {
  CREATED: [
    S.PENDING_CONFIRMATION,
    S.PENDING_VETTING,
    S.PENDING_APPROVAL,
    S.DENIED,
    S.DUPLICATE,
    S.FINALIZED,
    S.CANCELED,
    S.EXPIRED,
  ],
  PENDING_CONFIRMATION: [S.CONFIRMED, S.DECLINED, S.DENIED, S.DUPLICATE, S.CANCELED, S.EXPIRED],
  CONFIRMED: [S.PENDING_VETTING, S.PENDING_APPROVAL, S.DENIED, S.DUPLICATE, S.FINALIZED, S.CANCELED, S.EXPIRED],
  PENDING_VETTING: [S.PENDING_APPROVAL, S.DENIED, S.CANCELED, S.EXPIRED],
  PENDING_APPROVAL: [S.APPROVED, S.DENIED, S.DUPLICATE, S.CANCELED, S.EXPIRED],
  APPROVED: [S.FINALIZED, S.CANCELED],
  DENIED: TERMINAL,
  DECLINED: TERMINAL,
  DUPLICATE: TERMINAL,
  FINALIZED: TERMINAL,
  CANCELED: TERMINAL,
  EXPIRED: TERMINAL,
};

export function mayFollow(from: S, to: S): boolean {
  return TRANSITIONS[from].includes(to);
}

export function isTerminal(status: S): boolean {
  return TRANSITIONS[status].length === 0;
}

export const TERMINAL_STATUSES: readonly S[] = Object.values(S).filter(isTerminal);
