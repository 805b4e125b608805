import type { PersonRecord } from '../../entities/person-record.js';
import type { Reference } from '../pipelines/match.js';
import { type ExternalMatching, matchExternally } from '../pipelines/match-externally.js';
import type { Source } from '../sources/source.js';
import { SourceError } from '../sources/source-error.js';

/**
 * What the match server of a source's pipeline says of records by which somebody is found, for `takeHits`: asked outside of
 * transactions, and not where the petition has its person already (`userId`). Throws SourceError where it does not say who
 * one of them is: that is no "nobody" (ENR-48), or the petition would make a second account of somebody.
 */
export async function matchHits(
  context: ExternalMatching,
  tenantId: string,
  source: Source,
  userId: string | null,
  records: readonly PersonRecord[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Reference>> {
  if (userId) return new Map();
  const references = await matchExternally(context, tenantId, source, records, signal);
  for (const reference of references.values())
    if ('message' in reference) throw new SourceError(reference.code, reference.message);
  return references;
}
