import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What a name has: TXT records, each as the strings that it is made of; or how asking for it goes wrong. */
export type TxtZone = Map<string, string[][] | 'SERVFAIL' | 'SILENCE'>;

export interface DnsServer {
  /** `address:port`, as a resolver is told of it. */
  address: string;
  /** By name, in lower case. A name that is not here does not exist. */
  zone: TxtZone;
  /** The names that were asked for. */
  asked: string[];
  close: () => Promise<void>;
}

const TXT = 16;
const [NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME] = [0, 2, 3];

/** A DNS server on this machine that knows TXT records alone. */
export async function startDnsServer(): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const zone: TxtZone = new Map();
  const asked: string[] = [];
  socket.on('message', (query, { address, port }) => {
    const { name, type, end } = readQuestion(query);
    asked.push(name);
    const found = zone.get(name);
    if (found === 'SILENCE') return;
    const records = Array.isArray(found) && type === TXT ? found : [];
    const code = found === 'SERVFAIL' ? SERVER_FAILURE : found ? NO_ERROR : NO_SUCH_NAME;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // An answer with authority, to a question that wanted recursion.
    header.writeUInt16BE(0x8580 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...records.map(writeTxt)]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    zone,
    asked,
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A record of the name that was asked for: a pointer to it, TXT, IN, no time to live, and the strings. */
function writeTxt(strings: string[]): Buffer {
  const data = Buffer.concat(strings.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])));
  const head = Buffer.from([0xc0, 0x0c, 0, TXT, 0, 1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
