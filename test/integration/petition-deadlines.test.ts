import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runPetitionDeadlines } from '../../src/enrollment/deadlines/run-due.js';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { ConfirmationMode } from '../../src/entities/enums.js';
import { flowWith, stateOf, waiting } from '../support/deadlines.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { startMailServer } from '../support/invitations.js';
import { command } from '../support/petitions.js';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
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
const mailsTo = (address: string) => server.received.filter(({ to }) => to.includes(address));

const ACTIVATE = 'update enrollment_flows set status = $3 where tenant_id = $1 and id = $2';
const confirming = { confirmation: ConfirmationMode.REVIEW };

describe('a petition that is not finished in time', () => {
  it('expires, by the system, with its history, and its event; and then nothing is due any more', async () => {
    const flow = await flowWith(gateway, { requiresApproval: true, expiryDays: 3 });
    const { uuid: id } = await waiting(gateway, flow.globalId);
    gateway.advance(3 * DAY - HOUR);
    await run();
    expect(await stateOf(gateway, id)).toMatchObject({ status: 'PENDING_APPROVAL' });
    gateway.advance(HOUR);
    expect(await run()).toBe(1);
    const state = await stateOf(gateway, id);
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
    const flow = await flowWith(gateway, { requiresApproval: true, expiryDays: 1, reminderHours: 1, reminderCount: 2 });
    const petitions = [];
    for (let count = 0; count < 30; count++) petitions.push(await waiting(gateway, flow.globalId));
    gateway.advance(2 * DAY);
    await Promise.all(Array.from({ length: 6 }, run));
    await run();
    for (const { uuid: id } of petitions) {
      const { status, history, events, actions } = await stateOf(gateway, id);
      expect(status).toBe('EXPIRED');
      expect(history.filter(({ status_after: after }) => after === 'EXPIRED')).toHaveLength(1);
      expect(actions).not.toContain('REMINDED');
      expect(events).toHaveLength(history.length);
    }
  });

  it('does not expire once it is decided, nor where the flow says never', async () => {
    const flow = await flowWith(gateway, { requiresApproval: true, expiryDays: 1 });
    const endless = await flowWith(gateway, { requiresApproval: true });
    const { id, uuid: decided, token } = await waiting(gateway, flow.globalId);
    const { uuid: forever } = await waiting(gateway, endless.globalId);
    const { status } = (await command(gateway, null, 'petitionCancel', { id }, token)).petition;
    expect(status).toBe('CANCELED');
    expect(await stateOf(gateway, decided)).toMatchObject({ dueAt: null });
    expect(await stateOf(gateway, forever)).toMatchObject({ dueAt: null });
    gateway.advance(400 * DAY);
    expect(await run()).toBe(0);
    expect(await stateOf(gateway, decided)).toMatchObject({ status: 'CANCELED' });
    expect(await stateOf(gateway, forever)).toMatchObject({ status: 'PENDING_APPROVAL' });
  });
});

describe('reminders', () => {
  it('go to the enrollee with a new link, as often as the flow says and no more', async () => {
    const flow = await flowWith(gateway, { ...confirming, reminderHours: 24, reminderCount: 2 });
    const { uuid: id, email } = await waiting(gateway, flow.globalId);
    await send();
    expect(mailsTo(email)).toHaveLength(1);
    for (let day = 1; day <= 4; day++) {
      gateway.advance(DAY);
      await run();
      await run();
      await send();
    }
    const state = await stateOf(gateway, id);
    expect(state).toMatchObject({ status: 'PENDING_CONFIRMATION', reminders: 2, dueAt: null });
    expect(state.actions.filter((action) => action === 'REMINDED')).toHaveLength(2);
    expect(mailsTo(email)).toHaveLength(3);
    expect(
      await gateway.rows('select id from petition_confirmations where tenant_id = $1 and petition_id = $2', [id]),
    ).toHaveLength(1);
  });

  it('go to the approvers, and those that were missed are not sent one after the other', async () => {
    const flow = await flowWith(gateway, { requiresApproval: true, reminderHours: 10, reminderCount: 5 });
    const { uuid: id } = await waiting(gateway, flow.globalId);
    await send();
    server.received.length = 0;
    gateway.advance(35 * HOUR);
    await run();
    await run();
    await send();
    expect(await stateOf(gateway, id)).toMatchObject({ reminders: 3 });
    expect(mailsTo(flow.approver.email)).toHaveLength(1);
    gateway.advance(5 * HOUR);
    await run();
    await send();
    expect(await stateOf(gateway, id)).toMatchObject({ reminders: 4 });
    expect(mailsTo(flow.approver.email)).toHaveLength(2);
  });

  it('stop while the flow is suspended, which is not looked at all the time, and go on afterwards', async () => {
    const flow = await flowWith(gateway, {
      requiresApproval: true,
      reminderHours: 10,
      reminderCount: 5,
      expiryDays: 10,
    });
    const petitions = [await waiting(gateway, flow.globalId), await waiting(gateway, flow.globalId)];
    await gateway.rows(ACTIVATE, [flow.id, 'SUSPENDED']);
    gateway.advance(15 * HOUR);
    expect(await run()).toBe(0);
    for (const { uuid: id } of petitions) {
      const { reminders, dueAt } = await stateOf(gateway, id);
      expect(reminders).toBe(0);
      expect(dueAt!.getTime()).toBeGreaterThan(gateway.services.clock().getTime() + HOUR / 2);
    }
    await gateway.rows(ACTIVATE, [flow.id, 'ACTIVE']);
    gateway.advance(HOUR);
    expect(await run()).toBe(2);
    for (const { uuid: id } of petitions) expect(await stateOf(gateway, id)).toMatchObject({ reminders: 1 });
    await gateway.rows(ACTIVATE, [flow.id, 'SUSPENDED']);
    gateway.advance(20 * DAY);
    await run();
    for (const { uuid: id } of petitions) expect(await stateOf(gateway, id)).toMatchObject({ status: 'EXPIRED' });
  });

  it('end with the flow', async () => {
    const flow = await flowWith(gateway, { requiresApproval: true, reminderHours: 10, reminderCount: 5 });
    const { uuid: id } = await waiting(gateway, flow.globalId);
    await gateway.rows('delete from enrollment_flows where tenant_id = $1 and id = $2', [flow.id]);
    gateway.advance(15 * HOUR);
    await run();
    expect(await stateOf(gateway, id)).toMatchObject({ status: 'PENDING_APPROVAL', reminders: 0, dueAt: null });
  });
});

describe('escalation', () => {
  it('comes once, beside the reminders', async () => {
    const flow = await flowWith(gateway, {
      requiresApproval: true,
      escalationHours: 48,
      reminderHours: 24,
      reminderCount: 3,
    });
    const { uuid: id } = await waiting(gateway, flow.globalId);
    for (let day = 1; day <= 4; day++) {
      gateway.advance(DAY);
      await Promise.all([run(), run()]);
    }
    const { actions, ...state } = await stateOf(gateway, id);
    expect(state).toMatchObject({ is_escalated: true, reminders: 3, dueAt: null });
    expect(actions.filter((action) => action === 'ESCALATED')).toHaveLength(1);
    expect(actions.filter((action) => action === 'REMINDED')).toHaveLength(3);
  });
});

describe('a petition whose deadline fails', () => {
  it('holds up no other, is logged, and is tried again later', async () => {
    const flow = await flowWith(gateway, { requiresApproval: true, expiryDays: 1 });
    const broken = await waiting(gateway, flow.globalId);
    const sound = await waiting(gateway, flow.globalId);
    await gateway.rows(`create or replace function break_it() returns trigger language plpgsql as '
      begin if new.id = ''${broken.uuid}'' and new.status = ''EXPIRED'' then raise exception ''broken''; end if; return new; end'`);
    await gateway.rows('create trigger break_it before update on petitions for each row execute function break_it()');
    gateway.advance(2 * DAY);
    gateway.logLines.length = 0;
    expect(await run()).toBe(2);
    expect(await stateOf(gateway, sound.uuid)).toMatchObject({ status: 'EXPIRED' });
    const state = await stateOf(gateway, broken.uuid);
    expect(state).toMatchObject({ status: 'PENDING_APPROVAL' });
    expect(state.dueAt!.getTime()).toBeGreaterThan(gateway.services.clock().getTime());
    expect(gateway.logLines.filter((line) => line.includes('a deadline of a petition could not be kept'))).toHaveLength(
      1,
    );
    await gateway.rows('drop trigger break_it on petitions');
    gateway.advance(HOUR);
    await run();
    expect(await stateOf(gateway, broken.uuid)).toMatchObject({ status: 'EXPIRED' });
  });
});
