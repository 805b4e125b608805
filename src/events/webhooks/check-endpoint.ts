import { checkText, type Fault, fault, UserErrorCode } from '../../faults.js';
import { isLoopbackHost, type Outbound } from '../../outbound.js';
import { explainUnaskable, isAskable, MOST_ASKED_TYPES } from '../event-filter.js';

const LONGEST_URL = 2_048;
const LONGEST_DESCRIPTION = 256;

/** What an administrator may say of an endpoint. */
export interface EndpointSettings {
  url?: string | null;
  description?: string | null;
  eventTypes?: readonly string[] | null;
}

/** What addresses are checked against. */
export interface AddressRules {
  outbound: Pick<Outbound, 'isAdmitted'>;
  /** Whether http:// addresses of this machine are allowed. */
  allowsInsecureLoopback: boolean;
}

/** Everything that is wrong with the settings of an endpoint; what is absent is fine. */
export function checkEndpoint({ url, description, eventTypes }: EndpointSettings, rules: AddressRules): Fault[] {
  const faults: (Fault | null)[] = [
    checkUrl(url, rules),
    checkText(description, { longest: LONGEST_DESCRIPTION }, 'description'),
    eventTypes === null
      ? fault(UserErrorCode.REQUIRED, 'eventTypes cannot be cleared; an empty list asks for all.', 'eventTypes')
      : null,
    (eventTypes?.length ?? 0) > MOST_ASKED_TYPES
      ? fault(UserErrorCode.INVALID, `eventTypes holds at most ${MOST_ASKED_TYPES}.`, 'eventTypes')
      : null,
    ...(eventTypes ?? []).slice(0, MOST_ASKED_TYPES).map(checkEventType),
  ];
  return faults.filter((found): found is Fault => found !== null);
}

/** Whether messages may be sent there as far as the address itself says: where it leads is checked on connecting. */
export function isSafeUrl({ protocol, hostname, username, password }: URL, allowsInsecureLoopback: boolean): boolean {
  if (username || password) return false;
  return protocol === 'https:' || (allowsInsecureLoopback && protocol === 'http:' && isLoopbackHost(hostname));
}

function checkUrl(text: string | null | undefined, { outbound, allowsInsecureLoopback }: AddressRules): Fault | null {
  if (text === undefined) return null;
  if (text === null || text.trim() === '') return fault(UserErrorCode.REQUIRED, 'url is needed.', 'url');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (text.length > LONGEST_URL || (url?.href.length ?? 0) > LONGEST_URL) {
    return fault(UserErrorCode.TOO_LONG, `url is at most ${LONGEST_URL} characters.`, 'url');
  }
  if (!url || !isSafeUrl(url, allowsInsecureLoopback) || text.includes('#')) {
    return fault(
      UserErrorCode.INVALID,
      'url is an absolute https address, without user name, password and fragment.',
      'url',
    );
  }
  if (outbound.isAdmitted(url.hostname)) return null;
  return fault(
    UserErrorCode.INVALID,
    `${url.hostname} is not a public address. The operator can allow it (ALLOWED_PRIVATE_ADDRESSES).`,
    'url',
  );
}

function checkEventType(asked: string, index: number): Fault | null {
  if (isAskable(asked)) return null;
  return fault(UserErrorCode.INVALID, explainUnaskable(asked), 'eventTypes', String(index));
}
