import { writerOf } from '../../actor.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { SourceCapability, SourceStatus } from '../../entities/source-enums.js';
import { recordEvents } from '../../events/record.js';
import { fault, Faults, refuseFaults, UserErrorCode } from '../../faults.js';
import { matchExternally } from '../pipelines/match-externally.js';
import type { PetitionContext } from '../petitions/petition-context.js';
import type { SourceClients } from '../sources/clients.js';
import { findSource, type Source, SOURCE_COLUMNS } from '../sources/source.js';
import { SourceError } from '../sources/source-error.js';
import { removeRecords } from './remove-records.js';
import { takeRecords, type TakenRecord } from './take-records.js';

const LOCK = `select ${SOURCE_COLUMNS} from sources s where s.tenant_id = $1 and s.id = $2 for key share`;

/**
 * Has one record fetched from its source again, whatever the source's mode: the pipeline runs also where it is unchanged;
 * a record that the source has no more is removed. The source is asked outside of any transaction. Throws Faults:
 * NOT_FOUND, WRONG_STATUS for a source that is suspended, INVALID for one that cannot be asked for a record,
 * SOURCE_UNAVAILABLE.
 */
export async function syncRecord(
  context: PetitionContext & { sources: SourceClients },
  input: { id: string },
): Promise<TakenRecord> {
  const { database } = context;
  const writer = writerOf(context, 'sourceRecordSync');
  const { tenantId } = writer;
  const read = <Row>(text: string, values: unknown[]) => database.read<Row>(tenantId, text, values);
  const text = 'select source_id as "sourceId", key from source_records where tenant_id = $1 and id = $2';
  const [known] = await read<{ sourceId: string; key: string }>(text, [tenantId, input.id]);
  const source = known && (await findSource(read, tenantId, known.sourceId));
  if (!source) throw gone();
  refuseFaults([
    source.status !== SourceStatus.ACTIVE &&
      fault(UserErrorCode.WRONG_STATUS, 'The source is suspended: it is not asked.', 'id'),
  ]);
  const signal = new AbortController().signal;
  const found = await retrieve(context.sources, tenantId, source, known.key, signal);
  const references = await matchExternally(context, tenantId, source, found ? [found] : [], signal);
  return transact(database, tenantId, async (manager) => {
    // As it is now: its pipeline may be another one than when it was asked.
    const [current] = await runSql<Source>(manager, LOCK, [tenantId, source.id]);
    if (!current) throw gone();
    const options = { takesNew: false, isForced: true, references, context };
    const [taken] = found
      ? await takeRecords(manager, writer, current, [found], options)
      : await removeRecords(manager, writer, current, [input.id]);
    if (!taken?.recordId) throw gone();
    const change = taken.change as 'CHANGED' | 'UNCHANGED' | 'RETURNED' | 'REMOVED';
    const after = { sourceId: toGlobalId('Source', source.id), key: known.key, change };
    await recordEvents(manager, writer, [
      { type: 'source_record.synced', objectId: input.id, userId: taken.userId, after },
    ]);
    return taken;
  });
}

const gone = () => new Faults([fault(UserErrorCode.NOT_FOUND, 'There is no such record.', 'id')]);

async function retrieve(sources: SourceClients, tenantId: string, source: Source, key: string, signal: AbortSignal) {
  try {
    const client = await sources.open(tenantId, source);
    refuseFaults([
      !client.capabilities.has(SourceCapability.RETRIEVE) &&
        fault(
          UserErrorCode.INVALID,
          'The source cannot be asked for one record: it lacks the capability RETRIEVE.',
          'id',
        ),
    ]);
    return await client.retrieve(key, signal);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new Faults([fault(UserErrorCode.SOURCE_UNAVAILABLE, `The source gave no answer: ${error.message}`, 'id')]);
  }
}
