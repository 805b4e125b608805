import { digest, hashLink } from './chain.js';
import type { LinkedEvent } from './linked-event.js';

/** Of a log that was rewritten, the first problems say enough. */
const MOST_PROBLEMS = 100;

/** A place in the chain and the hash there, as hex. */
export interface Anchor {
  sequence: number;
  hash: string;
}

/** One thing that is wrong with the log, and where. */
export interface ChainProblem {
  sequence: number | null;
  eventId: string | null;
  message: string;
}

export interface ChainReport {
  problems: ChainProblem[];
  /** How many events were looked at. */
  events: number;
  /** The last link. */
  head: Anchor;
  /** Users whose content is erased without an `audit.erased` event among these, and where that was first met. */
  unexplained: Map<string, { sequence: number; eventId: string }>;
}

interface VerifyOptions {
  tenantId: string;
  /** The place before the first event. */
  start: Anchor;
  /** Places whose hash is known from elsewhere. */
  anchors?: readonly Anchor[];
  onProgress?: (events: number) => void;
}

/**
 * Walks events in the order of their chain: no number may be missing, each hash must follow from the one before, and
 * content must be what its digest says, or erased. Goes on after a problem from what is stored.
 */
export async function verifyChain(
  pages: AsyncIterable<LinkedEvent[]>,
  { tenantId, start, anchors = [], onProgress }: VerifyOptions,
): Promise<ChainReport> {
  const report: ChainReport = { problems: [], events: 0, head: start, unexplained: new Map() };
  for await (const page of pages) {
    for (const event of page) {
      const say = (message: string) => {
        if (report.problems.length < MOST_PROBLEMS)
          report.problems.push({ sequence: event.sequence, eventId: event.uuid, message });
      };
      checkLink(event, tenantId, report.head, say);
      checkContent(event, report.unexplained, say);
      for (const anchor of anchors) {
        if (anchor.sequence === event.sequence && anchor.hash !== event.hash)
          say(`has the hash ${event.hash}, where ${anchor.hash} was noted: the log was rewritten`);
      }
      if (event.type === 'audit.erased' && event.userUuid) report.unexplained.delete(event.userUuid);
      report.head = { sequence: event.sequence, hash: event.hash };
      report.events++;
    }
    onProgress?.(report.events);
  }
  return report;
}

type Say = (message: string) => void;

function checkLink(event: LinkedEvent, tenantId: string, before: Anchor, say: Say): void {
  const missing = event.sequence - before.sequence - 1;
  // What a missing link said is not known: the chain is taken up again after it.
  if (missing > 0)
    return say(`comes after ${before.sequence}: ${missing === 1 ? '1 event is' : `${missing} events are`} missing`);
  if (missing < 0) return say(`comes after ${before.sequence}, out of order`);
  const expected = hashLink(Buffer.from(before.hash, 'hex'), {
    tenantId,
    sequence: event.sequence,
    id: event.uuid,
    type: event.type,
    at: new Date(event.at).toISOString(),
    actorKind: event.actorKind,
    actorUserId: event.actorUserUuid,
    actorApplicationId: event.actorApplicationUuid,
    via: event.via,
    organizationId: event.organizationUuid,
    userId: event.userUuid,
    objectId: event.objectUuid,
    changesDigest: Buffer.from(event.changesDigest, 'hex'),
    originDigest: Buffer.from(event.originDigest, 'hex'),
  });
  if (expected.toString('hex') !== event.hash)
    say('has a hash that does not follow: this event or its link was changed');
}

function checkContent(event: LinkedEvent, unexplained: ChainReport['unexplained'], say: Say): void {
  const { before, after, ipAddress, userAgent, changesSalt, originSalt, userUuid, actorUserUuid } = event;
  const parts = [
    {
      name: 'before and after',
      salt: changesSalt,
      said: event.changesDigest,
      content: { before, after },
      of: userUuid,
    },
    {
      name: 'the address and the browser',
      salt: originSalt,
      said: event.originDigest,
      content: { ipAddress, userAgent },
      of: actorUserUuid ?? userUuid,
    },
  ];
  for (const { name, salt, said, content, of } of parts) {
    const isGone = event.isErased && salt === null && Object.values(content).every((value) => value === null);
    if (!isGone) {
      if (digest(salt === null ? null : Buffer.from(salt, 'hex'), content).toString('hex') !== said)
        say(`does not say what it said: ${name} were changed`);
    } else if (of === null) say(`has lost ${name}, which are nobody's to erase`);
    else if (!unexplained.has(of)) unexplained.set(of, { sequence: event.sequence, eventId: event.uuid });
  }
}
