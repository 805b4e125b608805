import { ApplicationKind } from '../entities/enums.js';
import { checkText, type Fault, fault, UserErrorCode } from '../faults.js';
import { isRedirectUri, REDIRECT_URI_RULE } from '../redirect-uri.js';

/** What can be said of an application when it is made and later: null where it may not be, for a check to say so. */
export interface ApplicationSettings {
  name?: string | null;
  description?: string | null;
  redirectUris?: readonly string[] | null;
  postLogoutRedirectUris?: readonly string[] | null;
  isTenantAdministrator?: boolean | null;
}

const MOST_URIS = 64;
const LONGEST_URI = 512;

/** Everything that is wrong with the settings of an application of this kind. What is absent stays, and is fine. */
export function checkApplication(kind: ApplicationKind, settings: ApplicationSettings): (Fault | null)[] {
  const isMachine = kind === ApplicationKind.MACHINE;
  return [
    checkText(settings.name, { isRequired: true, longest: 128 }, 'name'),
    checkText(settings.description, { longest: 256 }, 'description'),
    ...checkUris(kind, settings.redirectUris, 'redirectUris'),
    ...checkUris(kind, settings.postLogoutRedirectUris, 'postLogoutRedirectUris'),
    !isMachine && settings.redirectUris?.length === 0
      ? fault(UserErrorCode.REQUIRED, 'An application that signs people in needs a redirect URI.', 'redirectUris')
      : null,
    settings.isTenantAdministrator === null
      ? fault(UserErrorCode.REQUIRED, 'isTenantAdministrator cannot be cleared.', 'isTenantAdministrator')
      : null,
    settings.isTenantAdministrator && !isMachine
      ? fault(
          UserErrorCode.INVALID,
          'Only an application of kind MACHINE acts for itself: the others act for the people whom they sign in.',
          'isTenantAdministrator',
        )
      : null,
  ];
}

function checkUris(
  kind: ApplicationKind,
  uris: readonly string[] | null | undefined,
  name: 'redirectUris' | 'postLogoutRedirectUris',
): Fault[] {
  if (uris === undefined) return [];
  if (uris === null) return [fault(UserErrorCode.REQUIRED, `${name} cannot be cleared: give an empty list.`, name)];
  if (uris.length && kind === ApplicationKind.MACHINE)
    return [fault(UserErrorCode.INVALID, 'An application of kind MACHINE signs nobody in.', name)];
  if (uris.length > MOST_URIS)
    return [fault(UserErrorCode.INVALID, `${name} holds at most ${MOST_URIS} values.`, name)];
  return uris.flatMap((uri, index) => {
    if (!/^[\x21-\x7e]+$/.test(uri) || uri.length > LONGEST_URI) {
      const rule = `Each of ${name} is 1 to ${LONGEST_URI} visible ASCII characters.`;
      return [fault(UserErrorCode.INVALID, rule, name, String(index))];
    }
    return isRedirectUri(uri) ? [] : [fault(UserErrorCode.INVALID, REDIRECT_URI_RULE, name, String(index))];
  });
}
