import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedPerson {
  key: string;
  family: string;
  given?: string;
  emails?: string[];
  affiliation?: string;
}

/** A JSON API of people, as somebody else would run it: everybody by pages, one by key, by address, and what changed. */
export interface PeopleServer {
  url: string;
  /** By key, in the order in which they are listed. */
  people: Map<string, ServedPerson>;
  /** What was asked: method and address. */
  asked: string[];
  /** Puts a person there, or another one in their place, and remembers that it changed. */
  put: (person: ServedPerson) => void;
  remove: (key: string) => void;
  /** Answers before the people do; null: they do. */
  fault: ((url: URL, response: ServerResponse) => boolean | Promise<boolean>) | null;
  close: () => Promise<void>;
}

const PAGE = 100;

/** Starts one at a free port. */
export async function startPeopleServer(): Promise<PeopleServer> {
  const people = new Map<string, ServedPerson>();
  const changes: { number: number; key: string }[] = [];
  const asked: string[] = [];
  const http = createServer((request, response) => void answer(request.url!, response));
  const served: PeopleServer = {
    url: '',
    people,
    asked,
    fault: null,
    put(person) {
      people.set(person.key, person);
      changes.push({ number: changes.length + 1, key: person.key });
    },
    remove(key) {
      people.delete(key);
      changes.push({ number: changes.length + 1, key });
    },
    close: () =>
      new Promise((resolve) => {
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };

  async function answer(path: string, response: ServerResponse): Promise<void> {
    asked.push(path);
    const url = new URL(path, 'http://people.test');
    if (served.fault && (await served.fault(url, response))) return;
    const send = (body: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const one = /^\/people\/(.+)$/.exec(url.pathname)?.[1];
    const mail = url.searchParams.get('mail');
    const since = url.searchParams.get('since');
    if (one !== undefined) {
      const person = people.get(decodeURIComponent(one));
      send(person ?? {}, person ? 200 : 404);
    } else if (mail !== null) {
      const suits = ({ emails = [] }: ServedPerson) =>
        emails.some((address) => address.toLowerCase() === mail.toLowerCase()) || false;
      send({ people: [...people.values()].filter(suits) });
    } else if (url.pathname === '/changes') {
      const keys = changes.filter(({ number }) => number > Number(since || 0)).map(({ key }) => key);
      const found = [...new Set(keys)];
      send({
        people: found.flatMap((key) => people.get(key) ?? []),
        gone: found.filter((key) => !people.has(key)),
        since: String(changes.length),
      });
    } else {
      const from = Number(url.searchParams.get('cursor') || 0);
      const all = [...people.values()];
      const next = from + PAGE < all.length ? String(from + PAGE) : null;
      send({ people: all.slice(from, from + PAGE), next });
    }
  }

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  served.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return served;
}

/** The settings of a source of kind HTTP that asks it. */
export function settingsOf({ url }: PeopleServer, { hasChanges = false } = {}) {
  return {
    baseUrl: url,
    searchByEmail: '/people?mail={email}',
    retrieve: '/people/{key}',
    inventory: '/people?cursor={cursor}',
    people: 'people',
    nextCursor: 'next',
    ...(hasChanges ? { changes: '/changes?since={since}', removedKeys: 'gone', nextSince: 'since' } : {}),
    mapping: { key: 'key', familyName: 'family', givenName: 'given', emails: 'emails', affiliation: 'affiliation' },
    authentication: { method: 'NONE' },
  };
}
