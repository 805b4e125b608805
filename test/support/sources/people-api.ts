import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ApiPerson {
  id: string;
  mail: string;
  given: string;
  family: string;
  number?: string;
}

/** A JSON API that knows people: `GET /people`, `/people?mail=…`, `/people?number=…`, `/people/<id>`. */
export interface PeopleApi {
  /** Its address, without a slash at the end. */
  url: string;
  people: ApiPerson[];
  /** What it was asked, with the bearer token. */
  asked: { path: string; authorization: string | undefined }[];
  /** Null: it answers as it should. */
  broken: { status: number; body: string } | null;
  /** Settings of a source of kind HTTP that reads it. */
  settings: Record<string, unknown>;
  close: () => Promise<void>;
}

export async function startPeopleApi(people: ApiPerson[] = []): Promise<PeopleApi> {
  const server = createServer((request, response) => {
    api.asked.push({ path: request.url!, authorization: request.headers.authorization });
    const { status, body } = api.broken ?? answer(api.people, request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: PeopleApi = {
    url,
    people,
    asked: [],
    broken: null,
    settings: {
      baseUrl: url,
      authentication: { method: 'NONE' },
      searchByEmail: '/people?mail={email}',
      searchByIdentifier: '/people?number={value}',
      retrieve: '/people/{key}',
      inventory: '/people',
      mapping: {
        key: 'id',
        givenName: 'given',
        familyName: 'family',
        emails: 'mail',
        identifiers: [{ type: 'number', value: 'number' }],
        attributes: { office: 'office' },
      },
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return api;
}

function answer(people: ApiPerson[], { url }: IncomingMessage): { status: number; body: string } {
  const { pathname, searchParams } = new URL(url!, 'http://api');
  const [mail, number] = [searchParams.get('mail')?.toLowerCase(), searchParams.get('number')];
  const id = decodeURIComponent(pathname.split('/')[2] ?? '');
  if (id) {
    const found = people.find((person) => person.id === id);
    return found ? { status: 200, body: JSON.stringify(found) } : { status: 404, body: '{}' };
  }
  const found = people.filter(
    (person) => (!mail || person.mail.toLowerCase() === mail) && (!number || person.number === number),
  );
  return { status: 200, body: JSON.stringify(found) };
}
