import type { SessionViewer } from '../../context.js';
import type { EventRow } from '../../database/loaders/rows.js';
import { type EventFilter, matchesFilter } from '../event-filter.js';
import type { LiveEvent } from './read-events.js';

/** How many events wait for one subscriber, at most. They are shared by all subscribers. */
const MOST_WAITING = 1_000;

/** Which events a subscriber is told of. */
interface LiveFilter extends EventFilter {
  /** The petition that they are about; absent: about anything. */
  petitionId?: string;
  /** What else decides, by the event alone. */
  isWanted?: (event: EventRow, viewer: SessionViewer | null) => boolean;
}

/** What somebody subscribes to. Ids are uuids. */
export interface LiveRequest {
  tenantId: string;
  /** Null: somebody without a session. `authorize` knows by what else they may have it. */
  viewer: SessionViewer | null;
  /** By what somebody without a session is known, for what one of them may hold. */
  holder?: string;
  filter: LiveFilter;
  /**
   * The viewer is read anew and authorized before each event is consumed, too: their rights depend on more than what
   * events tell of.
   */
  isCheckedEachTime?: boolean;
  /** The event to go on after; null: from now on. */
  after: string | null;
  /** Whether a viewer may have this (null: their session has ended): the error that says why not, or null. */
  authorize: (viewer: SessionViewer | null) => Promise<Error | null>;
}

/** Something to tell a subscriber, and the viewer as their rights were known when it was handed out. */
export interface LiveMoment {
  /** Null: what is told is no event. */
  event: LiveEvent | null;
  viewer: SessionViewer | null;
}

/** An event, and its viewer. */
export interface LiveItem extends LiveMoment {
  event: LiveEvent;
}

/** What a subscription asks of its feed. */
interface Feed {
  /** Reads its next page, or finds that it has caught up. */
  catchUp: (subscription: LiveSubscription) => Promise<void>;
  /** Authorizes it again. */
  verify: (subscription: LiveSubscription) => Promise<void>;
  release: (subscription: LiveSubscription) => void;
}

/**
 * One subscriber's events, in order. It begins by reading on from its place by pages, at the pace at which it is
 * consumed, and takes what the feed pushes from the moment on at which it has caught up.
 */
export class LiveSubscription implements AsyncIterableIterator<LiveItem> {
  /** Takes what is pushed: it has seen everything before. */
  isLive = false;
  viewer: SessionViewer | null;
  /** The highest number of a check of rights whose outcome was applied: one that began earlier comes too late. */
  appliedCheck = 0;
  /** An event to go on after that has no place in the log yet: those that come before it are passed over. */
  isSkippingTo: string | null = null;
  private waiting: LiveEvent[] = [];
  private wake: (() => void) | null = null;
  private end: { error: Error | null } | null = null;

  constructor(
    readonly request: LiveRequest,
    /** The place of the last event that was handed to it or passed over. */
    public position: number,
    private readonly feed: Feed,
  ) {
    this.viewer = request.viewer;
  }

  /** Who holds it: a session, or what somebody without one is known by. */
  get holder(): string {
    return this.request.viewer?.sessionId ?? this.request.holder ?? '';
  }

  get isEnded(): boolean {
    return this.end !== null;
  }

  /** How many events wait to be consumed. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  /**
   * Takes the next event; false when it was taken before, or cannot be yet. Who has too much waiting reads on by pages
   * again, from the first event that was not taken, once they have consumed it.
   */
  push(event: LiveEvent): boolean {
    if (this.end || event.sequence <= this.position) return false;
    if (this.waiting.length >= MOST_WAITING) {
      this.isLive = false;
      return false;
    }
    this.position = event.sequence;
    if (this.isSkippingTo) {
      if (event.row.uuid === this.isSkippingTo) this.isSkippingTo = null;
      return true;
    }
    if (this.wants(event.row)) {
      this.waiting.push(event);
      this.wakeUp();
    }
    return true;
  }

  /** Ends it: after what waits when there is no error, else at once, as one that is checked each time. */
  finish(error: Error | null): void {
    if (this.end) return;
    this.end = { error };
    if (error || this.request.isCheckedEachTime) this.waiting = [];
    this.feed.release(this);
    this.wakeUp();
  }

  async next(): Promise<IteratorResult<LiveItem, undefined>> {
    for (;;) {
      const event = this.waiting.shift();
      if (event) {
        if (this.request.isCheckedEachTime) {
          await this.feed.verify(this).catch((error: unknown) => this.finish(error as Error));
          // It ended meanwhile: what was not checked is not handed out.
          if (this.end) continue;
        }
        return { value: { event, viewer: this.viewer }, done: false };
      }
      if (this.end) {
        const { error } = this.end;
        this.end = { error: null };
        if (error) throw error;
        return { value: undefined, done: true };
      }
      if (this.isLive) await new Promise<void>((resolve) => (this.wake = resolve));
      else await this.feed.catchUp(this).catch((error: unknown) => this.finish(error as Error));
    }
  }

  /** Authorizes the viewer again. Gives whether it goes on. */
  async verify(): Promise<boolean> {
    await this.feed.verify(this);
    return !this.end;
  }

  async return(): Promise<IteratorResult<LiveItem, undefined>> {
    this.waiting = [];
    this.finish(null);
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private wants(row: EventRow): boolean {
    const { petitionId, isWanted, ...filter } = this.request.filter;
    if (petitionId && !(row.objectUuid === petitionId && row.type.startsWith('petition.'))) return false;
    if (!matchesFilter(filter, { ...row, organizationId: row.organizationUuid })) return false;
    return isWanted?.(row, this.viewer) ?? true;
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = null;
  }
}
