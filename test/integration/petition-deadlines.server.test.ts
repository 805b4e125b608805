import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { flowWith, stateOf, waiting } from '../support/deadlines.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { startMailServer } from '../support/invitations.js';
import { finish, startScript, waitForOutput } from '../support/run-script.js';

const HOUR = 60 * 60_000;

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

describe('two processes', () => {
  it('keep each deadline once', async () => {
    const flow = await flowWith(gateway, {
      requiresApproval: true,
      expiryDays: 30,
      reminderHours: 10,
      reminderCount: 3,
    });
    const petitions = [];
    for (let count = 0; count < 80; count++) petitions.push(await waiting(gateway, flow.globalId));
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
      const { actions, reminders, history, events } = await stateOf(gateway, id);
      expect(reminders).toBe(1);
      expect(actions.filter((action) => action === 'REMINDED')).toHaveLength(1);
      expect(events).toHaveLength(history.length);
    }
  }, 120_000);
});
