import type { Adapter, AdapterPayload } from 'oidc-provider';

interface StoredRecord {
  payload: AdapterPayload;
  expiresAt: number;
}

/**
 * The memory of the local provider. `oidc-provider` has one of its own, but it warns on the console and forgets
 * everything beyond a thousand records; here, clients are moreover read afresh at every request.
 */
export class ProviderStore {
  readonly #records = new Map<string, StoredRecord>();
  readonly #findClient: (clientId: string) => AdapterPayload | undefined;

  constructor(findClient: (clientId: string) => AdapterPayload | undefined) {
    this.#findClient = findClient;
  }

  /** The sessions that are alive, each one a browser that is signed in. */
  sessions(): AdapterPayload[] {
    return [...this.#living('Session:')].map(([, record]) => record.payload);
  }

  /** The part of the store that holds one kind of record, as `oidc-provider` asks for it. */
  adapterFor(kind: string): Adapter {
    const keyOf = (id: string) => `${kind}:${id}`;
    const findBy = (wanted: (payload: AdapterPayload) => boolean) => {
      for (const [, { payload }] of this.#living(`${kind}:`)) if (wanted(payload)) return payload;
      return undefined;
    };
    return {
      upsert: async (id, payload, expiresIn) => {
        this.#forgetExpired();
        const expiresAt = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
        this.#records.set(keyOf(id), { payload, expiresAt });
      },
      find: async (id) => {
        if (kind === 'Client') return this.#findClient(id);
        const record = this.#records.get(keyOf(id));
        return record && record.expiresAt > Date.now() ? record.payload : undefined;
      },
      findByUid: async (uid) => findBy((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => findBy((payload) => payload.userCode === userCode),
      consume: async (id) => {
        const record = this.#records.get(keyOf(id));
        if (record) record.payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => {
        this.#records.delete(keyOf(id));
      },
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of this.#records) if (payload.grantId === grantId) this.#records.delete(key);
      },
    };
  }

  *#living(prefix: string): Iterable<[string, StoredRecord]> {
    const now = Date.now();
    for (const entry of this.#records) if (entry[0].startsWith(prefix) && entry[1].expiresAt > now) yield entry;
  }

  #forgetExpired(): void {
    const now = Date.now();
    for (const [key, record] of this.#records) if (record.expiresAt <= now) this.#records.delete(key);
  }
}
