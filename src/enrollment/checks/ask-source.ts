import type { PersonRecord } from '../../entities/person-record.js';
import { SourceMode } from '../../entities/enums.js';
import { SourceCapability, SourceErrorCode, SourceStatus } from '../../entities/source-enums.js';
import { SourceError } from '../sources/source-error.js';
import type { Reference } from '../pipelines/match.js';
import type { ExternalMatching } from '../pipelines/match-externally.js';
import type { Source } from '../sources/source.js';
import { carrying } from './choose-hits.js';
import { matchHits } from './match-hits.js';

/** What a source said. UNAVAILABLE is no answer, and SUSPENDED is not asked. */
export type SourceAnswer =
  | { kind: 'RECORDS'; records: PersonRecord[]; references?: ReadonlyMap<string, Reference> }
  | { kind: 'UNAVAILABLE'; errorCode: SourceErrorCode; message: string }
  | { kind: 'SUSPENDED' };

/** Which source is asked, and about whom: by which addresses, and of which account; null is a newcomer. */
export interface AskedSource {
  mode: SourceMode;
  source: Source | null;
  userId: string | null;
  addresses: readonly string[];
}

/**
 * Asks a source about a person by all of these addresses, outside of transactions. Where one of the answers is missing,
 * so is the whole: who is searched by half of their addresses could be told that they are not known.
 */
export async function askSource(
  context: ExternalMatching,
  tenantId: string,
  { mode, source, userId, addresses }: AskedSource,
  signal: AbortSignal,
): Promise<SourceAnswer> {
  if (!source || source.status !== SourceStatus.ACTIVE) return { kind: 'SUSPENDED' };
  if (!addresses.length) return { kind: 'RECORDS', records: [] };
  try {
    const client = await context.sources.open(tenantId, source);
    if (!client.capabilities.has(SourceCapability.SEARCH_BY_EMAIL))
      throw new SourceError(SourceErrorCode.MISCONFIGURED, 'This source cannot be searched by address.');
    const found: PersonRecord[] = [];
    for (const email of addresses) found.push(...(await client.search({ email }, signal)));
    const records = carrying(found, addresses);
    // CLAIM finds the person by the record: a match server may say who they are.
    if (mode !== SourceMode.CLAIM) return { kind: 'RECORDS', records };
    return {
      kind: 'RECORDS',
      records,
      references: await matchHits(context, tenantId, source, userId, records, signal),
    };
  } catch (error) {
    if (!(error instanceof SourceError) || signal.aborted) throw error;
    return { kind: 'UNAVAILABLE', errorCode: error.code, message: error.message };
  }
}
