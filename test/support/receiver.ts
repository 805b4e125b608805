import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A request that a receiver of webhooks was sent. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  at: number;
}

export type Answer = (request: Received, response: ServerResponse) => void;

/** A real receiver of webhooks: it keeps what it is sent, and answers as told. */
export interface Receiver {
  url: string;
  port: number;
  received: Received[];
  /** The ids of what was received, in order. */
  ids: () => string[];
  /** 204 unless told otherwise. */
  answer: Answer;
  close: () => Promise<void>;
}

export async function startReceiver(answer?: Answer): Promise<Receiver> {
  const receiver = { received: [] as Received[], answer: answer ?? take } as Receiver;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const received = { path, headers, body: Buffer.concat(chunks).toString(), at: Date.now() };
      receiver.received.push(received);
      receiver.answer(received, response);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.port = (server.address() as AddressInfo).port;
  receiver.url = `http://127.0.0.1:${receiver.port}/hook`;
  receiver.ids = () => receiver.received.map(({ headers }) => headers['webhook-id'] as string);
  receiver.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return receiver;
}

export const take: Answer = (_, response) => void response.writeHead(204).end();

export const respond =
  (status: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

/** What the receiver's library makes of a request: the message; it throws when the signature is not good. */
export function verify(secret: string, { body, headers }: Received): any {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}
