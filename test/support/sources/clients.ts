import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { v7 } from 'uuid';
import { createSealing } from '../../../src/database/sealing.js';
import { SourceClients, type SourceClientsOptions } from '../../../src/enrollment/sources/clients.js';
import { type Source, sourceSecretsPlace } from '../../../src/enrollment/sources/source.js';
import { QueryMismatch, type SourceKind, SourceStatus, SourceSyncMode } from '../../../src/entities/source-enums.js';
import { createOutbound } from '../../../src/outbound.js';

export const sealing = createSealing([randomBytes(32)]);

/** Clients of sources at the loopback, which is allowed. */
export function makeClients(options: Partial<SourceClientsOptions> = {}): SourceClients {
  return new SourceClients({
    sealing,
    outbound: createOutbound({ allowedPrivateAddresses: ['127.0.0.1', '::1'] }),
    filesFolder: null,
    allowsInsecureLoopback: true,
    clock: () => new Date(),
    log: pino({ level: 'silent' }),
    ...options,
  });
}

/** A source as its row would be, of a database or of none. */
export function describeSource(
  kind: SourceKind,
  settings: object,
  { secrets, ...given }: Partial<Source> & { secrets?: Record<string, string> } = {},
): Source {
  const id = given.id ?? v7();
  return {
    id,
    name: 'A source',
    kind,
    status: SourceStatus.ACTIVE,
    settings,
    sealedSecrets: secrets ? sealing.seal(JSON.stringify(secrets), sourceSecretsPlace(id)) : null,
    pipelineId: null,
    keepsRaw: true,
    isOpenToOrganizations: false,
    syncMode: SourceSyncMode.MANUAL,
    syncIntervalMinutes: null,
    queryMismatch: QueryMismatch.CREATE_NEW,
    querySkipsKnown: false,
    syncsOnLogin: false,
    timeLimitMilliseconds: 20_000,
    version: 1,
    ...given,
  };
}

/** Everything that pages hold. */
export async function collect<Page extends object>(pages: AsyncIterable<Page>): Promise<Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
