/** What somebody shows to sign in: something they know, have, or are. Two methods of one sort are one factor. */
type Sort = 'KNOWN' | 'OWNED' | 'BODILY';

/**
 * The methods of `amr` that are a factor: those of RFC 8176, and what providers beside it say (`totp` and `mail` of
 * ProConnect, `fido`). Those that are left out are none: where somebody is (geo), that somebody is there (user), what is
 * guessed of the risk (rba), a second channel (mca), the login of the device (wia).
 */
const METHODS: Readonly<Record<string, Sort>> = {
  kba: 'KNOWN',
  pin: 'KNOWN',
  pwd: 'KNOWN',
  fido: 'OWNED',
  hwk: 'OWNED',
  mail: 'OWNED',
  otp: 'OWNED',
  pop: 'OWNED',
  sc: 'OWNED',
  sms: 'OWNED',
  swk: 'OWNED',
  tel: 'OWNED',
  totp: 'OWNED',
  face: 'BODILY',
  fpt: 'BODILY',
  iris: 'BODILY',
  retina: 'BODILY',
  vbm: 'BODILY',
};

/** The levels of assurance (`acr`) that are reached by a second factor alone: those of ProConnect, eIDAS and REFEDS. */
const LEVELS: readonly string[] = [
  'eidas0-mfa',
  'eidas1-mfa',
  'eidas2',
  'eidas3',
  'https://proconnect.gouv.fr/assurance/self-asserted-2fa',
  'https://proconnect.gouv.fr/assurance/consistency-checked-2fa',
  'http://eidas.europa.eu/LoA/substantial',
  'http://eidas.europa.eu/LoA/high',
  'https://refeds.org/profile/mfa',
  'http://schemas.openid.net/pape/policies/2007/06/multi-factor',
];

/** What a provider says of how somebody signed in. */
export interface SignInMeans {
  acr: string | null;
  amr: readonly string[];
}

/**
 * Whether a provider says that it asked for a second factor: `amr` holds `mfa`, or methods of two sorts; or `acr` is a
 * level that takes one, known or named by the connection (`mfaAcr`). Compared exactly, as both specifications say: what
 * is not known counts for nothing.
 */
export function provesSecondFactor({ acr, amr }: SignInMeans, mfaAcr: readonly string[] = []): boolean {
  if (amr.includes('mfa')) return true;
  if (acr !== null && (LEVELS.includes(acr) || mfaAcr.includes(acr))) return true;
  const sorts = amr.flatMap((method) => (Object.hasOwn(METHODS, method) ? [METHODS[method]] : []));
  return new Set(sorts).size > 1;
}
