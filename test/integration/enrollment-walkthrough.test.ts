import { expect, it } from '@jest/globals';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { SESSION_COOKIE } from '../../src/http/cookies.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { startGateway } from '../support/gateway.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import { Names, readWalkthrough, type ShownRequest } from '../support/walkthrough.js';

const PAGE = 'docs/enrollment-walkthrough.md';

it(`${PAGE} is what happens: a whole enrollment, with a mail server`, async () => {
  const shown = await readWalkthrough(PAGE);
  expect(shown.filter(({ kind }) => kind === 'REQUEST').length).toBeGreaterThan(10);
  const server = await startMailServer();
  const gateway = await startGateway({
    environment: { SMTP_URL: `smtp://127.0.0.1:${server.port}`, MAIL_FROM: 'Vestibule <vestibule@example.org>' },
  });
  try {
    const organization = await makeOrganization(gateway.tenant, { name: 'Example Laboratory' });
    const ines = await gateway.signedInUser({ givenName: 'Ines', familyName: 'Rossi', email: 'ines@example.org' });
    const roles = ['member', 'administrator'];
    await makeMembership(gateway.tenant, { user: { id: ines.userId }, organization, roles });
    const sessions: Record<string, string | undefined> = {
      INES: await ines.browser.cookie(SESSION_COOKIE, gateway.url),
    };
    const names = new Names();

    const send = async ({ session, headers, body }: ShownRequest) => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { ...names.apply(headers), ...(session && { cookie: `${SESSION_COOKIE}=${sessions[session]}` }) },
        body: JSON.stringify(names.apply(body)),
      });
      return response.json();
    };

    for (const step of shown) {
      if (step.kind === 'REQUEST') {
        const answer = await send(step);
        names.learn(step.answer, answer);
        expect({ [step.title]: answer }).toEqual({ [step.title]: names.apply(step.answer) });
        continue;
      }
      await mailPetitions(gateway.services, gateway.tenant.id);
      const mail = server.received.at(-1)!;
      const { head, text } = decodeMail(mail.raw);
      expect(mail.to).toEqual([step.to]);
      expect(/^Subject: (.*)$/m.exec(head)![1]!.trim()).toBe(step.subject);
      const link = new URL(/https?:\/\/\S+/.exec(text)![0]);
      const shownLink = new URL(step.link);
      expect(link.pathname + link.hash.split('=')[0]!).toBe(shownLink.pathname + shownLink.hash.split('=')[0]!);
      names.learn(shownLink.hash.split('=')[1], link.hash.split('=')[1]);
    }
  } finally {
    await gateway.close();
    await server.close();
  }
});
