import { createOutbound } from '../../../src/outbound.js';
import type {
  AdapterServices,
  RecordPage,
  SourceAdapter,
  SourceKindDefinition,
} from '../../../src/enrollment/sources/adapter.js';
import type { PersonRecord } from '../../../src/entities/person-record.js';

export interface Opening extends Partial<AdapterServices> {
  settings: object;
  secrets?: Record<string, string>;
  tenantId?: string;
  sourceId?: string;
  keepsRaw?: boolean;
}

/** What the adapters of a test file ask by: close it in the end. */
export const testOutbound = createOutbound({ allowedPrivateAddresses: ['127.0.0.0/8', '::1/128'] });

/** An adapter without its guard, as the gateway opens it: its settings are checked, and it may ask this machine. */
export function openAdapter(kind: SourceKindDefinition, opening: Opening): SourceAdapter {
  const { settings, secrets = {}, tenantId = 'tenant', sourceId = 'source', keepsRaw = false, ...services } = opening;
  return kind.open(
    { tenantId, sourceId, settings: kind.settings.parse(settings), secrets, keepsRaw },
    {
      outbound: testOutbound,
      filesFolder: null,
      allowsInsecureLoopback: true,
      clock: () => new Date(),
      ...services,
    },
  );
}

/** What is wrong with settings: the paths of the faults, with their messages. */
export function faultsOf(kind: SourceKindDefinition, settings: unknown): string[] {
  const { error } = kind.settings.safeParse(settings);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

export const inTime = (): AbortSignal => AbortSignal.timeout(20_000);

/** All pages of an inventory, as they come. */
export async function pagesOf(adapter: SourceAdapter, cursor: string | null = null, signal = inTime()) {
  const pages: RecordPage[] = [];
  for await (const page of adapter.inventory!(cursor, signal)) pages.push(page);
  return {
    pages,
    records: pages.flatMap(({ records }) => records),
    faults: pages.flatMap(({ faults }) => faults),
    cursor: pages.at(-1)?.cursor ?? cursor,
  };
}

export const keysOf = (records: readonly PersonRecord[]): string[] => records.map(({ key }) => key);

/** The code and message with which a call fails. */
export async function errorOf(call: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await call.then(
    (value) => {
      throw new Error(`There is no error, but ${JSON.stringify(value)?.slice(0, 300)}`);
    },
    (found: { code: string; message: string }) => found,
  );
  return { code: error.code, message: error.message };
}
