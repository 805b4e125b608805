import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeApproved, makeRole, writePeople } from '../support/approvals.js';
import { makeOrganization } from '../support/factories.js';
import { createDeployment, type Deployment } from '../support/processes.js';

const PETITIONS = 200;
const APPROVERS = 100;
/** How many petitions are decided on at a time, by all approvers each. */
const AT_A_TIME = 2;

interface Answer {
  data: Record<string, { petition: { id: string; status: string } | null; userErrors: { code: string }[] }> | null;
  errors?: unknown[];
}

let deployment: Deployment;
beforeAll(async () => {
  deployment = await createDeployment(2);
}, 120_000);
afterAll(() => deployment.close());

async function ask(process: number, token: string, mutation: string, type: string, input: object): Promise<Answer> {
  const query = `mutation ($input: ${type}!) { answer: ${mutation}(input: $input) {
    petition { id status } userErrors { code } } }`;
  const response = await fetch(`${deployment.urls[process]}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  return (await response.json()) as Answer;
}

/** Takes turns at a list: so many at a time. */
async function share<Item>(
  items: readonly Item[],
  atATime: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

it('[ENR-63] 50 approvals and 50 denials of a petition at once, in two processes: one decides, of each of 200 petitions', async () => {
  const { flow, approvers, people } = await deployment.use(async (tenant) => {
    const organization = await makeOrganization(tenant);
    const roleId = await makeRole(tenant, 'approver');
    return {
      flow: await makeApproved({ tenant }, organization.id, { approverRoleId: roleId }),
      approvers: await writePeople(tenant, { count: APPROVERS, organizationId: organization.id, roleIds: [roleId] }),
      people: await writePeople(tenant, { count: PETITIONS }),
    };
  });
  await Promise.all([deployment.start(0), deployment.start(1)]);
  const petitions: string[] = [];
  await share([...people.entries()], 10, async ([index, { token }]) => {
    const { data } = await ask(index % 2, token, 'petitionStart', 'PetitionStartInput', { flowId: flow.globalId });
    expect(data?.answer).toMatchObject({ petition: { status: 'PENDING_APPROVAL' }, userErrors: [] });
    petitions.push(data!.answer!.petition!.id);
  });

  const outcomes = new Map<string, string>();
  await share(petitions, AT_A_TIME, async (id) => {
    const answers = await Promise.all(
      approvers.map(({ token }, index) =>
        // Approvals and denials come to both processes.
        index % 4 < 2
          ? ask(index % 2, token, 'petitionApprove', 'PetitionApproveInput', { id })
          : ask(index % 2, token, 'petitionDeny', 'PetitionDenyInput', { id }),
      ),
    );
    expect(answers.filter(({ errors }) => errors)).toEqual([]);
    const codes = answers.map(({ data }) => data!.answer!.userErrors.map(({ code }) => code).join());
    const winners = codes.flatMap((code, index) => (code === '' ? [index] : []));
    expect([winners.length, new Set(codes)]).toEqual([1, new Set(['', 'PETITION_ALREADY_DECIDED'])]);
    const winner = winners[0]!;
    const status = winner % 4 < 2 ? 'FINALIZED' : 'DENIED';
    expect(answers[winner]!.data!.answer!.petition!.status).toBe(status);
    outcomes.set(id.slice(4), `${status} ${approvers[winner]!.userId}`);
  });

  expect(outcomes.size).toBe(PETITIONS);
  const [decided, history, events, decisions, memberships] = await deployment.use(async ({ id, database }) => {
    const read = (sql: string) => database.read<{ id: string; what: string }>(id, sql, [id]);
    return [
      await read(`select id, status || ' ' || decided_by_user_id as what from petitions where tenant_id = $1`),
      await read(`select petition_id as id, case action when 'APPROVED' then 'FINALIZED' else action end || ' '
        || actor_user_id as what from petition_history where tenant_id = $1 and party = 'APPROVER'
        and action in ('APPROVED', 'DENIED', 'APPROVAL_RECORDED')`),
      await read(`select object_id as id, case type when 'petition.approved' then 'FINALIZED' else 'DENIED' end || ' '
        || actor_user_id as what from events where tenant_id = $1 and type in ('petition.approved', 'petition.denied')`),
      await read(`select petition_id as id, case when is_approval then 'FINALIZED' else 'DENIED' end || ' '
        || approver_user_id as what from petition_decisions where tenant_id = $1`),
      await read(`select p.id, p.status || ' ' || p.decided_by_user_id as what from memberships m
        join petitions p on p.tenant_id = $1 and p.enrollee_user_id = m.user_id where m.tenant_id = $1`),
    ] as const;
  });
  const expected = [...outcomes].sort();
  const sorted = (rows: readonly { id: string; what: string }[]) => rows.map(({ id, what }) => [id, what]).sort();
  expect(sorted(decided)).toEqual(expected);
  expect(sorted(history)).toEqual(expected);
  expect(sorted(events)).toEqual(expected);
  expect(sorted(decisions)).toEqual(expected);
  expect(sorted(memberships)).toEqual(expected.filter(([, what]) => what.startsWith('FINALIZED')));
  // Each row of the history has one event, and nothing else was written of any petition.
  const counts = await deployment.read<{ rows: number; events: number }>(
    `select (select count(*) from petition_history h where h.tenant_id = $1 and h.petition_id = p.id)::int as rows,
       (select count(*) from events e where e.tenant_id = $1 and e.object_id = p.id)::int as events
     from petitions p where p.tenant_id = $1`,
  );
  expect(counts.filter(({ rows, events: told }) => rows !== told)).toEqual([]);
}, 300_000);
