import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A local registry of organizations, of the shape of recherche-entreprises. */
export interface Registry {
  /** Its search address. */
  url: string;
  /** The requests that came, in order. */
  requests: IncomingMessage[];
  close(): Promise<void>;
}

/** `answer` is how it answers; it may also not. */
export async function startRegistry(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Registry> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/search`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What the registry knows of one company, with the establishment that was asked for. */
export function companyOf(siret: string, name: string) {
  return {
    siren: siret.slice(0, 9),
    nom_complet: name,
    nom_raison_sociale: name,
    sigle: null,
    siege: { siret, etat_administratif: 'A' },
    etat_administratif: 'A',
    matching_etablissements: [{ siret, est_siege: true, etat_administratif: 'A', liste_enseignes: null }],
  };
}

export function answerJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
