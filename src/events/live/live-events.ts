import { type BatchedRead, createBatch } from '../../database/batch.js';
import type { Listener } from '../../database/pool.js';
import type { SessionViewer } from '../../context.js';
import { EVENTS_CHANNEL } from '../dispatch.js';
import { type FeedServices, TenantFeed } from './feed.js';
import { createPlaceFinder, type EventPlace } from './read-events.js';
import { LiveRefusal } from './refusal.js';
import type { LiveRequest, LiveSubscription } from './subscription.js';

const TICK_MILLISECONDS = 1_000;
/** Rights are read again this often, whatever events say. */
const TICKS_BETWEEN_SWEEPS = 60;
/** How many subscriptions one session holds, at most. */
const MOST_OF_SESSION = 100;

/**
 * All live subscriptions of this process, of every tenant. It listens from the first subscription on, over one connection.
 */
export class LiveEvents {
  private readonly feeds = new Map<string, TenantFeed>();
  private readonly findPlace: BatchedRead<EventPlace, void>;
  private readonly findViewer: BatchedRead<SessionViewer, void>;
  private listening: Promise<Listener> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;
  private isStopped = false;

  constructor(private readonly services: FeedServices) {
    this.findPlace = createPlaceFinder(services.database);
    this.findViewer = createBatch(({ tenantId }, ids) => services.findViewers(tenantId, ids));
  }

  /** How many subscriptions there are. */
  get size(): number {
    return [...this.feeds.values()].reduce((sum, { subscriptions }) => sum + subscriptions.size, 0);
  }

  /** Throws {@link LiveRefusal}, or what `authorize` gives. */
  async subscribe(request: LiveRequest): Promise<LiveSubscription> {
    if (this.isStopped) throw new LiveRefusal('SERVICE_UNAVAILABLE', 'This process is stopping. Subscribe again.');
    await this.listen();
    const feed = this.feedOf(request.tenantId);
    await feed.begin();
    const subscription = feed.add(request);
    try {
      if (feed.countOf(subscription.holder) > MOST_OF_SESSION) {
        throw new LiveRefusal(
          'TOO_MANY_SUBSCRIPTIONS',
          `A session holds ${MOST_OF_SESSION} subscriptions at most. End some of them first.`,
        );
      }
      if (request.after) await this.resume(subscription, request.after);
      // Rights that were lost between the request and this moment were announced to nobody here.
      await feed.verify(subscription);
      return subscription;
    } catch (error) {
      subscription.finish(null);
      throw error;
    }
  }

  /** Authorizes every subscriber again, by one statement a tenant. */
  async sweep(): Promise<void> {
    await Promise.all([...this.feeds.values()].map((feed) => feed.check(feed.subscriptions)));
  }

  /** Ends every subscription and stops listening. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    for (const feed of this.feeds.values()) for (const one of feed.subscriptions) one.finish(null);
    await (await this.listening?.catch(() => null))?.close();
  }

  private async resume(subscription: LiveSubscription, after: string): Promise<void> {
    const { tenantId, filter } = subscription.request;
    const place = await this.findPlace(tenantId, after);
    const isOther =
      (filter.organizationId && place?.organizationUuid !== filter.organizationId) ||
      (filter.petitionId && place?.objectUuid !== filter.petitionId);
    if (!place || isOther) {
      throw new LiveRefusal(
        'BAD_USER_INPUT',
        'after is no event of this subscription, or is no longer kept. Subscribe without it to begin with what comes now, and read what may have been missed.',
      );
    }
    if (place.sequence === null) subscription.isSkippingTo = after;
    else subscription.position = place.sequence;
  }

  private feedOf(tenantId: string): TenantFeed {
    let feed = this.feeds.get(tenantId);
    if (!feed) this.feeds.set(tenantId, (feed = new TenantFeed(this.services, tenantId, this.findViewer)));
    return feed;
  }

  private async listen(): Promise<void> {
    this.listening ??= this.services.database.pool.listen(
      EVENTS_CHANNEL,
      (payload) => {
        const { tenantId, sequence } = JSON.parse(payload) as { tenantId: string; sequence: number };
        this.feeds.get(tenantId)?.announce(sequence);
      },
      // What was notified while the connection was lost is lost: every feed reads on.
      () => {
        for (const feed of this.feeds.values()) feed.announceGap();
      },
    );
    try {
      await this.listening;
    } catch (error) {
      this.listening = null;
      throw error;
    }
    this.timer ??= setInterval(() => void this.tick(), TICK_MILLISECONDS).unref();
  }

  private async tick(): Promise<void> {
    try {
      await Promise.all([...this.feeds.values()].map((feed) => feed.endExpired()));
      if (++this.ticks % TICKS_BETWEEN_SWEEPS === 0) await this.sweep();
    } catch (error) {
      this.services.log.warn({ error }, 'the rights of live subscribers could not be read');
    }
  }
}
