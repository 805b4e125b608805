import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { sendNotices } from '../../src/events/mail.js';
import { EmailTrust } from '../../src/entities/enums.js';
import { makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';

/** A real SMTP server that keeps what it is given, or refuses it. */
const received: { to: string[]; text: string }[] = [];
let isRefusing = false;
const smtp = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onRcptTo: (_address, _session, done) => done(isRefusing ? new Error('not now') : null),
  onData(stream, session, done) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      received.push({
        to: session.envelope.rcptTo.map(({ address }) => address),
        text: Buffer.concat(chunks).toString(),
      });
      done();
    });
  },
});

let gateway: Gateway;
beforeAll(async () => {
  const listening = smtp.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as { port: number };
  gateway = await startGateway({
    environment: { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'vestibule@example.org' },
    connection: { emailTrust: EmailTrust.PROVIDER },
  });
});
afterAll(async () => {
  await gateway.close();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

/** A local account that a sign-in is linked to by its address: what sends a notice. */
async function linkByEmail(id: string) {
  const user = await makeUser(gateway.tenant, { email: `${id}@example.org` });
  await gateway.signIn(gateway.addPerson({ id, claims: { email: `${id}@example.org` } }));
  return user;
}

describe('notices', () => {
  it('[SSO-09] tell a user by mail, once, that a sign-in was linked to their account', async () => {
    await linkByEmail('linked');
    await sendNotices(gateway.services, gateway.tenant.id);
    await sendNotices(gateway.services, gateway.tenant.id);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      to: ['linked@example.org'],
      text: expect.stringContaining('A sign-in was linked to your account'),
    });
    const [notice] = await gateway.rows('select * from notices where tenant_id = $1');
    expect(notice).toMatchObject({ kind: 'IDENTITY_LINKED', mail_at: null });
    expect(notice!.mailed_at).not.toBeNull();
  });

  it('are mailed again, later, when the mail server refuses them, and are readable meanwhile', async () => {
    received.length = 0;
    isRefusing = true;
    const user = await linkByEmail('refused');
    await sendNotices(gateway.services, gateway.tenant.id);
    isRefusing = false;
    await sendNotices(gateway.services, gateway.tenant.id);
    expect(received).toEqual([]);
    const administrator = await gateway.signedInUser({ isTenantAdministrator: true });
    const { data } = await gateway.graphql(
      administrator.browser,
      `{ user(id: "usr_${user.id}") { notices { nodes { kind mailedAt } } } }`,
    );
    expect(data.user.notices.nodes).toEqual([{ kind: 'IDENTITY_LINKED', mailedAt: null }]);
    gateway.advance(5 * 60_000);
    await sendNotices(gateway.services, gateway.tenant.id);
    expect(received).toHaveLength(1);
  });

  it('are mailed once by several processes at once', async () => {
    received.length = 0;
    await linkByEmail('several');
    await Promise.all([1, 2, 3, 4].map(() => sendNotices(gateway.services, gateway.tenant.id)));
    expect(received).toHaveLength(1);
  });
});
