import type { Logger } from 'pino';
import type { SessionViewer } from '../../context.js';
import type { Database } from '../../database/database.js';
import { EVENT_TYPES, isEventType } from '../catalogue.js';
import type { EventDefinition } from '../catalogue/define.js';
import { LIVE_PAGE, type LiveEvent, readEvents, readLastSequence } from './read-events.js';
import { type LiveRequest, LiveSubscription } from './subscription.js';

/** After a read that failed. */
const RETRY_MILLISECONDS = 500;

export interface FeedServices {
  database: Database;
  log: Logger;
  clock: () => Date;
  /** The viewers of sessions as they are now, by one statement. */
  findViewers: (tenantId: string, sessionIds: readonly string[]) => Promise<Map<string, SessionViewer>>;
}

/** Reads the viewer of one session, with those of others who ask at the same moment. */
type FindViewer = (tenantId: string, sessionId: string) => Promise<SessionViewer | undefined>;

/**
 * The live events of one tenant in this process. Each change is read once, by one statement, for all subscribers; where
 * it may change somebody's rights, the subscribers whom it may concern are authorized again before it is handed out.
 */
export class TenantFeed {
  readonly subscriptions = new Set<LiveSubscription>();
  /** The place of the last event that was handed out. */
  private position = 0;
  private isReading = false;
  private isBehind = false;
  private checks = 0;
  private readonly ofHolder = new Map<string, number>();
  private readonly pages = new Map<string, Promise<{ events: LiveEvent[]; upTo: number }>>();
  private begun: Promise<void> | null = null;

  constructor(
    private readonly services: FeedServices,
    private readonly tenantId: string,
    private readonly findViewer: FindViewer,
  ) {}

  /** How many subscriptions a session has, or somebody without one. */
  countOf(holder: string): number {
    return this.ofHolder.get(holder) ?? 0;
  }

  /** Begins where the log ends. Whatever comes afterwards is notified, so the channel must be listened to before. */
  begin(): Promise<void> {
    return (this.begun ??= readLastSequence(this.services.database, this.tenantId).then(
      (sequence) => void (this.position = Math.max(this.position, sequence)),
      (error: unknown) => {
        this.begun = null;
        throw error;
      },
    ));
  }

  /** A subscription that has its rights checked from now on; its events come once it is consumed. */
  add(request: LiveRequest): LiveSubscription {
    const subscription = new LiveSubscription(request, this.position, {
      catchUp: (one) => this.catchUp(one),
      verify: (one) => this.verify(one),
      release: (one) => {
        const { holder } = one;
        this.subscriptions.delete(one);
        this.ofHolder.set(holder, this.countOf(holder) - 1);
        if (this.countOf(holder) === 0) this.ofHolder.delete(holder);
      },
    });
    const { holder } = subscription;
    this.subscriptions.add(subscription);
    this.ofHolder.set(holder, this.countOf(holder) + 1);
    return subscription;
  }

  /** There are events up to this place: reads on from where it is. */
  announce(sequence: number): void {
    if (sequence <= this.position) return;
    if (this.subscriptions.size === 0) {
      this.position = sequence;
      return;
    }
    this.isBehind = true;
    if (!this.isReading) void this.readOn();
  }

  /** Notifications were lost: there may be events. */
  announceGap(): void {
    if (this.subscriptions.size > 0) this.announce(Infinity);
    else this.begun = null;
  }

  /** Ends those whose session has expired by the clock. */
  async endExpired(): Promise<void> {
    const now = this.services.clock();
    const expired = [...this.subscriptions].filter(({ viewer }) => viewer && viewer.expiresAt <= now);
    await this.check(expired);
  }

  /** Authorizes subscribers again; `batch` is what is about to be handed out. */
  async check(subscriptions: Iterable<LiveSubscription>, batch: readonly LiveEvent[] = []): Promise<void> {
    const checked = [...subscriptions];
    if (!checked.length) return;
    const check = ++this.checks;
    const sessions = [...new Set(checked.flatMap(({ viewer }) => viewer?.sessionId ?? []))];
    const viewers = sessions.length
      ? await this.services.findViewers(this.tenantId, sessions)
      : new Map<string, SessionViewer>();
    await Promise.all(
      checked.map((subscription) =>
        this.decide(subscription, viewers.get(subscription.viewer?.sessionId ?? ''), check, batch),
      ),
    );
  }

  /** Authorizes one subscriber again. */
  async verify(subscription: LiveSubscription): Promise<void> {
    const check = ++this.checks;
    const { viewer } = subscription;
    const found = viewer ? await this.findViewer(this.tenantId, viewer.sessionId) : undefined;
    await this.decide(subscription, found, check, []);
  }

  /** Applies what a check has found, unless one that began later was faster. */
  private async decide(
    subscription: LiveSubscription,
    viewer: SessionViewer | undefined,
    check: number,
    batch: readonly LiveEvent[],
  ): Promise<void> {
    const refusal = await subscription.request.authorize(viewer ?? null);
    if (subscription.isEnded || subscription.appliedCheck > check) return;
    subscription.appliedCheck = check;
    // Who was there until the organization was deleted is told so: that event is the last one.
    if (refusal && viewer && batch.some((event) => isEndOf(subscription, event)) && !isAbout(batch, viewer)) return;
    if (refusal) subscription.finish(refusal);
    else subscription.viewer = viewer ?? null;
  }

  private async readOn(): Promise<void> {
    this.isReading = true;
    try {
      while (this.isBehind && this.subscriptions.size > 0) {
        this.isBehind = false;
        const events = await readEvents(this.services.database, this.tenantId, this.position);
        await this.check(this.concernedBy(events), events);
        this.handOut(events);
        if (events.length === LIVE_PAGE) this.isBehind = true;
      }
    } catch (error) {
      this.services.log.warn({ error }, 'live events could not be read: trying again');
      this.isBehind = true;
      setTimeout(() => {
        if (!this.isReading) void this.readOn();
      }, RETRY_MILLISECONDS).unref();
    } finally {
      this.isReading = false;
    }
  }

  private concernedBy(events: LiveEvent[]): LiveSubscription[] {
    const changes = events.filter(changesRights).map(({ row }) => row);
    if (!changes.length) return [];
    const users = new Set(changes.flatMap(({ userUuid }) => userUuid ?? []));
    const wider = changes.filter(({ userUuid }) => userUuid === null);
    return [...this.subscriptions].filter(
      ({ viewer, request }) =>
        users.has(viewer?.userId ?? '') ||
        wider.some(
          ({ organizationUuid: id }) =>
            id === null || request.filter.organizationId === id || viewer?.rolesByOrganization.has(id),
        ),
    );
  }

  private handOut(events: readonly LiveEvent[]): void {
    const last = events.at(-1);
    if (!last) return;
    for (const subscription of this.subscriptions) if (subscription.isLive) hand(subscription, events);
    this.position = last.sequence;
  }

  /** Reads a subscriber's next page, or finds that it has caught up. Those at the same place read the same page. */
  private async catchUp(subscription: LiveSubscription): Promise<void> {
    if (subscription.position >= this.position && !subscription.isEnded) {
      subscription.isLive = true;
      return;
    }
    const { organizationId, petitionId } = subscription.request.filter;
    const of = subscription.isSkippingTo ? {} : { organizationId, petitionId };
    const key = `${of.organizationId ?? ''} ${of.petitionId ?? ''} ${subscription.position}`;
    let page = this.pages.get(key);
    if (!page) {
      const upTo = this.position;
      page = readEvents(this.services.database, this.tenantId, subscription.position, of)
        .then((events) => ({ events, upTo }))
        .finally(() => this.pages.delete(key));
      this.pages.set(key, page);
    }
    const { events, upTo } = await page;
    hand(subscription, events);
    if (events.length < LIVE_PAGE) subscription.position = Math.max(subscription.position, upTo);
  }
}

/** Hands events to one subscriber; the deletion of the organization that it is about ends it. */
function hand(subscription: LiveSubscription, events: readonly LiveEvent[]): void {
  for (const event of events) {
    if (subscription.push(event) && isEndOf(subscription, event)) subscription.finish(null);
  }
}

function isEndOf({ request: { filter } }: LiveSubscription, { row }: LiveEvent): boolean {
  return row.type === 'organization.deleted' && row.organizationUuid === filter.organizationId;
}

function changesRights({ row }: LiveEvent): boolean {
  // A type that a newer process has written: better once too often.
  if (!isEventType(row.type)) return true;
  const { changesRights: decides }: EventDefinition = EVENT_TYPES[row.type];
  return typeof decides === 'boolean' ? decides : decides.some((property) => row.after && property in row.after);
}

function isAbout(batch: readonly LiveEvent[], viewer: SessionViewer): boolean {
  return batch.some((event) => changesRights(event) && event.row.userUuid === viewer.userId);
}
