/** An account as the decision needs it. */
export interface KnownAccount {
  userId: string;
  isEmailVerified: boolean;
  /** A user of the same directory already. */
  isTied: boolean;
}

/** An account that this directory made, and that its record has left. */
export interface Departure {
  userId: string;
  externalId: string | null;
  userNameNormalized: string;
  emailNormalized: string | null;
}

/** Somebody whom a directory adds. */
export interface Arrival {
  externalId: string | null;
  userNameNormalized: string;
  emailNormalized: string | null;
  isAddressTrusted: boolean;
}

export type AccountDecision =
  | { action: 'CREATE' }
  /** Ties the directory's record to an account that is there. */
  | { action: 'TIE'; userId: string }
  | { action: 'REFUSE'; detail: string };

/**
 * Whose account somebody is whom a directory adds (docs/scim.md). Pure.
 *
 * - Who left comes back to the account that the directory made for them.
 * - An address is matched to an account only where the connection's word about it is trusted and the account's own
 *   address is proven. An address that is taken otherwise is a conflict: two accounts never have one.
 * - Everybody else gets an account.
 */
export function decideAccount(
  arrival: Arrival,
  owner: KnownAccount | null,
  departures: readonly Departure[],
): AccountDecision {
  const left = departures.find((departure) => isSamePerson(departure, arrival));
  if (left) {
    if (owner && owner.userId !== left.userId) return taken('of another person');
    return { action: 'TIE', userId: left.userId };
  }
  if (!owner) return { action: 'CREATE' };
  if (owner.isTied) return taken('of another user of this directory');
  if (!arrival.isAddressTrusted)
    return taken('of an account that this connection may not take over: it is not trusted about this address');
  if (!owner.isEmailVerified) return taken('of an account that has not proven it');
  return { action: 'TIE', userId: owner.userId };
}

/** By the directory's own key where both have one; else by name and address together, since names are given again. */
function isSamePerson(departure: Departure, arrival: Arrival): boolean {
  if (departure.externalId !== null && arrival.externalId !== null) return departure.externalId === arrival.externalId;
  return (
    departure.userNameNormalized === arrival.userNameNormalized && departure.emailNormalized === arrival.emailNormalized
  );
}

function taken(whose: string): AccountDecision {
  return { action: 'REFUSE', detail: `The primary e-mail address is that ${whose}.` };
}
