import type { OperationContext } from '../context.js';
import type { EventFilter } from '../database/loaders/events.js';
import { transact } from '../database/transact.js';
import { dispatchEvents } from './dispatch.js';
import { type LinkedEvent, readChain, readChosen, readHead } from './linked-event.js';
import { type EventMessage, toMessage } from './message.js';
import { recordEvents } from './record.js';
import { writerOf } from '../actor.js';

/** One line of an export. */
export interface ExportedEvent extends EventMessage {
  /** What its hash is made of beside the message; digests, hashes and salts are hex, other ids than global ones uuids. */
  chain: {
    tenantId: string;
    objectUuid: string | null;
    sequence: number;
    previousHash: string;
    hash: string;
    changesDigest: string;
    originDigest: string;
    changesSalt: string | null;
    originSalt?: string | null;
    isErased: boolean;
  };
  /** Left out where it is not for the reader. */
  origin?: { ipAddress: string | null; userAgent: string | null };
}

export interface ExportRequest {
  /** Which events; empty: the whole log, in the order of its chain. */
  filter: EventFilter;
  /** The filter as it was asked for, for the event that tells of the export. */
  asked: Record<string, unknown>;
  /** Whether the reader may see from where somebody acted. */
  seesOrigin: (event: LinkedEvent) => boolean;
}

/**
 * The log as text, a line an event, up to the moment of asking: pages of lines, read as they are taken. It is written
 * down before the first line is given, so that whoever stops half-way is in the log as well. Without a filter, the
 * lines are in the order of the chain; with one, in the order of time.
 */
export async function exportEvents(
  context: OperationContext,
  { filter, asked, seesOrigin }: ExportRequest,
): Promise<AsyncGenerator<string>> {
  const { database, tenant } = context;
  await transact(database, tenant.id, (manager) =>
    recordEvents(manager, writerOf(context, 'auditExport'), [
      { type: 'audit.exported', organizationId: filter.organizationId, after: { filter: asked } },
    ]),
  );
  await dispatchEvents(context, tenant.id);
  const head = (await readHead(database, tenant.id))!;
  const isWhole = Object.values(filter).every((value) => value === null || value === undefined);
  const pages = isWhole
    ? readChain(database, tenant.id, { after: head.trimmedSequence, last: head.sequence })
    : readChosen(database, tenant.id, filter, head.sequence);
  return writeLines(pages, seesOrigin);
}

async function* writeLines(
  pages: AsyncIterable<LinkedEvent[]>,
  seesOrigin: ExportRequest['seesOrigin'],
): AsyncGenerator<string> {
  for await (const page of pages) {
    yield page.map((event) => `${JSON.stringify(toExported(event, seesOrigin(event)))}\n`).join('');
  }
}

function toExported(event: LinkedEvent, showsOrigin: boolean): ExportedEvent {
  const { tenantId, objectUuid, sequence, previousHash, hash, changesDigest, originDigest, isErased } = event;
  const { changesSalt, originSalt, ipAddress, userAgent } = event;
  const chain = {
    tenantId,
    objectUuid,
    sequence,
    previousHash,
    hash,
    changesDigest,
    originDigest,
    isErased,
    changesSalt,
  };
  return {
    ...toMessage(event),
    chain: { ...chain, ...(showsOrigin ? { originSalt } : {}) },
    ...(showsOrigin ? { origin: { ipAddress, userAgent } } : {}),
  };
}
