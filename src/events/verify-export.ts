import { readGlobalId } from '../database/loaders/ids.js';
import type { ExportedEvent } from './export.js';
import type { LinkedEvent } from './linked-event.js';
import { type Anchor, type ChainProblem, type ChainReport, verifyChain } from './verify-chain.js';

/** The file is not an export of a whole log; the message says why. */
export class UnreadableExport extends Error {}

/** Verifies an export without a filter, a line an event. Throws {@link UnreadableExport}. */
export async function verifyExport(
  lines: AsyncIterable<string>,
  { anchor, onProgress }: { anchor?: Anchor | null; onProgress?: (events: number) => void } = {},
): Promise<Pick<ChainReport, 'problems' | 'events' | 'head'> & { start: Anchor }> {
  const pages = readPages(lines);
  const first = await pages.next();
  if (first.done) throw new UnreadableExport('The file is empty.');
  const [event] = first.value as [LinkedEvent];
  const start = { sequence: event.sequence - 1, hash: event.previousHash };
  const all = async function* () {
    yield first.value;
    yield* pages;
  };
  const { tenantId } = event;
  const report = await verifyChain(all(), { tenantId, start, anchors: anchor ? [anchor] : [], onProgress });
  const problems: ChainProblem[] = [
    ...report.problems,
    ...[...report.unexplained.values()].map((place) => ({
      ...place,
      message: 'was erased, and no audit.erased event of this file tells of that',
    })),
  ];
  if (anchor && (anchor.sequence > report.head.sequence || anchor.sequence < start.sequence)) {
    const message = `Event ${anchor.sequence}, which was noted, is not in the file: it holds ${start.sequence + 1} to ${report.head.sequence}`;
    problems.push({ sequence: null, eventId: null, message });
  }
  return { problems, events: report.events, head: report.head, start };
}

async function* readPages(lines: AsyncIterable<string>): AsyncGenerator<LinkedEvent[]> {
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    let event: LinkedEvent;
    try {
      event = readLine(JSON.parse(line) as ExportedEvent);
    } catch (error) {
      if (error instanceof UnreadableExport) throw new UnreadableExport(`Line ${number}: ${error.message}`);
      throw new UnreadableExport(`Line ${number} is no event of an export.`);
    }
    yield [event];
  }
}

/** A line as the database has it. */
function readLine({ type, timestamp, data, chain, origin }: ExportedEvent): LinkedEvent {
  if (!origin) throw new UnreadableExport('it does not hold all that its hash covers: export as tenant administrator.');
  const uuid = (id: string | null) => id && (readGlobalId(id)?.uuid ?? id);
  return {
    ...chain,
    ...origin,
    originSalt: chain.originSalt ?? null,
    uuid: uuid(data.id)!,
    type,
    at: timestamp,
    actorKind: data.actor.kind,
    actorUserUuid: uuid(data.actor.userId),
    // Lines of before applications acted do not have it.
    actorApplicationUuid: uuid(data.actor.applicationId ?? null),
    via: data.actor.via,
    organizationUuid: uuid(data.organizationId),
    userUuid: uuid(data.userId),
    objectUuid: chain.objectUuid,
    before: data.before,
    after: data.after,
  };
}
