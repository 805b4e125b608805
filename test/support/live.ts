import { createClient, type Client, type ExecutionResult } from 'graphql-ws';
import WebSocket from 'ws';
import type { Browser } from './browser.js';

/** A subscription as a test sees it: results in the order in which they came, and how it ended. */
export interface Watched {
  results: any[];
  /** Waits until there are so many results, and gives them. */
  reach: (count: number) => Promise<any[]>;
  /** Resolves with `complete`, or with what went wrong: errors, or the event of a close. */
  ended: Promise<unknown>;
  stop: () => void;
}

export interface SocketOptions {
  browser?: Browser;
  origin?: string;
  connectionParams?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** A graphql-ws client of a browser's page (its own origin unless told) or of a program. */
export async function openSocket(url: string, options: SocketOptions = {}): Promise<Client> {
  const { browser, connectionParams, origin = browser ? url : undefined } = options;
  const cookie = browser ? await browser.cookie('__Host-vestibule', url) : undefined;
  const headers = { ...options.headers, ...(cookie ? { cookie: `__Host-vestibule=${cookie}` } : {}) };
  class Socket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols, { headers, ...(origin ? { origin } : {}) });
    }
  }
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Socket,
    ...(connectionParams ? { connectionParams } : {}),
    retryAttempts: 0,
    lazy: true,
    onNonLazyError: () => undefined,
  });
}

export function watchSocket(client: Client, query: string, variables: Record<string, unknown> = {}): Watched {
  return watch((next, end) =>
    client.subscribe<any>(
      { query, variables },
      {
        next: (result: ExecutionResult<any>) => next(result),
        error: end,
        complete: () => end('complete'),
      },
    ),
  );
}

/** Subscribes by server-sent events, as a browser's page or with headers of its own. */
export function watchStream(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Watched & { ids: string[]; response: Promise<Response> } {
  const ids: string[] = [];
  const controller = new AbortController();
  let resolve!: (response: Response) => void;
  const response = new Promise<Response>((found) => (resolve = found));
  const watched = watch((next, end) => {
    void (async () => {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
        body: JSON.stringify({ query, variables }),
        signal: controller.signal,
      });
      resolve(answer);
      if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return end(await answer.text());
      let text = '';
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const events = text.split('\n\n');
        text = events.pop()!;
        for (const event of events) {
          const fields = new Map(
            event.split('\n').map((line) => [line.split(':')[0]!, line.slice(line.indexOf(':') + 2)]),
          );
          if (fields.has('id')) ids.push(fields.get('id')!);
          if (fields.get('event') === 'next') next(JSON.parse(fields.get('data')!));
          if (fields.get('event') === 'complete') end('complete');
        }
      }
      end('cut');
    })().catch(end);
    return () => controller.abort();
  });
  return { ...watched, ids, response };
}

function watch(begin: (next: (result: unknown) => void, end: (how: unknown) => void) => () => void): Watched {
  const results: unknown[] = [];
  const waiting = new Set<() => void>();
  let end!: (how: unknown) => void;
  let isEnded = false;
  const ended = new Promise<unknown>((resolve) => {
    end = (how) => {
      isEnded = true;
      resolve(how);
      for (const check of waiting) check();
    };
  });
  const stop = begin((result) => {
    results.push(result);
    for (const check of waiting) check();
  }, end);
  return {
    results: results as any[],
    ended,
    stop,
    reach: (count) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (results.length >= count) resolve(results as any[]);
          else if (isEnded)
            reject(new Error(`It ended after ${results.length} of ${count} results: ${JSON.stringify(results)}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
  };
}

/** Waits until something is so: what has no event to wait for. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('It did not become so within ten seconds.');
}
