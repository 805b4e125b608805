import type { Database } from '../../database/database.js';
import type { PersonRecord } from '../../entities/person-record.js';
import { PipelineMatch, PipelineStatus, SourceErrorCode, SourceStatus } from '../../entities/source-enums.js';
import type { SourceClient, SourceClients } from '../sources/clients.js';
import { findSource, type Source } from '../sources/source.js';
import { SourceError } from '../sources/source-error.js';
import type { Read } from './facts.js';
import type { Reference } from './match.js';
import { findPipeline } from './pipeline.js';

/** How many people a match server is asked about at the same time. */
const AT_ONCE = 4;

/** What a match server is asked with. */
export interface ExternalMatching {
  database: Database;
  sources: SourceClients;
}

/**
 * Asks the match server of a source's pipeline who these records are of, outside of any transaction: for `references` of
 * `takeRecords`. Empty where the pipeline matches in another way. Only records that are nobody's are asked about, under
 * the name of the source as label. One without an answer is not linked, and is asked about again with the next sync.
 */
export async function matchExternally(
  { database, sources }: ExternalMatching,
  tenantId: string,
  source: Source,
  records: readonly PersonRecord[],
  signal: AbortSignal,
): Promise<Map<string, Reference>> {
  const references = new Map<string, Reference>();
  const read: Read = (text, values) => database.read(tenantId, text, values);
  const pipeline = await findPipeline(read, tenantId, source.pipelineId);
  if (pipeline?.status !== PipelineStatus.ACTIVE || pipeline.settings.match !== PipelineMatch.EXTERNAL)
    return references;
  const linked = await read<{ key: string }>(
    `select key from source_records
     where tenant_id = $1 and source_id = $2 and key = any($3::text[]) and (user_id is not null or is_unlinked)`,
    [tenantId, source.id, records.map(({ key }) => key)],
  );
  const known = new Set(linked.map(({ key }) => key));
  const waiting = records.filter(({ key }) => !known.has(key));
  if (!waiting.length) return references;
  const { matchSourceId } = pipeline.settings;
  const server = matchSourceId && (await findSource(read, tenantId, matchSourceId));
  if (!server || server.status !== SourceStatus.ACTIVE) {
    for (const { key } of waiting)
      references.set(key, noAnswer(SourceErrorCode.MISCONFIGURED, 'The match server is suspended or gone.'));
    return references;
  }
  const client = await sources.open(tenantId, server).catch(toMessage);
  const next = waiting.values();
  const work = async () => {
    for (const record of next) {
      const reference = 'message' in client ? client : await ask(client, source.name, record, signal).catch(toMessage);
      references.set(record.key, reference);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return references;
}

async function ask(
  client: SourceClient,
  label: string,
  { key: id, names, emails, identifiers }: PersonRecord,
  signal: AbortSignal,
): Promise<Reference> {
  const addresses = emails.map(({ address }) => address);
  const answer = await client.match.request({ label, id, names, emails: addresses, identifiers }, signal);
  if (answer.outcome === 'PENDING')
    return noAnswer(SourceErrorCode.TIMED_OUT, 'The match server looks into it: it is asked again.');
  if (answer.outcome !== 'CHOICES')
    return { identifier: { type: client.match.identifierType, value: answer.referenceId } };
  const choices = `The match server names ${answer.candidates.length} people: say there which one it is.`;
  return noAnswer(SourceErrorCode.TOO_MANY_RECORDS, choices);
}

type Silence = Extract<Reference, { message: string }>;

const noAnswer = (code: SourceErrorCode, message: string): Silence => ({ code, message });

/** Why there is no answer. What is no error of the source is thrown. */
function toMessage(error: unknown): Silence {
  if (!(error instanceof SourceError)) throw error;
  return noAnswer(error.code, `The match server gave no answer: ${error.message}`);
}
