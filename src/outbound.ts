import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, fetch } from 'undici';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What `dns.lookup` gives for a name. */
interface Resolved {
  address: string;
  family: number;
}

interface OutboundOptions {
  /** Addresses and ranges (`10.20.0.0/16`) that are admitted though they are not public. */
  allowedPrivateAddresses: readonly string[];
  /** Every address of a host name, the system's resolver unless said otherwise; asked once for each connection. */
  resolve?: (host: string) => Promise<Resolved[]>;
}

/** Requests to addresses that administrators give, who may not reach what is beside this process. */
export interface Outbound {
  /**
   * `fetch`, of which each connection, for a redirect as for the first address, goes to a public address or to one that
   * is allowed. Anything else is refused before a packet is sent, and the error's causes hold a
   * {@link ForbiddenAddressError}. No proxy is used. The caller gives the time limit (`signal`).
   */
  fetch: (address: string | URL, init?: RequestInit) => Promise<Response>;
  /**
   * The one address of a host (a name, or an address without brackets) to connect to by another protocol than HTTP:
   * connecting to it, and not to the name, keeps it from changing in between. Rejects with a {@link ForbiddenAddressError}.
   */
  resolve: (host: string) => Promise<{ address: string; family: number }>;
  /** Whether a host of a URL may be connected to, as far as can be told beforehand: false for addresses that may not. */
  isAdmitted: (hostname: string) => boolean;
  /** Ends what is still under way, with an error for whoever waits for it. */
  close: () => Promise<void>;
}

/** A host is at no address that may be connected to. The message is for the operator: it tells the addresses. */
export class ForbiddenAddressError extends Error {
  override name = 'ForbiddenAddressError';

  constructor(
    readonly host: string,
    addresses: readonly string[],
  ) {
    const where = addresses.includes(host) ? host : `${host}, which is at ${addresses.join(', ')},`;
    super(`${where} is not public; ALLOWED_PRIVATE_ADDRESSES can allow it`);
  }
}

/** The refusal among the causes of an error, if it is one. */
export function findForbiddenAddress(error: unknown): ForbiddenAddressError | null {
  for (let found = error, depth = 0; found instanceof Error && depth < 10; found = found.cause, depth++) {
    if (found instanceof ForbiddenAddressError) return found;
  }
  return null;
}

/**
 * The rule is applied where a connection is made, to the very address that it is made to: what was looked up before
 * could have changed since (DNS rebinding), and a redirect could lead anywhere.
 */
export function createOutbound({
  allowedPrivateAddresses,
  resolve = (host) => lookup(host, { all: true }),
}: OutboundOptions): Outbound {
  const ranges = allowedPrivateAddresses.map((text) => {
    const range = readAddressRange(text);
    if (!range) throw new Error(`${text} is neither an address nor a range of them.`);
    return range;
  });
  const isAdmitted = (address: string) => isPublicAddress(address) || isWithin(address, ranges);

  // A host may have public addresses and others. Leaving the others out is as safe as refusing it, because a connection
  // is made to these results alone; and it serves hosts that have an address of their own network, too.
  const lookUp: LookupFunction = (host, { all }, callback) => {
    const admitted = resolve(host).then((resolved) => {
      const [first, ...more] = resolved.filter(({ address }) => isAdmitted(address));
      if (first) return [first, ...more] as const;
      throw new ForbiddenAddressError(
        host,
        resolved.map(({ address }) => address),
      );
    });
    admitted.then(
      (found) => (all ? callback(null, [...found]) : callback(null, found[0].address, found[0].family)),
      (error: Error) => callback(error, []),
    );
  };

  const resolveOne = (host: string) =>
    new Promise<{ address: string; family: number }>((done, fail) => {
      const family = isIP(host);
      if (family)
        return isAdmitted(host) ? done({ address: host, family }) : fail(new ForbiddenAddressError(host, [host]));
      lookUp(host, { all: false }, (error, address, found) =>
        error ? fail(error) : done({ address: address as string, family: found! }),
      );
    });

  const connect = buildConnector({ lookup: lookUp, allowH2: false });
  const agent = new Agent({
    connect(options, callback) {
      const { hostname } = options;
      // An address in the place of a name is connected to without a lookup.
      if (!isIP(hostname) || isAdmitted(hostname)) return connect(options, callback);
      queueMicrotask(() => callback(new ForbiddenAddressError(hostname, [hostname]), null));
    },
  });
  // The package's own fetch, because the one of Node.js takes the agents of its own version alone.
  const fetchOverAgent = fetch as unknown as (address: string | URL, init: object) => Promise<Response>;
  return {
    fetch: (address, init) => fetchOverAgent(address, { ...init, dispatcher: agent }),
    resolve: resolveOne,
    isAdmitted: (hostname) => {
      const host = hostname.replace(/^\[(.*)\]$/, '$1');
      return !isIP(host) || isAdmitted(host);
    },
    close: () => agent.destroy(),
  };
}

/**
 * Reads a body up to so many bytes, and has the rest not sent. Rejects when the request's signal aborts, or the
 * connection breaks; what was read until then is lost.
 */
export async function readBounded(response: Response, mostBytes: number): Promise<{ text: string; isCut: boolean }> {
  const chunks: Uint8Array[] = [];
  let room = mostBytes;
  let isCut = false;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk.subarray(0, room));
    isCut = chunk.length > room;
    room -= chunk.length;
    // Leaving the loop cancels the body.
    if (isCut) break;
  }
  // In a text that is cut, half a character at the end is left out.
  return { text: new TextDecoder().decode(Buffer.concat(chunks), { stream: isCut }), isCut };
}

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** Whether the host of a URL is this machine by one of its usual names. */
export function isLoopbackHost(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

/** Whether an address, without brackets, is one of the public internet. What is not an address is not. */
export function isPublicAddress(text: string): boolean {
  if (!isIP(text)) return false;
  const address = unwrap(parse(text));
  if (address.range() !== 'unicast') return false;
  // Of IPv6, ipaddr.js says unicast of all that it knows nothing about; one eighth of it is given out at all.
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
}

/** Reads `10.20.0.0/16`, `fd00::/8` or a single address; null for everything else. */
export function readAddressRange(text: string): [Address, number] | null {
  const [address = '', bits, ...more] = text.split('/');
  const longest = { 0: 0, 4: 32, 6: 128 }[isIP(address)]!;
  if (!longest || more.length || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return null;
  return Number(bits ?? 0) > longest ? null : [parse(address), Number(bits ?? longest)];
}

/** A range admits an address as it is written, and the IPv4 address that it stands for. */
function isWithin(text: string, ranges: readonly [Address, number][]): boolean {
  if (!isIP(text)) return false;
  const address = parse(text);
  return [address, unwrap(address)].some((form) =>
    ranges.some((range) => form.kind() === range[0].kind() && form.match(range)),
  );
}

/** Of what `isIP` takes for an address. ipaddr.js reads `::8.8.8.8` as `::ffff:8.8.8.8`; URLs write it without points. */
function parse(text: string): Address {
  if (isIP(text) === 4) return ipaddr.IPv4.parse(text);
  const { hostname } = new URL(`http://[${text.replace(/%.*$/, '')}]`);
  return ipaddr.IPv6.parse(hostname.slice(1, -1));
}

/**
 * The IPv4 address that an IPv6 address stands for: mapped (`::ffff:`), or translated by the network (`64:ff9b::`, which
 * is how a host without IPv4 reaches public ones). 6to4 and Teredo addresses stay as they are, and are not public.
 */
function unwrap(address: Address): Address {
  if (address instanceof ipaddr.IPv4) return address;
  const isWrapped = address.isIPv4MappedAddress() || address.match(NAT64);
  return isWrapped ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address;
}
