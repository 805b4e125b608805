import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BuiltInRole, ConfirmationMode } from '../../src/entities/enums.js';
import type { Browser } from '../support/browser.js';
import { makeIdentity, makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { decodeMail, startMailServer } from '../support/invitations.js';
import { makeFlow, PERSON } from '../support/petitions.js';
import { createDeployment, type Deployment } from '../support/processes.js';

/** The embedded database is opened anew after each kill, which takes its time. */
const isServer = Boolean(process.env.DATABASE_URL);
const ENROLLMENTS = isServer ? 200 : 30;
const KILLS = isServer ? 6 : 2;
const AT_ONCE = 10;
/** What brings a person through: start, attributes, confirmation, approval. */
const COMMANDS = 4;
const APPROVER = 'approver@vestibule.example';

let deployment: Deployment;
let server: Awaited<ReturnType<typeof startMailServer>>;
beforeAll(async () => {
  server = await startMailServer();
  deployment = await createDeployment(1, {
    SMTP_URL: `smtp://127.0.0.1:${server.port}`,
    MAIL_FROM: 'Vestibule <vestibule@example.org>',
  });
}, 120_000);
afterAll(async () => {
  clearInterval(reading);
  await deployment.close();
  await server.close();
});

/** What must never be in the database, whenever the process died. */
const HALF_MADE: Record<string, string> = {
  'a petition whose status is not that of its history': `select p.id from petitions p where p.tenant_id = $1
    and p.status is distinct from (select h.status_after from petition_history h
      where h.petition_id = p.id and h.status_after is not null order by h.sequence desc limit 1)`,
  'a history with a gap': `select petition_id from petition_history where tenant_id = $1
    group by petition_id having count(*) <> max(sequence)`,
  'a history and events that differ': `select p.id from petitions p where p.tenant_id = $1
    and (select count(*) from petition_history h where h.petition_id = p.id)
      <> (select count(*) from events e where e.tenant_id = $1 and e.object_id = p.id
            and e.type like 'petition.%' and e.type <> 'petition.mail_failed')`,
  'an event of a petition that is not there': `select e.id from events e where e.tenant_id = $1
    and e.type like 'petition.%' and not exists (select 1 from petitions p where p.id = e.object_id)`,
  'a finalized petition without its person': `select p.id from petitions p where p.tenant_id = $1
    and p.status = 'FINALIZED' and not exists (
      select 1 from users u where u.id = p.enrollee_user_id and u.email_normalized = p.email_normalized)`,
  'a finalized petition without its membership': `select p.id from petitions p where p.tenant_id = $1
    and p.status = 'FINALIZED' and not exists (select 1 from memberships m
      where m.id = p.membership_id and m.user_id = p.enrollee_user_id and m.organization_id = p.organization_id)`,
  'a membership without a role': `select m.id from memberships m where m.tenant_id = $1
    and not exists (select 1 from membership_roles r where r.membership_id = m.id)`,
  'a finalized petition without its decision': `select p.id from petitions p where p.tenant_id = $1
    and p.status = 'FINALIZED' and not exists (
      select 1 from petition_decisions d where d.petition_id = p.id and d.is_approval)`,
  'a finalized petition without the event of it': `select p.id from petitions p where p.tenant_id = $1
    and p.status = 'FINALIZED' and not exists (
      select 1 from events e where e.object_id = p.id and e.type = 'petition.finalized')`,
  'a petition that is not finalized, with a person or a membership': `select p.id from petitions p
    where p.tenant_id = $1 and p.status <> 'FINALIZED'
      and (p.membership_id is not null or p.enrollee_user_id is not null
        or exists (select 1 from users u where u.tenant_id = $1 and u.email_normalized = p.email_normalized)
        or exists (select 1 from petition_decisions d where d.petition_id = p.id))`,
  'a membership by enrollment without its petition': `select m.id from memberships m where m.tenant_id = $1
    and m.source = 'ENROLLMENT' and not exists (select 1 from petitions p where p.membership_id = m.id)`,
  'an open link where none is waited for, or none where one is': `select p.id from petitions p where p.tenant_id = $1
    and (p.status = 'PENDING_CONFIRMATION')
      <> exists (select 1 from petition_confirmations c where c.petition_id = p.id)`,
  'a step without its mail': `select p.id from petitions p where p.tenant_id = $1 and p.status <> 'CREATED' and (
    not exists (select 1 from petition_mails m where m.petition_id = p.id and m.kind = 'CONFIRMATION')
    or (p.status <> 'PENDING_CONFIRMATION') <> exists (
      select 1 from petition_mails m where m.petition_id = p.id and m.kind = 'APPROVAL_REQUESTED')
    or (p.status = 'FINALIZED') <> exists (
      select 1 from petition_mails m where m.petition_id = p.id and m.kind = 'FINALIZED'))`,
};

async function expectNothingHalfMade(): Promise<void> {
  await deployment.use(async ({ id, database }) => {
    for (const [what, sql] of Object.entries(HALF_MADE))
      expect([what, await database.read(id, sql, [id])]).toEqual([what, []]);
    // Every mail that came was committed before it was sent: none is of a change that was rolled back.
    const rows = await database.read<{ id: string }>(id, 'select id from petition_mails where tenant_id = $1', [id]);
    const known = new Set(rows.map((row) => row.id));
    expect([...mailIds].filter((mail) => !known.has(mail))).toEqual([]);
  });
}

/** What has come by mail: ids of mails, links to confirm by address, what the approver was told of, who was welcomed. */
const mailIds = new Set<string>();
const links = new Map<string, string>();
const toApprove = new Set<string>();
const welcomed = new Set<string>();
let read = 0;
const reading = setInterval(() => {
  for (; read < server.received.length; read++) {
    const { to, raw } = server.received[read]!;
    mailIds.add(/^Message-ID: <(.+)@vestibule>/im.exec(raw)![1]!);
    const { text } = decodeMail(raw);
    const token = /#token=([\w-]+)/.exec(text)?.[1];
    const petition = /#petition=([\w-]+)/.exec(text)?.[1];
    if (token) links.set(to[0]!, token);
    if (petition && to[0] === APPROVER) toApprove.add(petition);
    else if (petition) welcomed.add(to[0]!);
  }
}, 20);

/** Clients wait here while the process is down. */
let up = Promise.withResolvers<void>();
const turns = Array.from({ length: AT_ONCE }, () => Promise.resolve());

/** Runs requests ten at a time. */
function inTurn<Result>(number: number, work: () => Promise<Result>): Promise<Result> {
  const turn = turns[number % AT_ONCE]!.then(work);
  turns[number % AT_ONCE] = turn.then(
    () => undefined,
    () => undefined,
  );
  return turn;
}

/** The process died before it answered: whether it did what was asked is to be found out. */
class CutOff extends Error {}

async function ask(query: string, variables: object, headers: Record<string, string>): Promise<any> {
  const answer = await fetch(`${deployment.urls[0]}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(60_000),
  })
    .then((response) => response.json() as Promise<{ data: any; errors?: unknown }>)
    .catch((error: unknown) => Promise.reject(new CutOff('cut off', { cause: error })));
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

/** How many commands were answered. */
let done = 0;
const ORDER = ['CREATED', 'PENDING_CONFIRMATION', 'PENDING_APPROVAL', 'FINALIZED'];

/** One person's enrollment, as their browser and the approver's know it. */
interface Enrollment {
  number: number;
  email: string;
  id: string;
  token: string;
  /** The status that was answered last: it never goes back. */
  status: string;
}

async function mutate(
  enrollment: Enrollment,
  name: string,
  type: string,
  input: object,
  headers: Record<string, string> = { 'vestibule-petition-token': enrollment.token },
): Promise<any> {
  const { answer } = await ask(
    `mutation ($input: ${type}!) { answer: ${name}(input: $input) {
      petition { id status } token userErrors { code message } } }`,
    { input },
    headers,
  );
  expect([name, answer.userErrors]).toEqual([name, []]);
  enrollment.status = answer.petition.status;
  done++;
  return answer;
}

/** Does what comes next for an enrollment, if its mail has come; false when it is through. */
async function goOn(enrollment: Enrollment, flowId: string, approver: Record<string, string>): Promise<boolean> {
  if (!enrollment.token) {
    // Without an answer there is no token: nobody can go on with that petition, and another one is begun.
    const { petition, token } = await mutate(enrollment, 'petitionStart', 'PetitionStartInput', { flowId }, {});
    Object.assign(enrollment, { id: petition.id, token });
    return true;
  }
  const { id, email } = enrollment;
  const { petition } = await ask(
    'query ($id: ID!) { petition(id: $id) { status nextActions } }',
    { id },
    { 'vestibule-petition-token': enrollment.token },
  );
  expect(ORDER.indexOf(petition.status)).toBeGreaterThanOrEqual(ORDER.indexOf(enrollment.status));
  enrollment.status = petition.status;
  switch (petition.status) {
    case 'CREATED': {
      expect(petition.nextActions).toContain('SUBMIT_ATTRIBUTES');
      const attributes = { email, givenName: 'Ada', familyName: `Martin ${enrollment.number}` };
      await mutate(enrollment, 'petitionSubmitAttributes', 'PetitionSubmitAttributesInput', { id, attributes });
      return true;
    }
    case 'PENDING_CONFIRMATION': {
      const link = links.get(email);
      if (link) await mutate(enrollment, 'petitionConfirm', 'PetitionTokenInput', { token: link }, {});
      return true;
    }
    case 'PENDING_APPROVAL':
      if (toApprove.has(id)) await mutate(enrollment, 'petitionApprove', 'PetitionApproveInput', { id }, approver);
      return true;
    default:
      return false;
  }
}

/** Whether there is anything to do before the next mail. */
function isWaiting({ status, email, id }: Enrollment): boolean {
  return (
    (status === 'PENDING_CONFIRMATION' && !links.has(email)) || (status === 'PENDING_APPROVAL' && !toApprove.has(id))
  );
}

it(`kill -9 at random points of ${ENROLLMENTS} enrollments leaves nothing half made, and each goes on where it stood`, async () => {
  const flowId = await prepare();
  await deployment.start(0);
  const headers = await signIn();
  up.resolve();
  let cuts = 0;
  let enrolled = 0;
  const enrollments = Array.from({ length: ENROLLMENTS }, (_, number): Enrollment => {
    return { number, email: `enrollee-${number}@enrollee.example`, id: '', token: '', status: 'CREATED' };
  });
  const running = enrollments.map(async (enrollment) => {
    for (let goesOn = true; goesOn;) {
      while (isWaiting(enrollment)) await pause(50);
      goesOn = await inTurn(enrollment.number, async () => {
        await up.promise;
        return goOn(enrollment, flowId, headers);
      }).catch(async (error: unknown) => {
        if (!(error instanceof CutOff)) throw error;
        cuts++;
        await pause(50);
        return true;
      });
    }
    enrolled++;
  });
  const all = Promise.all(running);
  all.catch(() => undefined);

  const enrolledAt: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    // Some way on, at a moment that nothing has chosen; or a while later, where many wait for a mail.
    const place = ((kill + Math.random()) / KILLS) * COMMANDS * ENROLLMENTS;
    for (const end = Date.now() + 30_000; done < place && Date.now() < end;) await pause(20);
    await pause(Math.random() * 300);
    up = Promise.withResolvers<void>();
    await deployment.kill(0);
    enrolledAt.push(enrolled);
    await expectNothingHalfMade();
    await deployment.start(0);
    up.resolve();
  }
  await all;
  // What was being mailed as the process died is mailed again when its lease is over.
  const isComplete = () => [links, toApprove, welcomed].every(({ size }) => size >= ENROLLMENTS);
  for (const end = Date.now() + 420_000; !isComplete() && Date.now() < end;) await pause(250);
  process.stdout.write(
    `${ENROLLMENTS} enrollments, ${KILLS} kills at ${enrolledAt.join(', ')} enrolled: ${cuts} requests were cut off, ${server.received.length} mails\n`,
  );
  await deployment.kill(0);
  await pause(100);
  await expectNothingHalfMade();

  expect(cuts).toBeGreaterThan(0);
  const statuses = await deployment.read<{ id: string; status: string }>(
    'select id, status from petitions where tenant_id = $1',
  );
  const ours = new Set(enrollments.map(({ id }) => id));
  expect(
    statuses
      .filter(({ status }) => status === 'FINALIZED')
      .map(({ id }) => `pet_${id}`)
      .toSorted(),
  ).toEqual([...ours].toSorted());
  // Those whose token was lost with the answer to their start, and nothing else.
  const lost = statuses.filter(({ id }) => !ours.has(`pet_${id}`));
  expect(lost.filter(({ status }) => status !== 'CREATED')).toEqual([]);
  expect(lost.length).toBeLessThanOrEqual(cuts);
  const people = await deployment.read(
    `select u.id from users u join memberships m on m.user_id = u.id
     where u.tenant_id = $1 and u.email_normalized like '%@enrollee.example' and m.source = 'ENROLLMENT'`,
  );
  expect(people).toHaveLength(ENROLLMENTS);
  const mails = await deployment.read<{ id: string }>('select id from petition_mails where tenant_id = $1');
  expect(mails).toHaveLength(3 * ENROLLMENTS);
  expect(mails.filter(({ id }) => !mailIds.has(id))).toEqual([]);
}, 900_000);

/** A flow that asks for a confirmation and an approval, and who approves. Gives the id of the flow. */
function prepare(): Promise<string> {
  deployment.addPerson('approver', { email: APPROVER });
  return deployment.use(async (tenant) => {
    const [connection] = await tenant.database.read<{ id: string; issuer: string }>(
      tenant.id,
      'select id, issuer from connections where tenant_id = $1',
      [tenant.id],
    );
    const organization = await makeOrganization(tenant, { name: 'Laboratoire' });
    const user = await makeUser(tenant, { email: APPROVER });
    await makeIdentity(tenant, { user, connection: connection!, subject: 'sub-approver', email: APPROVER });
    await makeMembership(tenant, { user, organization, roles: [BuiltInRole.MEMBER, BuiltInRole.ADMINISTRATOR] });
    const { globalId } = await makeFlow(tenant, {
      organizationId: organization.id,
      settings: {
        attributes: PERSON,
        confirmation: ConfirmationMode.REVIEW,
        roleIds: [tenant.roles.get(BuiltInRole.MEMBER)!],
        requiresApproval: true,
        notifiesOfFinalization: true,
      },
    });
    return globalId;
  });
}

/** Signs the approver in: what their requests carry. */
async function signIn(): Promise<Record<string, string>> {
  const { browser, callback } = await deployment.reachCallback('approver', 0);
  const { status } = await browser.get(callback, { follow: false });
  expect(status).toBe(302);
  return { cookie: `__Host-vestibule=${await cookieOf(browser)}`, origin: deployment.urls[0]! };
}

const cookieOf = (browser: Browser) => browser.cookie('__Host-vestibule', deployment.urls[0]!);
