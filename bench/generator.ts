import { connect, type Socket } from 'node:net';

/*
 * The load generator, a process of its own: keep-alive connections over plain sockets, one request under way on each,
 * so that it costs the machine little. Every answer must be the expected one, byte for byte.
 */

export interface LoadCommand {
  port: number;
  connections: number;
  milliseconds: number;
  /** Whole requests as they go over the wire, and the body that each must bring. */
  requests: string[];
  bodies: string[];
}

export interface LoadResult {
  perSecond: number;
  /** Milliseconds. */
  median: number;
  p99: number;
}

process.on('message', (command: LoadCommand) => {
  load(command).then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));

async function load({ port, connections, milliseconds, requests, bodies }: LoadCommand): Promise<LoadResult> {
  const wire = requests.map((request) => Buffer.from(request));
  const expected = bodies.map((body) => Buffer.from(body));
  const latencies: number[] = [];
  let next = 0;
  const begun = performance.now();
  const end = begun + milliseconds;

  const drive = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      let chunks: Buffer[] = [];
      let index = 0;
      let sentAt = 0;
      let missing = -1;
      const send = () => {
        index = next++ % wire.length;
        chunks = [];
        missing = -1;
        sentAt = performance.now();
        socket.write(wire[index]!);
      };
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('The server closed a connection.')));
      socket.on('data', (chunk: Buffer) => {
        if (missing < 0) {
          const head = chunks.length ? Buffer.concat([...chunks.splice(0), chunk]) : chunk;
          const bodyAt = head.indexOf('\r\n\r\n') + 4;
          if (bodyAt < 4) {
            chunks.push(head);
            return;
          }
          const header = head.toString('latin1', 0, bodyAt);
          const length = /\r\ncontent-length: (\d+)\r\n/i.exec(header);
          if (!header.startsWith('HTTP/1.1 200 ') || !length)
            return reject(new Error(`An answer was refused: ${head.toString()}`));
          chunk = head.subarray(bodyAt);
          missing = Number(length[1]);
        }
        chunks.push(chunk);
        missing -= chunk.length;
        if (missing > 0) return;
        const body = chunks.length > 1 ? Buffer.concat(chunks) : chunk;
        if (!body.equals(expected[index]!))
          return reject(new Error(`An answer differs:\n${body.toString()}\nexpected:\n${bodies[index]}`));
        const now = performance.now();
        latencies.push(now - sentAt);
        if (now < end) send();
        else resolve();
      });
      send();
    });

  const sockets = await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
          socket.once('error', reject);
        }),
    ),
  );
  try {
    await Promise.all(sockets.map(drive));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  const seconds = (performance.now() - begun) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    perSecond: latencies.length / seconds,
    median: latencies[Math.floor(latencies.length / 2)]!,
    p99: latencies[Math.floor(latencies.length * 0.99)]!,
  };
}
