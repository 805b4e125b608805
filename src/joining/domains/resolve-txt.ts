import { Resolver } from 'node:dns/promises';
import type { ResolveTxt } from './proof.js';

export interface TxtResolverOptions {
  /** The whole time that an answer may take, over all attempts and servers. */
  timeoutMilliseconds: number;
  /** `address:port` of the servers to ask; those of the machine when absent. */
  servers?: string[];
}

/** Node's own resolver, with a time limit. What takes longer is refused with ECANCELLED. */
export function createTxtResolver({ timeoutMilliseconds, servers }: TxtResolverOptions): ResolveTxt {
  return async (name) => {
    // One for each question: giving one up gives up all that a resolver was asked.
    const resolver = new Resolver({ timeout: Math.ceil(timeoutMilliseconds / 2), tries: 2 });
    if (servers) resolver.setServers(servers);
    const timer = setTimeout(() => resolver.cancel(), timeoutMilliseconds);
    try {
      return await resolver.resolveTxt(name);
    } finally {
      clearTimeout(timer);
    }
  };
}
