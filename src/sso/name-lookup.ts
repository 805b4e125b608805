import type { Logger } from 'pino';
import { z } from 'zod';
import { Siret } from '../entities/siret.js';

/** What a registry said: the name, or when to ask again (null: there is nothing to ask). */
export type LookedUpName = { name: string; retryAt?: never } | { name: null; retryAt: Date | null };

/** Asks for the name of the organization with this identifier. Never throws; takes at most its time limit. */
export type NameLookup = (identifier: string) => Promise<LookedUpName>;

interface NameLookupOptions {
  /** The registry's search address, of the shape of recherche-entreprises; absent: nothing is ever asked. */
  url: string | undefined;
  timeoutMilliseconds: number;
  userAgent: string;
  clock: () => Date;
  log: Logger;
}

const MINUTE = 60_000;
const RETRY_AFTER_LIMIT = 24 * 60 * MINUTE;
const RETRY_AFTER_FAILURE = 15 * MINUTE;
const RETRY_AFTER_UNKNOWN = 24 * 60 * MINUTE;

const answerShape = z.object({
  results: z.array(
    z.object({
      nom_complet: z.string().nullish(),
      nom_raison_sociale: z.string().nullish(),
      siege: z.object({ siret: z.string().nullish() }).nullish(),
      matching_etablissements: z.array(z.object({ siret: z.string().nullish() })).nullish(),
    }),
  ),
});

/**
 * The registry of French organizations over HTTP. Sign-ins that ask for one identifier at once share one request.
 * An answer about another establishment is ignored; a refusal or an outage says when to ask again, by `Retry-After`
 * where the registry sent one.
 */
export function createNameLookup(options: NameLookupOptions): NameLookup {
  const underWay = new Map<string, Promise<LookedUpName>>();
  return (identifier) => {
    if (!options.url || !Siret.parse(identifier)) return Promise.resolve({ name: null, retryAt: null });
    const asked = underWay.get(identifier);
    if (asked) return asked;
    const answer = ask(options, options.url, identifier).finally(() => underWay.delete(identifier));
    underWay.set(identifier, answer);
    return answer;
  };
}

async function ask(options: NameLookupOptions, url: string, siret: string): Promise<LookedUpName> {
  const later = (milliseconds: number) => ({ name: null, retryAt: new Date(options.clock().getTime() + milliseconds) });
  const address = new URL(url);
  address.searchParams.set('q', siret);
  try {
    const response = await fetch(address, {
      headers: { accept: 'application/json', 'user-agent': options.userAgent },
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMilliseconds),
    });
    if (!response.ok) {
      await response.body?.cancel();
      options.log.warn({ status: response.status }, 'the organization registry refused to answer');
      return later(
        response.status === 404
          ? RETRY_AFTER_UNKNOWN
          : retryDelay(response.headers.get('retry-after'), options.clock()),
      );
    }
    const name = readName(answerShape.parse(await response.json()), siret);
    return name ? { name } : later(RETRY_AFTER_UNKNOWN);
  } catch (error) {
    options.log.warn({ error: (error as Error).name }, 'the organization registry did not answer');
    return later(RETRY_AFTER_FAILURE);
  }
}

function readName({ results }: z.infer<typeof answerShape>, siret: string): string | null {
  const match = results.find(({ siege, matching_etablissements: establishments }) =>
    [siege, ...(establishments ?? [])].some((establishment) => establishment?.siret === siret),
  );
  const name = (match?.nom_raison_sociale?.trim() || match?.nom_complet || '').replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return [...name].slice(0, 128).join('') || null;
}

/** Milliseconds to wait by a `Retry-After` in seconds or as a date; a quarter of an hour without one. */
export function retryDelay(header: string | null, now: Date): number {
  if (!header) return RETRY_AFTER_FAILURE;
  const seconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  if (!Number.isFinite(seconds)) return RETRY_AFTER_FAILURE;
  return Math.min(Math.max(seconds, 1000), RETRY_AFTER_LIMIT);
}
