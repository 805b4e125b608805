import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createNameLookup, retryDelay } from '../../src/sso/name-lookup.js';
import { answerJson, companyOf, type Registry, startRegistry } from '../support/registry.js';

const SIRET = '13002526500013';
const OTHER = '11002001300097';
const NOW = new Date('2026-11-21T13:00:00Z');
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const QUARTER_HOUR = 15 * 60;
const DAY = 24 * 60 * 60;

let registry: Registry | undefined;
afterEach(async () => {
  await registry?.close();
  registry = undefined;
});

async function lookupAt(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  timeoutMilliseconds = 10_000,
) {
  registry = await startRegistry(answer);
  return lookupOf(registry.url, timeoutMilliseconds);
}

function lookupOf(url: string | undefined, timeoutMilliseconds = 10_000) {
  return createNameLookup({
    url,
    timeoutMilliseconds,
    userAgent: 'Vestibule/test',
    clock: () => NOW,
    log: pino({ level: 'silent' }),
  });
}

describe('the name lookup', () => {
  it('asks by SIRET, says who asks, and gives the name of the answer', async () => {
    const lookup = await lookupAt((_, response) =>
      answerJson(response, { results: [companyOf(SIRET, 'DINUM')], total_results: 1 }),
    );
    expect(await lookup(SIRET)).toEqual({ name: 'DINUM' });
    const [request] = registry!.requests;
    expect([request!.method, request!.url, request!.headers['user-agent']]).toEqual([
      'GET',
      `/search?q=${SIRET}`,
      'Vestibule/test',
    ]);
  });

  it('finds an establishment that is not the head office', async () => {
    const company = {
      ...companyOf(OTHER, 'LA COMPAGNIE'),
      matching_etablissements: [{ siret: OTHER }, { siret: SIRET }],
    };
    const lookup = await lookupAt((_, response) =>
      answerJson(response, { results: [companyOf(OTHER, 'ANOTHER'), company] }),
    );
    expect(await lookup(SIRET)).toEqual({ name: 'LA COMPAGNIE' });
  });

  it('makes one line of at most 128 characters of the name', async () => {
    const lookup = await lookupAt((_, response) =>
      answerJson(response, { results: [companyOf(SIRET, ` A\r\n\u0000B ${'𝒟'.repeat(200)}`)] }),
    );
    const { name } = await lookup(SIRET);
    expect(name).toBe(`A B ${'𝒟'.repeat(124)}`);
  });

  it.each([
    ['null', { nom_raison_sociale: null }],
    ['empty', { nom_raison_sociale: '' }],
    ['absent', { nom_raison_sociale: undefined }],
  ])('takes the full name where the legal name is %s', async (_, fields) => {
    const lookup = await lookupAt((__, response) =>
      answerJson(response, { results: [{ ...companyOf(SIRET, 'ANNA DURAND'), ...fields }] }),
    );
    expect(await lookup(SIRET)).toEqual({ name: 'ANNA DURAND' });
  });

  it('[SSO-32] ignores an answer about another SIRET, and asks again the next day', async () => {
    const lookup = await lookupAt((_, response) => answerJson(response, { results: [companyOf(OTHER, 'ANOTHER')] }));
    expect(await lookup(SIRET)).toEqual({ name: null, retryAt: after(DAY) });
  });

  it('[SSO-32] asks again the next day where the registry knows nothing', async () => {
    const lookup = await lookupAt((_, response) => answerJson(response, { results: [], total_results: 0 }));
    expect(await lookup(SIRET)).toEqual({ name: null, retryAt: after(DAY) });
  });

  it.each([
    ['429 with Retry-After in seconds', 429, '120', 120],
    ['429 with Retry-After as a date', 429, new Date(NOW.getTime() + 90_000).toUTCString(), 90],
    ['429 without Retry-After', 429, undefined, QUARTER_HOUR],
    ['503 with Retry-After', 503, '30', 30],
    ['500', 500, undefined, QUARTER_HOUR],
    ['404', 404, undefined, DAY],
  ])('[SSO-32] on %s gives no name and says when to ask again', async (_, status, retryAfter, seconds) => {
    const lookup = await lookupAt((__, response) => {
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('refused');
    });
    expect(await lookup(SIRET)).toEqual({ name: null, retryAt: after(seconds) });
  });

  const faults: [string, (request: IncomingMessage, response: ServerResponse) => void][] = [
    ['bad JSON', (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"results":')],
    ['JSON of another shape', (_, response) => answerJson(response, { results: { siret: SIRET } })],
    ['JSON that is not an object', (_, response) => answerJson(response, null)],
    [
      'an answer that breaks off',
      (_, response) => response.writeHead(200, { 'content-length': '1000' }).write('{', () => response.destroy()),
    ],
    ['a connection that breaks off', (request) => request.socket.destroy()],
  ];
  it.each(faults)('[SSO-32] on %s gives no name and asks again in a quarter of an hour', async (_, answer) => {
    const lookup = await lookupAt(answer);
    expect(await lookup(SIRET)).toEqual({ name: null, retryAt: after(QUARTER_HOUR) });
  });

  it('[SSO-32] on a registry that is not there gives no name and asks again in a quarter of an hour', async () => {
    const gone = await startRegistry(() => undefined);
    await gone.close();
    expect(await lookupOf(gone.url)(SIRET)).toEqual({ name: null, retryAt: after(QUARTER_HOUR) });
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['does not answer', () => undefined],
    [
      'stops within its answer',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"results":['),
    ],
  ])('[SSO-32] waits for a registry that %s no longer than its time limit', async (_, answer) => {
    const lookup = await lookupAt(answer, 100);
    const begin = performance.now();
    expect(await lookup(SIRET)).toEqual({ name: null, retryAt: after(QUARTER_HOUR) });
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  it('[SSO-32] follows no redirection', async () => {
    let asked = 0;
    const elsewhere = await startRegistry((_, response) => {
      asked++;
      answerJson(response, { results: [companyOf(SIRET, 'EVIL')] });
    });
    try {
      const lookup = await lookupAt((_, response) =>
        response.writeHead(302, { location: `${elsewhere.url}?q=${SIRET}` }).end(),
      );
      expect(await lookup(SIRET)).toEqual({ name: null, retryAt: after(QUARTER_HOUR) });
      expect(asked).toBe(0);
    } finally {
      await elsewhere.close();
    }
  });

  it('shares one request between sign-ins that ask for one SIRET at once, and asks anew later', async () => {
    const waiting: ServerResponse[] = [];
    let arrived!: () => void;
    const first = new Promise<void>((resolve) => (arrived = resolve));
    const lookup = await lookupAt((_, response) => {
      if (waiting.push(response) === 1) arrived();
      else answerJson(response, { results: [companyOf(SIRET, 'RENAMED')] });
    });
    const answers = [lookup(SIRET), lookup(SIRET), lookup(SIRET)];
    await first;
    answers.push(lookup(SIRET));
    answerJson(waiting[0]!, { results: [companyOf(SIRET, 'DINUM')] });
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ name: 'DINUM' })));
    expect(registry!.requests).toHaveLength(1);
    expect(await lookup(SIRET)).toEqual({ name: 'RENAMED' });
    expect(registry!.requests).toHaveLength(2);
  });

  it('asks two requests for two SIRETs at once', async () => {
    const lookup = await lookupAt((request, response) => {
      const siret = new URL(request.url!, 'http://registry').searchParams.get('q')!;
      answerJson(response, { results: [companyOf(siret, `NAME OF ${siret}`)] });
    });
    expect(await Promise.all([lookup(SIRET), lookup(OTHER)])).toEqual([
      { name: `NAME OF ${SIRET}` },
      { name: `NAME OF ${OTHER}` },
    ]);
  });

  it('asks nothing about what is not a SIRET, and never where there is no registry', async () => {
    const lookup = await lookupAt((_, response) => answerJson(response, { results: [companyOf('cld-3', 'GROUP')] }));
    expect(await lookup('cld-3')).toEqual({ name: null, retryAt: null });
    expect(registry!.requests).toHaveLength(0);
    expect(await lookupOf(undefined)(SIRET)).toEqual({ name: null, retryAt: null });
  });

  it('keeps the parameters that the address has', async () => {
    await lookupAt((_, response) => answerJson(response, { results: [companyOf(SIRET, 'DINUM')] }));
    expect(await lookupOf(`${registry!.url}?minimal=true`)(SIRET)).toEqual({ name: 'DINUM' });
    expect(registry!.requests[0]!.url).toBe(`/search?minimal=true&q=${SIRET}`);
  });
});

describe('the delay by Retry-After', () => {
  it.each([
    ['0', 1],
    ['1', 1],
    ['3600', 3600],
    ['99999999999999999999', DAY],
    [new Date(NOW.getTime() - 60_000).toUTCString(), 1],
    [new Date(NOW.getTime() + 30 * DAY * 1000).toUTCString(), DAY],
    ['soon', QUARTER_HOUR],
    ['', QUARTER_HOUR],
    [null, QUARTER_HOUR],
  ])('[SSO-32] reads %j as %d seconds', (header, seconds) => {
    expect(retryDelay(header, NOW)).toBe(seconds * 1000);
  });
});
