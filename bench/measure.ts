import type { Generator, RunningServer } from './processes.js';
import type { Case, Workload } from './workloads.js';

/** A server under measurement, and how it is asked for a case. */
export interface Contender {
  name: string;
  server: RunningServer;
  request: (workload: Workload, one: Case) => string;
  /** Whether it answers this workload at all. */
  answers: (workload: Workload) => boolean;
}

export const CONNECTIONS = 32;

/** GraphQL by POST; the token goes along whether it is asked for or not. */
export function graphqlRequest({ query }: Workload, { token, variables }: Case): string {
  const body = JSON.stringify({ query, variables });
  return [
    'POST /graphql HTTP/1.1',
    'host: bench.test',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** The floor's address for a case. */
export function floorRequest(prefix: string) {
  return (_: Workload, { token, floor }: Case): string =>
    [`GET ${prefix}${floor} HTTP/1.1`, 'host: bench.test', `authorization: Bearer ${token}`, '', ''].join('\r\n');
}

/** The answers that all servers agree on, a case each. Throws when two differ or one is an error. */
export async function agreedBodies(contenders: Contender[], workload: Workload): Promise<string[]> {
  const [reference, ...others] = contenders.filter((contender) => contender.answers(workload));
  const expected = await askAll(reference!, workload);
  const bad = expected.find(
    (body) => body.includes('"errors"') || body.includes('"organization":null') || !body.includes('"name"'),
  );
  if (bad) throw new Error(`${reference!.name} does not answer ${workload.name}: ${bad.slice(0, 1000)}`);
  for (const other of others) {
    const bodies = await askAll(other, workload);
    const at = bodies.findIndex((body, index) => body !== expected[index]);
    if (at >= 0) {
      throw new Error(
        `${workload.name} is not timed: the answers differ.\n${reference!.name}: ${expected[at]!.slice(0, 2000)}\n${other.name}: ${bodies[at]!.slice(0, 2000)}`,
      );
    }
  }
  return expected;
}

async function askAll(contender: Contender, workload: Workload): Promise<string[]> {
  const bodies = [];
  for (const one of workload.cases) bodies.push(await ask(contender, contender.request(workload, one)));
  return bodies;
}

/** Sends what the generator would send, by fetch. */
export async function ask({ server }: Pick<Contender, 'server'>, request: string): Promise<string> {
  const [head, body] = request.split('\r\n\r\n') as [string, string];
  const [first, ...lines] = head.split('\r\n') as [string, ...string[]];
  const [method, path] = first.split(' ') as [string, string];
  const headers = lines
    .map((line) => line.split(': ') as [string, string])
    .filter(([name]) => !['host', 'content-length'].includes(name));
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers,
    ...(method === 'POST' ? { body } : {}),
  });
  return answer.text();
}

export interface Figures {
  /** Requests a second, a round each. */
  rounds: number[];
  median: number;
  latency: number;
  p99: number;
}

/** Times the contenders one after the other, round by round, after each was warmed up. */
export async function time(
  generator: Generator,
  contenders: Contender[],
  workload: Workload,
  bodies: string[],
  { rounds, milliseconds, warmUp }: { rounds: number; milliseconds: number; warmUp: number },
): Promise<Map<string, Figures>> {
  const timed = contenders.filter((contender) => contender.answers(workload));
  const results = new Map(
    timed.map(({ name }) => [name, { rounds: [] as number[], latencies: [] as number[], p99s: [] as number[] }]),
  );
  for (let round = -1; round < rounds; round++) {
    for (const contender of timed) {
      const { perSecond, median, p99 } = await generator.ask({
        port: contender.server.port,
        connections: CONNECTIONS,
        milliseconds: round < 0 ? warmUp : milliseconds,
        requests: workload.cases.map((one) => contender.request(workload, one)),
        bodies,
      });
      if (round < 0) continue;
      const result = results.get(contender.name)!;
      result.rounds.push(perSecond);
      result.latencies.push(median);
      result.p99s.push(p99);
    }
  }
  return new Map(
    [...results].map(([name, result]) => [
      name,
      {
        rounds: result.rounds,
        median: medianOf(result.rounds),
        latency: medianOf(result.latencies),
        p99: medianOf(result.p99s),
      },
    ]),
  );
}

/** The median over the rounds of one server's share of another's. */
export function ratioOf(figures: Figures | undefined, base: Figures | undefined): number | null {
  if (!figures || !base) return null;
  return medianOf(figures.rounds.map((value, round) => value / base.rounds[round]!));
}

/** How far the rounds lie apart around their median, e.g. `-4 % … +3 %`. */
export function spreadOf({ rounds, median }: Figures): string {
  const share = (value: number) => `${value >= median ? '+' : '−'}${Math.round(Math.abs(value / median - 1) * 100)} %`;
  return `${share(Math.min(...rounds))} … ${share(Math.max(...rounds))}`;
}

export function medianOf(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Statements a request, asked one by one and asked by all connections at once. */
export async function countStatements(
  contender: Contender,
  workload: Workload,
): Promise<{ alone: number; together: number }> {
  const count = async () => Number(await ask(contender, 'GET /statements HTTP/1.1\r\n\r\n'));
  const requests = workload.cases.map((one) => contender.request(workload, one));
  await ask(contender, requests[0]!);
  await ask(contender, requests[0]!);
  const before = await count();
  for (const request of requests) await ask(contender, request);
  const between = await count();
  let next = 0;
  const connection = async () => {
    while (next < 4 * requests.length) await ask(contender, requests[next++ % requests.length]!);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  const after = await count();
  return { alone: (between - before) / requests.length, together: (after - between) / (4 * requests.length) };
}
