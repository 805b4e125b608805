import { ClientAuthentication } from '../entities/enums.js';
import { checkText, type Fault, fault, UserErrorCode } from '../faults.js';
import { isLoopbackHost } from '../outbound.js';
import { isRedirectUri, REDIRECT_URI_RULE } from '../redirect-uri.js';
import { DEFAULT_CLAIM_NAMES } from './claims.js';
import type { EditableSettings } from './connection-presets.js';

const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
];
const LISTS = [
  'scopes',
  'requiredAcr',
  'requiredAmr',
  'mfaAcr',
  'redirectUris',
  'emailDomains',
  'allowedIdps',
] as const;

/** Everything that is wrong with the settings of a connection. `isInsecureAllowed`: http:// loopback addresses are. */
export function checkConnection(settings: Partial<EditableSettings>, isInsecureAllowed: boolean): Fault[] {
  const faults: (Fault | null)[] = [
    checkText(settings.name, { isRequired: true, longest: 128 }, 'settings', 'name'),
    checkText(settings.clientId, { isRequired: true, longest: 256 }, 'settings', 'clientId'),
    checkText(
      settings.defaultOrganizationName,
      { isRequired: true, longest: 128 },
      'settings',
      'defaultOrganizationName',
    ),
    checkIssuer(settings.issuer, isInsecureAllowed),
    checkAlgorithm(settings.idTokenAlgorithm, 'idTokenAlgorithm'),
    settings.userinfoAlgorithm ? checkAlgorithm(settings.userinfoAlgorithm, 'userinfoAlgorithm') : null,
    ...LISTS.flatMap((name) => checkList(name, settings[name])),
    ...(settings.redirectUris ?? []).map((uri, index) => checkRedirectUri(uri, index)),
    ...checkClaimNames(settings.claimNames),
  ];
  if (settings.scopes && !settings.scopes.includes('openid'))
    faults.push(invalid('scopes must hold openid.', 'scopes'));
  const { sessionMinutes: minutes } = settings;
  if (minutes !== undefined && !(minutes >= 5 && minutes <= 43_200))
    faults.push(invalid('sessionMinutes is between 5 and 43200.', 'sessionMinutes'));
  if (settings.clientAuthentication === ClientAuthentication.NONE && settings.usesPkce === false) {
    faults.push(invalid('A client that does not authenticate needs PKCE: set usesPkce.', 'usesPkce'));
  }
  return faults.filter((found): found is Fault => found !== null);
}

function invalid(message: string, ...field: string[]): Fault {
  return fault(UserErrorCode.INVALID, message, 'settings', ...field);
}

function checkIssuer(issuer: string | undefined, isInsecureAllowed: boolean): Fault | null {
  if (issuer === undefined) return null;
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const isLoopback = url !== null && isLoopbackHost(url.hostname);
  const isFitting = url?.protocol === 'https:' || (isInsecureAllowed && isLoopback && url?.protocol === 'http:');
  if (!isFitting || url.search || url.hash || url.username) {
    return invalid("issuer is the provider's https address, without query, fragment and credentials.", 'issuer');
  }
  return null;
}

function checkAlgorithm(algorithm: string | undefined, name: string): Fault | null {
  if (algorithm === undefined || ALGORITHMS.includes(algorithm)) return null;
  return invalid(`${name} is a digital signature: one of ${ALGORITHMS.join(', ')}.`, name);
}

function checkList(name: string, values: readonly string[] | undefined): Fault[] {
  if (!values) return [];
  if (values.length > 64) return [invalid(`${name} holds at most 64 values.`, name)];
  return values.flatMap((value, index) =>
    /^[\x21-\x7e]{1,512}$/.test(value)
      ? []
      : [invalid(`Each of ${name} is 1 to 512 visible ASCII characters.`, name, String(index))],
  );
}

function checkRedirectUri(uri: string, index: number): Fault | null {
  return isRedirectUri(uri) ? null : invalid(REDIRECT_URI_RULE, 'redirectUris', String(index));
}

function checkClaimNames(claimNames: Record<string, unknown> | undefined): Fault[] {
  return Object.entries(claimNames ?? {}).flatMap(([property, claim]) => {
    if (!Object.hasOwn(DEFAULT_CLAIM_NAMES, property)) {
      return [
        invalid(
          `claimNames knows ${Object.keys(DEFAULT_CLAIM_NAMES).join(', ')}; not ${property}.`,
          'claimNames',
          property,
        ),
      ];
    }
    const isName = typeof claim === 'string' && /^[\x21-\x7e]{1,256}$/.test(claim);
    return isName ? [] : [invalid('The name of a claim is 1 to 256 visible ASCII characters.', 'claimNames', property)];
  });
}
