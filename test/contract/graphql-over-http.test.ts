import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { type Gateway, startGateway } from '../support/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const BY_POST_ALONE =
  'Queries travel by POST alone: none stands in an address, and no page of another site can send one.';
const REFUSED_IS_400 =
  'A request that never ran is answered 400 under both media types, so that proxies and monitors see it; the body is the same.';

/** SHOULDs (warn) and MAYs (notice) of GraphQL over HTTP that are not met, each with its reason. */
const NOT_MET: Record<string, { status: 'warn' | 'notice'; reason: string }> = {
  '5A70': { status: 'notice', reason: BY_POST_ALONE },
  D6D5: { status: 'notice', reason: BY_POST_ALONE },
  '6A70': { status: 'notice', reason: BY_POST_ALONE },
  '572B': { status: 'warn', reason: REFUSED_IS_400 },
  FDE2: { status: 'warn', reason: REFUSED_IS_400 },
  '7B9B': { status: 'warn', reason: REFUSED_IS_400 },
};

const audits = serverAudits({
  url: () => `${gateway.url}/graphql`,
  fetchFn: (input: string, init: RequestInit) => fetch(input, init),
});

describe('GraphQL over HTTP', () => {
  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: %s', async (id, _name, audit) => {
    const { status } = await audit.fn();
    expect({ id, status }).toEqual({ id, status: NOT_MET[id]?.status ?? 'ok' });
  });

  it('leaves no MUST unmet', () => {
    const musts = audits.filter(({ name }) => name.startsWith('MUST')).map(({ id }) => id);
    expect(musts.length).toBeGreaterThan(10);
    expect(musts.filter((id) => id in NOT_MET)).toEqual([]);
  });
});
