import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runPetitionDeadlines } from '../../src/enrollment/deadlines/run-due.js';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { ConfirmationMode } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { startMailServer } from '../support/invitations.js';
import { command, makeFlow, PERSON, start } from '../support/petitions.js';
import { finish, startScript, waitForOutput } from '../support/run-script.js';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
let serial = 0;
beforeAll(async () => {
  server = await startMailServer();
  gateway = await startGateway({
    environment: { SMTP_URL: `smtp://127.0.0.1:${server.port}`, MAIL_FROM: 'Vestibule <vestibule@example.org>' },
  });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});
// What other tests have left behind is not due any more.
beforeEach(async () => {
  await gateway.rows('update petitions set due_at = null, expires_at = null where tenant_id = $1');
  await send();
  server.received.length = 0;
});

const run = () => runPetitionDeadlines(gateway.services, gateway.tenant.id);
const send = () => mailPetitions(gateway.services, gateway.tenant.id);
const uuid = (id: string) => id.replace(/^pet_/, '');
const mailsTo = (address: string) => server.received.filter(({ to }) => to.includes(address));

/** An approver, and a flow that leads to their organization. */
async function flowWith(settings: Partial<FlowSettings>) {
  const organization = await makeOrganization(gateway.tenant);
  const email = `approver-${++serial}@example.org`;
  const approver = await gateway.signedInUser({ email, emailNormalized: email, isEmailVerified: true });
  const roles: ('member' | 'administrator')[] = ['member', 'administrator'];
  await makeMembership(gateway.tenant, { user: { id: approver.userId }, organization, roles });
  const { id, globalId } = await makeFlow(gateway.tenant, {
    settings: { attributes: PERSON, ...settings },
    organizationId: organization.id,
  });
  return { id, globalId, approver: { ...approver, email } };
}

/** A petition that waits for whom its flow asks next, once its attributes are given. */
async function waiting(flowId: string) {
  const email = `enrollee-${++serial}@example.org`;
  const started = await start(gateway, null, flowId);
  const { id } = started.petition;
  const attributes = { email, givenName: 'Ada', familyName: 'Martin' };
  const { petition, userErrors } = await command(
    gateway,
    null,
    'petitionSubmitAttributes',
    { id, attributes },
    started.token,
  );
  expect(userErrors).toEqual([]);
  return { id, uuid: uuid(id), email, token: started.token!, status: petition.status as string };
}

interface Stored {
  status: string;
  step: string;
  reminders: number;
  is_escalated: boolean;
  due_at: string | Date | null;
}

async function stateOf(petitionUuid: string) {
  const [row] = await gateway.rows<Stored>(
    'select status, step, reminders, is_escalated, due_at from petitions where tenant_id = $1 and id = $2',
    [petitionUuid],
  );
  const history = await gateway.rows<{ action: string; status_after: string | null; party: string }>(
    'select action, status_after, party from petition_history where tenant_id = $1 and petition_id = $2 order by sequence',
    [petitionUuid],
  );
  const events = await gateway.rows<{ type: string; actor_kind: string; via: string }>(
    `select type, actor_kind, via from events where tenant_id = $1 and object_id = $2 and type like 'petition.%' order by id`,
    [petitionUuid],
  );
  const dueAt = row!.due_at === null ? null : new Date(row!.due_at);
  return { ...row!, dueAt, actions: history.map(({ action }) => action), history, events };
}

const ACTIVATE = 'update enrollment_flows set status = $3 where tenant_id = $1 and id = $2';
const confirming = { confirmation: ConfirmationMode.REVIEW };

describe('a petition that is not finished in time', () => {
  it('expires, by the system, with its history, and its event; and then nothing is due any more', async () => {
    const flow = await flowWith({ requiresApproval: true, expiryDays: 3 });
    const { uuid: id } = await waiting(flow.globalId);
    gateway.advance(3 * DAY - HOUR);
    await run();
    expect(await stateOf(id)).toMatchObject({ status: 'PENDING_APPROVAL' });
    gateway.advance(HOUR);
    expect(await run()).toBe(1);
    const state = await stateOf(id);
    expect(state).toMatchObject({ status: 'EXPIRED', step: 'DONE', dueAt: null });
    expect(state.history.at(-1)).toMatchObject({ status_after: 'EXPIRED', party: 'SYSTEM' });
    expect(state.events.at(-1)).toEqual({
      type: 'petition.status_changed',
      actor_kind: 'SYSTEM',
      via: 'runPetitionDeadlines',
    });
    expect(state.events).toHaveLength(state.history.length);
    expect(await run()).toBe(0);
  });

  it('expires once, whoever else looks at the same moment', async () => {
    const flow = await flowWith({ requiresApproval: true, expiryDays: 1, reminderHours: 1, reminderCount: 2 });
    const petitions = [];
    for (let count = 0; count < 30; count++) petitions.push(await waiting(flow.globalId));
    gateway.advance(2 * DAY);
    await Promise.all(Array.from({ length: 6 }, run));
    await run();
    for (const { uuid: id } of petitions) {
      const { status, history, events, actions } = await stateOf(id);
      expect(status).toBe('EXPIRED');
      expect(history.filter(({ status_after: after }) => after === 'EXPIRED')).toHaveLength(1);
      expect(actions).not.toContain('REMINDED');
      expect(events).toHaveLength(history.length);
    }
  });

  it('does not expire once it is decided, nor where the flow says never', async () => {
    const flow = await flowWith({ requiresApproval: true, expiryDays: 1 });
    const endless = await flowWith({ requiresApproval: true });
    const { id, uuid: decided, token } = await waiting(flow.globalId);
    const { uuid: forever } = await waiting(endless.globalId);
    const { status } = (await command(gateway, null, 'petitionCancel', { id }, token)).petition;
    expect(status).toBe('CANCELED');
    expect(await stateOf(decided)).toMatchObject({ dueAt: null });
    expect(await stateOf(forever)).toMatchObject({ dueAt: null });
    gateway.advance(400 * DAY);
    expect(await run()).toBe(0);
    expect(await stateOf(decided)).toMatchObject({ status: 'CANCELED' });
    expect(await stateOf(forever)).toMatchObject({ status: 'PENDING_APPROVAL' });
  });
});

describe('reminders', () => {
  it('go to the enrollee with a new link, as often as the flow says and no more', async () => {
    const flow = await flowWith({ ...confirming, reminderHours: 24, reminderCount: 2 });
    const { uuid: id, email } = await waiting(flow.globalId);
    await send();
    expect(mailsTo(email)).toHaveLength(1);
    for (let day = 1; day <= 4; day++) {
      gateway.advance(DAY);
      await run();
      await run();
      await send();
    }
    const state = await stateOf(id);
    expect(state).toMatchObject({ status: 'PENDING_CONFIRMATION', reminders: 2, dueAt: null });
    expect(state.actions.filter((action) => action === 'REMINDED')).toHaveLength(2);
    expect(mailsTo(email)).toHaveLength(3);
    expect(
      await gateway.rows('select id from petition_confirmations where tenant_id = $1 and petition_id = $2', [id]),
    ).toHaveLength(1);
  });

  it('go to the approvers, and those that were missed are not sent one after the other', async () => {
    const flow = await flowWith({ requiresApproval: true, reminderHours: 10, reminderCount: 5 });
    const { uuid: id } = await waiting(flow.globalId);
    await send();
    server.received.length = 0;
    gateway.advance(35 * HOUR);
    await run();
    await run();
    await send();
    expect(await stateOf(id)).toMatchObject({ reminders: 3 });
    expect(mailsTo(flow.approver.email)).toHaveLength(1);
    gateway.advance(5 * HOUR);
    await run();
    await send();
    expect(await stateOf(id)).toMatchObject({ reminders: 4 });
    expect(mailsTo(flow.approver.email)).toHaveLength(2);
  });

  it('stop while the flow is suspended, which is not looked at all the time, and go on afterwards', async () => {
    const flow = await flowWith({ requiresApproval: true, reminderHours: 10, reminderCount: 5, expiryDays: 10 });
    const petitions = [await waiting(flow.globalId), await waiting(flow.globalId)];
    await gateway.rows(ACTIVATE, [flow.id, 'SUSPENDED']);
    gateway.advance(15 * HOUR);
    expect(await run()).toBe(0);
    for (const { uuid: id } of petitions) {
      const { reminders, dueAt } = await stateOf(id);
      expect(reminders).toBe(0);
      expect(dueAt!.getTime()).toBeGreaterThan(gateway.services.clock().getTime() + HOUR / 2);
    }
    await gateway.rows(ACTIVATE, [flow.id, 'ACTIVE']);
    gateway.advance(HOUR);
    expect(await run()).toBe(2);
    for (const { uuid: id } of petitions) expect(await stateOf(id)).toMatchObject({ reminders: 1 });
    await gateway.rows(ACTIVATE, [flow.id, 'SUSPENDED']);
    gateway.advance(20 * DAY);
    await run();
    for (const { uuid: id } of petitions) expect(await stateOf(id)).toMatchObject({ status: 'EXPIRED' });
  });

  it('end with the flow', async () => {
    const flow = await flowWith({ requiresApproval: true, reminderHours: 10, reminderCount: 5 });
    const { uuid: id } = await waiting(flow.globalId);
    await gateway.rows('delete from enrollment_flows where tenant_id = $1 and id = $2', [flow.id]);
    gateway.advance(15 * HOUR);
    await run();
    expect(await stateOf(id)).toMatchObject({ status: 'PENDING_APPROVAL', reminders: 0, dueAt: null });
  });
});

describe('escalation', () => {
  it('comes once, beside the reminders', async () => {
    const flow = await flowWith({
      requiresApproval: true,
      escalationHours: 48,
      reminderHours: 24,
      reminderCount: 3,
    });
    const { uuid: id } = await waiting(flow.globalId);
    for (let day = 1; day <= 4; day++) {
      gateway.advance(DAY);
      await Promise.all([run(), run()]);
    }
    const { actions, ...state } = await stateOf(id);
    expect(state).toMatchObject({ is_escalated: true, reminders: 3, dueAt: null });
    expect(actions.filter((action) => action === 'ESCALATED')).toHaveLength(1);
    expect(actions.filter((action) => action === 'REMINDED')).toHaveLength(3);
  });
});

describe('a petition whose deadline fails', () => {
  it('holds up no other, is logged, and is tried again later', async () => {
    const flow = await flowWith({ requiresApproval: true, expiryDays: 1 });
    const broken = await waiting(flow.globalId);
    const sound = await waiting(flow.globalId);
    await gateway.rows(`create or replace function break_it() returns trigger language plpgsql as '
      begin if new.id = ''${broken.uuid}'' and new.status = ''EXPIRED'' then raise exception ''broken''; end if; return new; end'`);
    await gateway.rows('create trigger break_it before update on petitions for each row execute function break_it()');
    gateway.advance(2 * DAY);
    gateway.logLines.length = 0;
    expect(await run()).toBe(2);
    expect(await stateOf(sound.uuid)).toMatchObject({ status: 'EXPIRED' });
    const state = await stateOf(broken.uuid);
    expect(state).toMatchObject({ status: 'PENDING_APPROVAL' });
    expect(state.dueAt!.getTime()).toBeGreaterThan(gateway.services.clock().getTime());
    expect(gateway.logLines.filter((line) => line.includes('a deadline of a petition could not be kept'))).toHaveLength(
      1,
    );
    await gateway.rows('drop trigger break_it on petitions');
    gateway.advance(HOUR);
    await run();
    expect(await stateOf(broken.uuid)).toMatchObject({ status: 'EXPIRED' });
  });
});

(process.env.DATABASE_URL ? describe : describe.skip)('two processes', () => {
  it('keep each deadline once', async () => {
    const flow = await flowWith({ requiresApproval: true, expiryDays: 30, reminderHours: 10, reminderCount: 3 });
    const petitions = [];
    for (let count = 0; count < 80; count++) petitions.push(await waiting(flow.globalId));
    const environment = { DATABASE_URL: gateway.databaseUrl!, SMTP_URL: `smtp://127.0.0.1:${server.port}` };
    const now = (gateway.services.clock().getTime() - Date.now()) / HOUR;
    const args = [gateway.tenant.id, String(now + 12)];
    const children = [0, 1].map(() => startScript('test/support/keep-deadlines.ts', args, { environment }));
    await Promise.all(children.map((child) => waitForOutput(child, /ready/)));
    for (const child of children) child.stdin!.end();
    const finished = await Promise.all(children.map(finish));
    expect(finished.map(({ code, errors }) => ({ code, errors }))).toEqual([0, 1].map(() => ({ code: 0, errors: '' })));
    const kept = finished.map(({ output }) => Number(/kept (\d+)/.exec(output)![1]));
    expect(kept[0]! + kept[1]!).toBe(80);
    expect(Math.min(...kept)).toBeGreaterThan(0);
    for (const { uuid: id } of petitions) {
      const { actions, reminders, history, events } = await stateOf(id);
      expect(reminders).toBe(1);
      expect(actions.filter((action) => action === 'REMINDED')).toHaveLength(1);
      expect(events).toHaveLength(history.length);
    }
  }, 120_000);
});
