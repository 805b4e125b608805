import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { FlowAuthorization } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Browser } from '../support/browser.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { until, type Watched, watchStream } from '../support/live.js';
import { codeOf, startLiveGateway } from '../support/live-gateway.js';
import { command, makeFlow, PERSON, start } from '../support/petitions.js';

const live = await startLiveGateway();
const { gateway, administrator, watch, dispatch, change } = live;
afterEach(() => live.disconnect());
afterAll(() => gateway.close());

const CHANGED = `subscription ($id: ID!, $after: ID) { petitionChanged(id: $id, after: $after) {
  id type petition { id status step nextActions viewerParties email } event { sequence } } }`;
const INBOX = `subscription ($organizationId: ID, $after: ID) {
  petitionInboxChanged(organizationId: $organizationId, after: $after) {
    id type change waitingCount petition { id status } } }`;

const HOUR = 60 * 60_000;
let serial = 0;

/** Results but those of the start: events of the last moment before a subscription may still be among them. */
const fresh = ({ results }: Watched) =>
  results.filter(({ data }) => data?.petitionChanged?.type !== 'petition.created');

const changes = (watched: Watched): any[] => fresh(watched).flatMap(({ data }) => data?.petitionChanged ?? []);
const inbox = ({ results }: Watched): any[] => results.map(({ data }) => data?.petitionInboxChanged).filter(Boolean);
const summary = (watched: Watched) => inbox(watched).map(({ change: what, petition }) => [what, petition?.id ?? null]);

/** An organization that people enroll into, with an approver and a member who is none. */
async function enrolling(settings: Partial<FlowSettings> = {}) {
  const organization = await makeOrganization(gateway.tenant);
  const [approver, member] = [await gateway.signedInUser(), await gateway.signedInUser()];
  const administers: ('member' | 'administrator')[] = ['member', 'administrator'];
  const membership = await makeMembership(gateway.tenant, {
    user: { id: approver.userId },
    organization,
    roles: administers,
  });
  await makeMembership(gateway.tenant, { user: { id: member.userId }, organization, roles: ['member'] });
  const { globalId: flowId } = await makeFlow(gateway.tenant, {
    settings: { attributes: PERSON, requiresApproval: true, ...settings },
    organizationId: organization.id,
  });
  const organizationId = `org_${organization.id}`;
  return { organization, organizationId, flowId, approver, member, membershipId: membership.id };
}

/** Starts a petition: it waits for its attributes. */
async function begun(flowId: string, browser: Browser | null = null) {
  const { petition, token, userErrors } = await start(gateway, browser, flowId);
  expect(userErrors).toEqual([]);
  await dispatch();
  return { id: petition.id as string, uuid: (petition.id as string).replace('pet_', ''), token };
}

async function submit(petition: { id: string; token: string | null }, browser: Browser | null = null) {
  const attributes = { email: `newcomer-${++serial}@elsewhere.example`, givenName: 'Ada', familyName: 'Martin' };
  const answer = await command(
    gateway,
    browser,
    'petitionSubmitAttributes',
    { id: petition.id, attributes },
    petition.token,
  );
  expect(answer.userErrors).toEqual([]);
  await dispatch();
}

/** A petition that waits for approval. */
async function pending(flowId: string) {
  const petition = await begun(flowId);
  await submit(petition);
  return petition;
}

async function decide(browser: Browser, name: 'petitionApprove' | 'petitionDeny', id: string) {
  const answer = await command(gateway, browser, name, { id });
  await dispatch();
  return answer;
}

const withToken = (token: string) => ({ connectionParams: { petitionToken: token } });
const FLOWED = ['petition.advanced', 'petition.status_changed', 'petition.advanced'];

describe('petitionChanged', () => {
  it('tells approvers what happens, with the petition as it is and what they may do now; the log to administrators', async () => {
    const { flowId, approver } = await enrolling();
    const petition = await begun(flowId);
    await dispatch();
    const watched = await watch({ browser: approver.browser }, CHANGED, { id: petition.id });
    await submit(petition);
    await until(() => changes(watched).length === 3);
    expect(changes(watched).map(({ type }) => type)).toEqual(FLOWED);
    expect(changes(watched)[2]).toMatchObject({ petition: { id: petition.id, status: 'PENDING_APPROVAL' } });
    expect(changes(watched)[2].petition.nextActions).toContain('APPROVE');
    expect(changes(watched)[2].event).not.toBeNull();
    await decide(approver.browser, 'petitionDeny', petition.id);
    await until(() => changes(watched).length === 4);
    expect(changes(watched)[3]).toMatchObject({ type: 'petition.denied', petition: { status: 'DENIED' } });
  });

  it('is for nobody else, who learn nothing of it', async () => {
    const { flowId, member } = await enrolling();
    const petition = await pending(flowId);
    for (const browser of [member.browser, (await gateway.signedInUser()).browser]) {
      const there = await watch({ browser }, CHANGED, { id: petition.id });
      const absent = await watch({ browser }, CHANGED, { id: `pet_${v7()}` });
      const [refused] = await there.reach(1);
      expect(codeOf(refused)).toBe('NOT_FOUND');
      expect((await absent.reach(1))[0]).toEqual(refused);
      expect(await there.ended).toBe('complete');
    }
  });

  it('says nothing of another petition, not even of the same organization', async () => {
    const { flowId } = await enrolling();
    const mine = await begun(flowId);
    const other = await begun(flowId);
    await dispatch();
    const watched = await watch(withToken(mine.token!), CHANGED, { id: mine.id });
    await submit(other);
    await submit(mine);
    await until(() => changes(watched).length === 3);
    expect(new Set(changes(watched).map(({ petition }) => petition.id))).toEqual(new Set([mine.id]));
  });

  it('resumes after an event without gap or double', async () => {
    const { flowId, approver } = await enrolling();
    const petition = await pending(flowId);
    const other = await pending(flowId);
    await decide(approver.browser, 'petitionApprove', petition.id);
    const log = await gateway.rows<{ id: string }>(
      `select e.id from events e join audit_chain c on c.tenant_id = e.tenant_id and c.id = e.id
       where e.tenant_id = $1 and e.object_id = $2 order by c.sequence`,
      [petition.uuid],
    );
    const ids = log.map(({ id }) => `evt_${id}`);
    for (const place of [0, 2]) {
      const watched = await watch({ browser: approver.browser }, CHANGED, { id: petition.id, after: ids[place] });
      await watched.reach(ids.length - 1 - place);
      expect(changes(watched).map(({ id }) => id)).toEqual(ids.slice(place + 1));
    }
    const foreign = await watch({ browser: approver.browser }, CHANGED, { id: other.id, after: ids[0] });
    expect(codeOf((await foreign.reach(1))[0])).toBe('BAD_USER_INPUT');
  });
});

describe('a petitioner without an account', () => {
  it('subscribes by the token of the petition, over both ways, and sees what parties see', async () => {
    const { flowId } = await enrolling();
    const petition = await begun(flowId);
    await dispatch();
    const socket = await watch(withToken(petition.token!), CHANGED, { id: petition.id });
    const stream = watchStream(
      gateway.url,
      CHANGED,
      { id: petition.id },
      { 'vestibule-petition-token': petition.token! },
    );
    await stream.response;
    await submit(petition);
    for (const watched of [socket, stream]) {
      await until(() => changes(watched).length === 3);
      expect(changes(watched).map(({ type }) => type)).toEqual(FLOWED);
      expect(changes(watched)[2]).toMatchObject({ petition: { viewerParties: ['PETITIONER'] }, event: null });
    }
    stream.stop();
  });

  it('gets nowhere with another token, or with none', async () => {
    const { flowId } = await enrolling();
    const [petition, other] = [await begun(flowId), await begun(flowId)];
    const unknown = 'A'.repeat(43);
    for (const token of [other.token!, unknown]) {
      const watched = await watch(withToken(token), CHANGED, { id: petition.id });
      expect(codeOf((await watched.reach(1))[0])).toBe('NOT_FOUND');
    }
    for (const token of ['', 'short', 1, {}]) {
      const watched = await watch({ connectionParams: { petitionToken: token } }, CHANGED, { id: petition.id });
      expect(await watched.ended).toMatchObject({ code: 4401 });
    }
  });

  it('reaches nothing but that petition', async () => {
    const { flowId, organizationId } = await enrolling();
    const petition = await begun(flowId);
    const of = `subscription ($id: ID!) { organizationChanged(id: $id) { id } }`;
    for (const [query, variables] of [
      [INBOX, {}],
      [of, { id: organizationId }],
      ['subscription { auditEvents { id } }', {}],
    ] as const) {
      const watched = await watch(withToken(petition.token!), query, variables);
      expect(codeOf((await watched.reach(1))[0])).toBe('UNAUTHENTICATED');
    }
  });

  it('is told nothing any more once the token is over', async () => {
    const { flowId } = await enrolling();
    const petition = await begun(flowId);
    await dispatch();
    const watched = await watch(withToken(petition.token!), CHANGED, { id: petition.id });
    await gateway.rows('update petitions set petitioner_token_expires_at = $3 where tenant_id = $1 and id = $2', [
      petition.uuid,
      gateway.services.clock(),
    ]);
    await command(gateway, administrator, 'petitionCancel', { id: petition.id });
    await dispatch();
    expect(await watched.ended).toBe('complete');
    expect(fresh(watched).map(codeOf)).toEqual(['NOT_FOUND']);
    expect(JSON.stringify(watched.results)).not.toContain('CANCELED');
  });

  it('is let go when the token is over, though nothing happens', async () => {
    const { flowId } = await enrolling();
    const petition = await begun(flowId);
    await dispatch();
    const watched = await watch(withToken(petition.token!), CHANGED, { id: petition.id });
    await gateway.rows('update petitions set petitioner_token_expires_at = $3 where tenant_id = $1 and id = $2', [
      petition.uuid,
      gateway.services.clock(),
    ]);
    await gateway.services.live.sweep();
    expect(await watched.ended).toBe('complete');
    expect(fresh(watched).map(codeOf)).toEqual(['NOT_FOUND']);
  });

  it('holds a hundred subscriptions at most', async () => {
    const { flowId } = await enrolling();
    const petition = await begun(flowId);
    const requests = Array.from({ length: 100 }, () =>
      gateway.services.live.subscribe({
        tenantId: gateway.tenant.id,
        viewer: null,
        holder: 'somebody',
        filter: { organizationId: null, eventTypes: [], petitionId: petition.uuid },
        after: null,
        authorize: async () => null,
      }),
    );
    const held = await Promise.all(requests);
    const more = { ...held[0]!.request };
    await expect(gateway.services.live.subscribe(more)).rejects.toMatchObject({ code: 'TOO_MANY_SUBSCRIPTIONS' });
    await expect(gateway.services.live.subscribe({ ...more, holder: 'other' })).resolves.toBeDefined();
    await gateway.services.live.sweep();
    expect(gateway.services.live.size).toBe(101);
    await Promise.all(held.map((one) => one.return()));
    await (await gateway.services.live.subscribe({ ...more, holder: 'other' })).return();
    for (const feed of (gateway.services.live as any).feeds.values())
      for (const one of feed.subscriptions) one.finish(null);
  });
});

describe('rights that are lost', () => {
  /** What is taken from the approver, and how it is told: rights are read again for the event itself, told or not. */
  it.each([
    ['a role, silently', 'delete from membership_roles where tenant_id = $1 and membership_id = $2', 'membership'],
    ['the membership, silently', 'delete from memberships where tenant_id = $1 and id = $2', 'membership'],
    ['the session, silently', 'delete from sessions where tenant_id = $1 and user_id = $2', 'user'],
    ['the account, silently', `update users set status = 'SUSPENDED' where tenant_id = $1 and id = $2`, 'user'],
  ])('%s: the next event is not shown, and it ends', async (_what, sql, of) => {
    const { flowId, approver, membershipId } = await enrolling();
    const petition = await begun(flowId);
    await dispatch();
    const watched = await watch({ browser: approver.browser }, CHANGED, { id: petition.id });
    await gateway.rows(sql, [of === 'user' ? approver.userId : membershipId]);
    await submit(petition);
    expect(await watched.ended).toBe('complete');
    expect(fresh(watched).map(codeOf)).toEqual([of === 'user' ? 'UNAUTHENTICATED' : 'NOT_FOUND']);
    expect(JSON.stringify(fresh(watched))).not.toContain(petition.id);
  });

  it('a role, told by an event: it ends at once', async () => {
    const { flowId, approver, membershipId, organization } = await enrolling();
    const petition = await begun(flowId);
    await dispatch();
    const watched = await watch({ browser: approver.browser }, CHANGED, { id: petition.id });
    await change(
      `delete from memberships where tenant_id = $1 and id = $2`,
      [gateway.tenant.id, membershipId],
      [
        {
          type: 'membership.removed',
          organizationId: organization.id,
          userId: approver.userId,
          objectId: membershipId,
          before: {
            organizationId: `org_${organization.id}`,
            roles: ['member', 'administrator'],
            source: 'ADMIN',
          },
        } as never,
      ],
    );
    expect(await watched.ended).toBe('complete');
    expect(fresh(watched).map(codeOf)).toEqual(['NOT_FOUND']);
  });

  it('a delegation that ends by the clock', async () => {
    const { flowId, approver } = await enrolling();
    const delegate = await gateway.signedInUser();
    await delegateTo(approver.userId, delegate.userId, HOUR);
    const petition = await begun(flowId);
    await dispatch();
    const watched = await watch({ browser: delegate.browser }, CHANGED, { id: petition.id });
    await submit(petition);
    await until(() => changes(watched).length === 3);
    gateway.advance(2 * HOUR);
    await decide(approver.browser, 'petitionDeny', petition.id);
    expect(await watched.ended).toBe('complete');
    expect(fresh(watched).slice(3).map(codeOf)).toEqual(['NOT_FOUND']);
    expect(JSON.stringify(watched.results)).not.toContain('DENIED');
  });

  it('are looked at while a subscriber reads what they missed, too', async () => {
    const { flowId, approver, membershipId, organization } = await enrolling();
    const petition = await pending(flowId);
    const [first] = await gateway.rows<{ id: string }>(
      'select id from events where tenant_id = $1 and object_id = $2 order by id limit 1',
      [petition.uuid],
    );
    const token = await approver.browser.cookie('__Host-vestibule', gateway.url);
    const { viewer } = (await gateway.services.findSession(gateway.tenant.id, token!))!;
    const slow = await gateway.services.live.subscribe({
      tenantId: gateway.tenant.id,
      viewer,
      filter: { organizationId: null, eventTypes: [], petitionId: petition.uuid },
      after: first!.id,
      isCheckedEachTime: true,
      authorize: async (now) => (now?.rolesByOrganization.has(organization.id) ? null : new Error('lost')),
    });
    expect((await slow.next()).done).toBe(false);
    await gateway.rows('delete from memberships where tenant_id = $1 and id = $2', [membershipId]);
    await expect(slow.next()).rejects.toThrow('lost');
    expect(await slow.next()).toEqual({ done: true, value: undefined });
  });
});

async function delegateTo(userId: string, delegateId: string, milliseconds: number): Promise<void> {
  const now = gateway.services.clock();
  await gateway.rows(
    `insert into approver_delegations (id, tenant_id, user_id, delegate_user_id, starts_at, ends_at, created_at)
     values ($2, $1, $3, $4, $5, $6, $5)`,
    [v7(), userId, delegateId, now, new Date(now.getTime() + milliseconds)],
  );
}

describe('petitionInboxChanged', () => {
  it('tells an approver what came in and what left, with how many wait', async () => {
    const { flowId, approver, organizationId } = await enrolling();
    await dispatch();
    const ofAll = await watch({ browser: approver.browser }, INBOX);
    const ofOne = await watch({ browser: approver.browser }, INBOX, { organizationId });
    const elsewhere = await watch({ browser: approver.browser }, INBOX, { organizationId: `org_${v7()}` });
    const [first, second] = [await pending(flowId), await pending(flowId)];
    await until(() => inbox(ofAll).length === 2 && inbox(ofOne).length === 2);
    await decide(approver.browser, 'petitionApprove', first.id);
    await decide(approver.browser, 'petitionDeny', second.id);
    for (const watched of [ofAll, ofOne]) {
      await watched.reach(4);
      expect(summary(watched)).toEqual([
        ['ARRIVED', first.id],
        ['ARRIVED', second.id],
        ['LEFT', first.id],
        ['LEFT', second.id],
      ]);
      expect(inbox(watched).at(-1)).toMatchObject({ waitingCount: 0 });
      expect(inbox(watched)[1]).toMatchObject({ waitingCount: 2 });
    }
    expect(elsewhere.results).toEqual([]);
  });

  it('tells nobody of what is not theirs to decide on', async () => {
    const mine = await enrolling();
    const other = await enrolling();
    const stranger = await gateway.signedInUser();
    const watched = await Promise.all(
      [mine.member, stranger, other.approver].map(({ browser }) => watch({ browser }, INBOX)),
    );
    const theirs = await pending(other.flowId);
    const petition = await pending(mine.flowId);
    await decide(mine.approver.browser, 'petitionDeny', petition.id);
    const last = await pending(other.flowId);
    await watched[2]!.reach(2);
    expect(summary(watched[2]!)).toEqual([
      ['ARRIVED', theirs.id],
      ['ARRIVED', last.id],
    ]);
    expect(watched[0]!.results).toEqual([]);
    expect(watched[1]!.results).toEqual([]);
  });

  it('leaves out what one has started oneself, unless the flow lets one decide on that', async () => {
    for (const allowsOwnApproval of [false, true]) {
      const { flowId, approver } = await enrolling({ authorization: FlowAuthorization.SIGNED_IN, allowsOwnApproval });
      await dispatch();
      const watched = await watch({ browser: approver.browser }, INBOX);
      const own = await begun(flowId, approver.browser);
      await submit(own, approver.browser);
      const foreign = await begun(flowId, (await gateway.signedInUser()).browser).catch(() => null);
      expect(foreign).not.toBeNull();
      await command(gateway, administrator, 'petitionCancel', { id: own.id });
      await dispatch();
      if (allowsOwnApproval) await watched.reach(2);
      expect(summary(watched)).toEqual(
        allowsOwnApproval
          ? [
              ['ARRIVED', own.id],
              ['LEFT', own.id],
            ]
          : [],
      );
    }
  });

  it('tells a delegate, until the delegation ends by the clock', async () => {
    const { flowId, approver } = await enrolling();
    const delegate = await gateway.signedInUser();
    await delegateTo(approver.userId, delegate.userId, HOUR);
    await dispatch();
    const [watched, ofApprover] = [
      await watch({ browser: delegate.browser }, INBOX),
      await watch({ browser: approver.browser }, INBOX),
    ];
    const petition = await pending(flowId);
    await watched.reach(1);
    gateway.advance(2 * HOUR);
    await pending(flowId);
    await decide(approver.browser, 'petitionApprove', petition.id);
    await ofApprover.reach(3);
    await gateway.services.live.sweep();
    expect(summary(watched)).toEqual([['ARRIVED', petition.id]]);
  });

  it('says that rights have changed, and ends with the session', async () => {
    const { approver, membershipId, organization } = await enrolling();
    const watched = await watch({ browser: approver.browser }, INBOX);
    await change(
      `delete from memberships where tenant_id = $1 and id = $2`,
      [gateway.tenant.id, membershipId],
      [
        {
          type: 'membership.removed',
          organizationId: organization.id,
          userId: approver.userId,
          objectId: membershipId,
          before: {
            organizationId: `org_${organization.id}`,
            roles: ['member', 'administrator'],
            source: 'ADMIN',
          },
        } as never,
      ],
    );
    await watched.reach(1);
    expect(summary(watched)).toEqual([['RIGHTS_CHANGED', null]]);
    await gateway.rows('delete from sessions where tenant_id = $1 and user_id = $2', [approver.userId]);
    await gateway.services.live.sweep();
    expect(await watched.ended).toBe('complete');
    expect(watched.results.slice(1).map(codeOf)).toEqual(['UNAUTHENTICATED']);
  });

  it('resumes', async () => {
    const { flowId, approver, organizationId } = await enrolling();
    const first = await pending(flowId);
    const [event] = await gateway.rows<{ id: string }>(
      `select id from events where tenant_id = $1 and object_id = $2 and "after" ->> 'status' = 'PENDING_APPROVAL'`,
      [first.uuid],
    );
    const second = await pending(flowId);
    const watched = await watch({ browser: approver.browser }, INBOX, { organizationId, after: `evt_${event!.id}` });
    await watched.reach(1);
    expect(summary(watched)).toEqual([['ARRIVED', second.id]]);
  });

  it('needs a session', async () => {
    const nobody = watchStream(gateway.url, INBOX);
    expect(codeOf((await nobody.reach(1))[0])).toBe('UNAUTHENTICATED');
  });
});
