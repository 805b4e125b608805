import { createServer, type Socket } from 'node:net';

/** A server that does what a test says with every connection, and counts. */
export interface HostileServer {
  port: number;
  /** What becomes of connections from now on. */
  behave: (socket: Socket) => void;
  connections: number;
  stop(): Promise<void>;
}

export async function startHostileServer(behave: HostileServer['behave']): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    server.connections++;
    server.behave(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const server: HostileServer = {
    port: (listener.address() as { port: number }).port,
    behave,
    connections: 0,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return server;
}

/** Reads, and never answers. */
export const hang: HostileServer['behave'] = (socket) => void socket.resume();

/** One element of BER. */
export function ber(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  return Buffer.concat([Buffer.from([tag, 0x84]), size, body]);
}

const octets = (text: string) => ber(0x04, Buffer.from(text));

/** An LDAP message: the answer to the request with this number. */
export function ldapMessage(id: number, answer: Buffer): Buffer {
  return ber(0x30, ber(0x02, Buffer.from([id])), answer);
}

export function ldapEntry(id: number, uid: string): Buffer {
  const attribute = ber(0x30, octets('uid'), ber(0x31, octets(uid)));
  return ldapMessage(id, ber(0x64, octets(`uid=${uid}`), ber(0x30, attribute)));
}

/** A result (0x65: of a search) with this code. */
export function ldapResult(id: number, code = 0, tag = 0x65): Buffer {
  return ldapMessage(id, ber(tag, ber(0x0a, Buffer.from([code])), octets(''), octets('')));
}

/** Answers each LDAP request by what `answer` makes of its number. */
export function answering(answer: (id: number, socket: Socket) => void): HostileServer['behave'] {
  return (socket) => {
    socket.on('data', (bytes) => {
      // Requests of a few bytes: 30 length 02 01 id.
      const at = bytes.indexOf(Buffer.from([0x02, 0x01]));
      if (at >= 0) answer(bytes[at + 2]!, socket);
    });
  };
}
