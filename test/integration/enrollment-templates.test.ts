import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { confirmationTokenPlace } from '../../src/enrollment/mails/queue-mails.js';
import { mailPetitions } from '../../src/enrollment/mails/mail-petitions.js';
import { approve, makeMember, makeRole, type Person, refusalOf } from '../support/approvals.js';
import { makeOrganization } from '../support/factories.js';
import { makeFlow, makeTerms } from '../support/flows.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import { codesOf, command, start } from '../support/petitions.js';
import { expectUnchanged } from '../support/sign-in.js';

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startMailServer>>;
let roleId: string;
let serial = 0;
beforeAll(async () => {
  server = await startMailServer();
  gateway = await startGateway({
    environment: { SMTP_URL: `smtp://127.0.0.1:${server.port}`, MAIL_FROM: 'Vestibule <vestibule@example.org>' },
  });
  roleId = await makeRole(gateway.tenant, 'scientist');
});
afterAll(async () => {
  await gateway.close();
  await server.close();
});

let organization: { id: string };
let admin: Person;
let colleague: Person;
beforeEach(async () => {
  server.received.length = 0;
  organization = await makeOrganization(gateway.tenant);
  admin = await makeMember(gateway, organization, 'administrator');
  colleague = await makeMember(gateway, organization, 'administrator');
});

const of = () => ({ organizationId: `org_${organization.id}` });
const make = (template: string, settings: object = {}) =>
  makeFlow(gateway, admin.browser, { ...of(), template, settings: { roleIds: [`rol_${roleId}`], ...settings } });
const person = () => ({ given_name: 'Ada', family_name: 'Byron', email: `template-${++serial}@example.org` });
const submit = (by: Person | null, id: string, attributes: object, token: string | null = null) =>
  command(gateway, by?.browser ?? null, 'petitionSubmitAttributes', { id, attributes }, token);

/** The link that is on its way to the address. */
async function linkOf(id: string): Promise<string> {
  const [mail] = await gateway.rows<{ sealed: string }>(
    `select sealed_token as sealed from petition_mails
     where tenant_id = $1 and petition_id = $2 and status = 'WAITING' and sealed_token is not null`,
    [id.slice(4)],
  );
  return gateway.services.sealing.open(mail!.sealed, confirmationTokenPlace(id.slice(4)));
}

/** The roles of who has this address, in the organization; null: they are nobody there. */
async function rolesOf(column: 'email_normalized' | 'id', value: string) {
  const rows = await gateway.rows<{ name: string }>(
    `select r.name from users u
     join memberships m on m.tenant_id = $1 and m.user_id = u.id and m.organization_id = $3
     left join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
     left join roles r on r.tenant_id = $1 and r.id = mr.role_id
     where u.tenant_id = $1 and u.${column} = $2 order by r.name`,
    [value, organization.id],
  );
  return rows.length ? rows.map(({ name }) => name) : null;
}

const agree = async (by: Person | null, id: string, terms: string, token: string | null = null) =>
  command(gateway, by?.browser ?? null, 'petitionAgreeToTerms', { id, terms: [{ id: terms, edition: 1 }] }, token);

describe('each template, from its start to its end', () => {
  it('SELF_SIGN_UP: somebody asks, agrees, proves their address, and is approved', async () => {
    const terms = await makeTerms(gateway, admin.browser, of());
    const { petition, token } = await start(gateway, null, await make('SELF_SIGN_UP'));
    const given = person();
    expect((await submit(null, petition.id, given, token)).petition.nextActions).toContain('AGREE_TO_TERMS');
    const agreed = await agree(null, petition.id, terms, token);
    expect(agreed.petition.status).toBe('PENDING_CONFIRMATION');
    const confirmed = await command(gateway, null, 'petitionConfirm', { token: await linkOf(petition.id) });
    expect(confirmed.petition.status).toBe('PENDING_APPROVAL');
    expect(await rolesOf('email_normalized', given.email)).toBeNull();
    const { petition: done } = await approve(gateway, admin.browser, petition.id);
    expect(done).toMatchObject({ status: 'FINALIZED', step: 'DONE', nextActions: [] });
    expect(await rolesOf('email_normalized', given.email)).toEqual(['scientist']);
  });

  it('INVITATION: an administrator enters somebody, who confirms and agrees', async () => {
    const terms = await makeTerms(gateway, admin.browser, of());
    const { petition } = await start(gateway, admin.browser, await make('INVITATION'), { locale: 'FR' });
    const given = person();
    expect((await submit(admin, petition.id, given)).petition.status).toBe('PENDING_CONFIRMATION');
    const confirmed = await command(gateway, null, 'petitionConfirm', { token: await linkOf(petition.id) });
    expect(confirmed.petition).toMatchObject({ status: 'CONFIRMED', step: 'TERMS', waitsFor: 'ENROLLEE' });
    const { petition: done } = await agree(null, petition.id, terms, confirmed.token);
    expect(done.status).toBe('FINALIZED');
    expect(await rolesOf('email_normalized', given.email)).toEqual(['scientist']);
    await mailPetitions(gateway.services, gateway.tenant.id);
    const received = server.received.filter(({ to }) => to[0] === given.email).map(({ raw }) => decodeMail(raw));
    expect(received).toHaveLength(1);
    expect(received[0]!.text).toContain('Bonjour Ada Byron');
    expect(received[0]!.html).toContain('<html lang="fr">');
  });

  it('CONSCRIPTION: an administrator enters somebody, another one approves', async () => {
    const { petition } = await start(gateway, admin.browser, await make('CONSCRIPTION'));
    const given = person();
    expect((await submit(admin, petition.id, given)).petition.status).toBe('PENDING_APPROVAL');
    const own = await expectUnchanged(gateway, () => approve(gateway, admin.browser, petition.id));
    expect(codesOf(own)).toEqual(['OWN_PETITION']);
    expect((await approve(gateway, colleague.browser, petition.id)).petition.status).toBe('FINALIZED');
    expect(await rolesOf('email_normalized', given.email)).toEqual(['scientist']);
  });

  it('ADDITIONAL_ROLE: a member asks for a role, here or from elsewhere, and is approved', async () => {
    const flowId = await make('ADDITIONAL_ROLE');
    const elsewhere = await makeOrganization(gateway.tenant);
    const members = [
      { asking: await makeMember(gateway, organization), roles: ['member', 'scientist'] },
      { asking: await makeMember(gateway, elsewhere), roles: ['scientist'] },
    ];
    for (const { asking, roles } of members) {
      const { petition } = await start(gateway, asking.browser, flowId);
      expect((await submit(asking, petition.id, { motive: 'Work' })).petition.status).toBe('PENDING_APPROVAL');
      expect((await approve(gateway, admin.browser, petition.id)).petition.status).toBe('FINALIZED');
      expect(await rolesOf('id', asking.userId)).toEqual(roles);
    }
  });

  it('REFRESH: a member is gone through again, and stays who they are', async () => {
    const asking = await makeMember(gateway, organization);
    const { petition } = await start(gateway, asking.browser, await make('REFRESH', { roleIds: [] }));
    expect(petition.status).toBe('FINALIZED');
    expect(await rolesOf('id', asking.userId)).toEqual(['member']);
  });
});

describe("an organization's flow that is made of a template", () => {
  it.each(['INVITATION', 'CONSCRIPTION', 'REFRESH', 'ACCOUNT_LINKING'])(
    '%s is not started by people of another organization',
    async (template) => {
      const elsewhere = await makeOrganization(gateway.tenant);
      const stranger = await makeMember(gateway, elsewhere, 'administrator');
      const flowId = await make(template);
      const refused = await expectUnchanged(gateway, () => refusalOf(start(gateway, stranger.browser, flowId)));
      expect(refused).toBe('FORBIDDEN');
    },
  );
});

describe('who is told of petitions', () => {
  it('holds the role, here: of a new one and of each status, which the mail names, in the language of the flow', async () => {
    const elsewhere = await makeOrganization(gateway.tenant);
    const watcher = await makeMember(gateway, organization, 'scientist');
    await makeMember(gateway, elsewhere, 'scientist');
    const flowId = await make('CONSCRIPTION', {
      ...{ roleIds: [], notificationRoleId: `rol_${roleId}`, notifyFrom: 'Admissions', mailLocale: 'EN' },
      ...{ notifiesOfFinalization: true },
    });
    const { petition } = await start(gateway, admin.browser, flowId, { locale: 'FR' });
    const given = person();
    await submit(admin, petition.id, given);
    await approve(gateway, colleague.browser, petition.id);
    // They go out once all of it has happened: each still tells of its own status.
    await mailPetitions(gateway.services, gateway.tenant.id);
    const [{ email }] = (await gateway.rows('select email from users where tenant_id = $1 and id = $2', [
      watcher.userId,
    ])) as [{ email: string }];
    const mails = server.received.map(({ to, raw }) => ({ to: to[0], ...decodeMail(raw) }));
    const told = mails.filter(({ to }) => to === email);
    const statuses = told.map(({ text }) => /is now (.*)\./.exec(text)?.[1]);
    expect(statuses).toEqual(['begun', 'waiting for approval', 'approved', 'completed']);
    for (const { head } of mails) expect(head).toMatch(/^From: "?Admissions"? </m);
    expect(told.every(({ html }) => html.includes('<html lang="en">'))).toBe(true);
    // Requests to approve were decided before they went out, and an address that nobody proved is not written to.
    expect(mails).toHaveLength(told.length);
  });
});

describe('how pages look', () => {
  const THEME = 'theme { primaryColor darkPrimaryColor logos { kind url } }';

  it.each([true, false])('with usesOrganizationTheme %s, for whoever may not see the organization', async (uses) => {
    await gateway.rows(`update organizations set primary_color = '#112233' where tenant_id = $1 and id = $2`, [
      organization.id,
    ]);
    const flowId = await make('SELF_SIGN_UP', { usesOrganizationTheme: uses });
    const theme = uses ? { primaryColor: '#112233', darkPrimaryColor: null, logos: [] } : null;
    const offer = await gateway.graphql(null, `{ enrollmentFlowOffer(id: "${flowId}") { ${THEME} } }`);
    expect(offer.data.enrollmentFlowOffer).toEqual({ theme });
    const { petition, token } = await start(gateway, null, flowId);
    const { data } = await gateway.graphql(
      null,
      `{ petition(id: "${petition.id}") { organization { id } ${THEME} } }`,
      {},
      { 'vestibule-petition-token': token! },
    );
    expect(data.petition).toEqual({ organization: null, theme });
  });
});
