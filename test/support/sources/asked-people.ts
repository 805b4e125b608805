import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runSourceChecks } from '../../../src/enrollment/checks/run-checks.js';
import type { Source } from '../../../src/enrollment/sources/source.js';
import { SourceKind } from '../../../src/entities/source-enums.js';
import type { SeededTenant } from '../factories.js';
import type { Gateway } from '../gateway.js';
import { makeSource } from './make.js';

/** Somebody whom a source of people knows. */
export interface AskedPerson {
  key: string;
  emails: string[];
  givenName?: string;
  familyName?: string | string[];
  affiliation?: string;
}

/** A real web service that knows people: it keeps what it is asked, and answers as it is told, when it is told. */
export interface AskedPeople {
  url: string;
  people: AskedPerson[];
  /** The address and query of each request, the first one first. */
  asked: string[];
  /** Answers with this status instead, such as 503. */
  status: number | null;
  /** Finds whoever has an address that begins as the one that is asked about. */
  isFuzzy: boolean;
  /** From now on, what is asked is answered once it is released; `waiting` ends with the first request. */
  hold: () => { waiting: Promise<void>; release: () => void };
  /** Nobody waits for its end. */
  unref: () => void;
  close: () => Promise<void>;
}

export async function startAskedPeople(people: AskedPerson[] = []): Promise<AskedPeople> {
  let held: { arrived: () => void; until: Promise<void> } | null = null;
  const served: AskedPeople = {
    url: '',
    people,
    asked: [],
    status: null,
    isFuzzy: false,
    hold() {
      let arrived!: () => void;
      let release!: () => void;
      const waiting = new Promise<void>((done) => (arrived = done));
      held = { arrived, until: new Promise<void>((done) => (release = done)) };
      return { waiting, release: () => ((held = null), release()) };
    },
    unref: () => void server.unref(),
    close: () => closeServer(server),
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    served.asked.push(path);
    const waits = held;
    if (!waits) return answer(served, path, response);
    waits.arrived();
    void waits.until.then(() => answer(served, path, response));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return served;
}

function answer({ people, status, isFuzzy }: AskedPeople, path: string, response: ServerResponse): void {
  if (status) return void response.writeHead(status).end();
  const url = new URL(path, 'http://localhost');
  const mail = url.searchParams.get('mail')?.toLowerCase();
  const knows = (email: string) => (isFuzzy ? email.startsWith(mail!.split('@')[0]!) : email === mail);
  const found = mail
    ? people.filter(({ emails }) => emails.some((email) => knows(email.toLowerCase())))
    : (people.find(({ key }) => key === decodeURIComponent(url.pathname.split('/').at(-1)!)) ?? null);
  response.writeHead(found === null ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(found));
}

function closeServer(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}

/** A source of kind HTTP that asks such a service. */
export function makePeopleSource(
  tenant: SeededTenant,
  { url }: Pick<AskedPeople, 'url'>,
  overrides: Partial<Source> = {},
): Promise<Source> {
  return makeSource(tenant, {
    kind: SourceKind.HTTP,
    settings: {
      baseUrl: url,
      authentication: { method: 'NONE' },
      searchByEmail: '/people?mail={email}',
      retrieve: '/people/{key}',
      mapping: {
        key: 'key',
        givenName: 'givenName',
        familyName: 'familyName',
        emails: 'emails',
        affiliation: 'affiliation',
      },
    },
    timeLimitMilliseconds: 2_000,
    ...overrides,
  });
}

/** Does the job that asks sources for a petition, as the queue would; `petitionId` as the API has it. */
export async function askSources(
  gateway: Gateway,
  petitionId: string,
  signal = new AbortController().signal,
): Promise<void> {
  const job = { tenantId: gateway.tenant.id, petitionId: petitionId.replace(/^pet_/, '') };
  const taken = `delete from pgboss.job where name = 'source-checks' and singleton_key = $2 and $1::uuid is not null`;
  await gateway.rows(taken, [job.petitionId]);
  return runSourceChecks(gateway.services, job, signal);
}
