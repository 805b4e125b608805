import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Source } from '../../../src/enrollment/sources/source.js';
import { SourceKind } from '../../../src/entities/source-enums.js';
import type { SeededTenant } from '../factories.js';
import type { Gateway } from '../gateway.js';
import { makeSource } from './make.js';

/** What a match server was told: of whom, and by whom. */
export interface MatchAsked {
  method: string;
  path: string;
  authorization: string | undefined;
  body: { sorAttributes: { names: object[]; emailAddresses: object[]; identifiers: object[] }; referenceId?: string };
}

/** A server of the Identity Match API, as an institution would run it: it answers as it is told, and knows nobody. */
export interface MatchServer {
  url: string;
  asked: MatchAsked[];
  /** What it answers, the last one again and again. */
  answers: { status: number; body?: unknown }[];
  close: () => Promise<void>;
}

export async function startMatchServer(): Promise<MatchServer> {
  const served: MatchServer = { url: '', asked: [], answers: [], close: () => Promise.resolve() };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const body = JSON.parse(Buffer.concat(chunks).toString()) as MatchAsked['body'];
      served.asked.push({ method, path: url, authorization: headers.authorization, body });
      const answer = (served.answers.length > 1 ? served.answers.shift() : served.answers[0]) ?? { status: 500 };
      const isJson = answer.body !== undefined;
      response.writeHead(answer.status, isJson ? { 'content-type': 'application/json' } : {});
      response.end(isJson ? JSON.stringify(answer.body) : undefined);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  served.close = () =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return served;
}

/** A source of kind MATCH that asks such a server, as `vestibule` with the password `secret`. */
export function makeMatchSource(
  gateway: Pick<Gateway, 'tenant' | 'services'>,
  { url }: Pick<MatchServer, 'url'>,
  overrides: Partial<Source> = {},
): Promise<Source> {
  const { tenant, services } = gateway as { tenant: SeededTenant; services: Gateway['services'] };
  return makeSource(tenant, {
    kind: SourceKind.MATCH,
    settings: { url, authentication: { method: 'BASIC', username: 'vestibule' } },
    timeLimitMilliseconds: 2_000,
    secrets: { password: 'secret' },
    sealing: services.sealing,
    ...overrides,
  });
}
