import { once } from 'node:events';
import { connect as connectPlainly, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { SourceErrorCode } from '../../../entities/source-enums.js';
import type { Outbound } from '../../../outbound.js';
import { SourceError } from '../source-error.js';

/** A connection to a host that an administrator named: to an address that may be connected to, or none. */
export async function connect(host: string, port: number, outbound: Outbound, signal: AbortSignal): Promise<Socket> {
  const { address } = await outbound.resolve(host);
  signal.throwIfAborted();
  const socket = connectPlainly({ host: address, port });
  try {
    await until(socket, 'connect', signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket.setNoDelay(true);
}

/** Encrypts a connection, and proves that the other end is `host`. `ca`: whom its certificate is to come from, in PEM. */
export async function secure(socket: Socket, host: string, ca: string | null, signal: AbortSignal): Promise<Socket> {
  const secured = connectSecurely({
    socket,
    host,
    // The name that the certificate is to be of; addresses are looked for as such.
    ...(isIP(host) ? {} : { servername: host }),
    ...(ca ? { ca } : {}),
    minVersion: 'TLSv1.2',
  });
  await until(secured, 'secureConnect', signal);
  return secured;
}

/** What comes next on a connection of which nothing else reads. */
export async function readSome(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  const [bytes] = (await until(socket, 'data', signal)) as [Buffer];
  socket.removeAllListeners('data').pause();
  return bytes;
}

/** One event of a connection, unless it fails, ends or is given up before. */
async function until(socket: Socket, event: string, signal: AbortSignal): Promise<unknown[]> {
  const over = new AbortController();
  const ended = once(socket, 'close', { signal: over.signal }).then(() => {
    throw new SourceError(SourceErrorCode.UNREACHABLE, 'The source ended the connection.');
  });
  ended.catch(() => undefined);
  try {
    return (await Promise.race([once(socket, event, { signal }), ended])) as unknown[];
  } finally {
    over.abort();
    // What fails from now on is told by the end of the connection.
    socket.on('error', () => undefined);
  }
}
