import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeApproved, makeMember, makeRole, type Person, petitionOf, refusalOf } from '../support/approvals.js';
import { makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { codesOf, command, start } from '../support/petitions.js';
import { eventsOf, expectUnchanged } from '../support/sign-in.js';

let gateway: Gateway;
let roleId: string;
let tenantAdmin: Person;
beforeAll(async () => {
  gateway = await startGateway();
  roleId = await makeRole(gateway.tenant, 'approver');
  tenantAdmin = await gateway.signedInUser({ isTenantAdministrator: true });
});
afterAll(() => gateway.close());

let organization: { id: string };
let admin: Person;
let approver: Person;
beforeEach(async () => {
  organization = await makeOrganization(gateway.tenant);
  admin = await makeMember(gateway, organization, 'administrator');
  approver = await makeMember(gateway, organization, 'approver');
});

const byRole = (settings = {}) => makeApproved(gateway, organization.id, { approverRoleId: roleId, ...settings });
const read = (person: { browser: Person['browser'] }, id: string, fields: string) =>
  gateway.graphql(person.browser, `query ($id: ID!) { petition(id: $id) { ${fields} } }`, { id });

describe('private comments', () => {
  const COMMENTS = 'comments { totalCount nodes { text at author { id } authorApplication { id } } }';

  it('are for those who decide and administer, and say nothing anywhere else', async () => {
    const petitioner = await gateway.signedInUser();
    const id = await petitionOf(gateway, await byRole(), petitioner.browser);
    const { result, events } = await eventsOf(gateway, () =>
      command(gateway, approver.browser, 'petitionComment', { id, text: 'Zzyzx:\nask the director' }),
    );
    expect(result.userErrors).toEqual([]);
    expect(events).toMatchObject([
      { type: 'petition.advanced', after: { action: 'COMMENT_ADDED', party: 'APPROVER' } },
    ]);
    expect(JSON.stringify(events)).not.toContain('Zzyzx');
    await command(gateway, admin.browser, 'petitionComment', { id, text: 'Asked.' });
    await command(gateway, tenantAdmin.browser, 'petitionComment', { id, text: 'Good.' });
    for (const person of [approver, admin, tenantAdmin]) {
      const { data } = await read(person, id, COMMENTS);
      expect(data.petition.comments).toMatchObject({
        totalCount: 3,
        nodes: [{ text: 'Zzyzx:\nask the director' }, { text: 'Asked.' }, { text: 'Good.' }],
      });
    }
    const hidden = await read(petitioner, id, `${COMMENTS} decisions { totalCount } approvers { totalCount }`);
    expect(hidden.data.petition).toEqual({ comments: null, decisions: null, approvers: null });
    expect(hidden.errors!.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    const history = await read(petitioner, id, 'history(first: 100) { nodes { action comment } }');
    expect(history.text).not.toContain('Zzyzx');
    expect(
      await expectUnchanged(gateway, () =>
        refusalOf(command(gateway, petitioner.browser, 'petitionComment', { id, text: 'Mine' })),
      ),
    ).toBe('FORBIDDEN');
  });

  it('are never for the petitioner, though they administer', async () => {
    const id = await petitionOf(gateway, await byRole(), admin.browser);
    await command(gateway, approver.browser, 'petitionComment', { id, text: 'Zzyzx' });
    const { data, errors, text } = await read(admin, id, COMMENTS);
    expect([data.petition.comments, errors![0]!.extensions.code]).toEqual([null, 'FORBIDDEN']);
    expect(text).not.toContain('Zzyzx');
  });

  it('are left once for a key', async () => {
    const id = await petitionOf(gateway, await byRole());
    const input = { id, text: 'Zzyzx', idempotencyKey: `comment-${id}` };
    await command(gateway, approver.browser, 'petitionComment', input);
    const again = await expectUnchanged(gateway, () => command(gateway, approver.browser, 'petitionComment', input));
    expect([codesOf(again), again.petition.id]).toEqual([[], id]);
    const other = await expectUnchanged(gateway, () =>
      command(gateway, approver.browser, 'petitionComment', { ...input, text: 'Other' }),
    );
    expect(codesOf(other)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    expect((await read(admin, id, COMMENTS)).data.petition.comments.totalCount).toBe(1);
  });

  it('are text of 1 to 2000 characters', async () => {
    const id = await petitionOf(gateway, await byRole());
    for (const [text, code] of [
      ['  ', 'REQUIRED'],
      ['x'.repeat(2001), 'TOO_LONG'],
      ['a\u0007', 'INVALID'],
    ] as const) {
      const answer = await expectUnchanged(gateway, () =>
        command(gateway, approver.browser, 'petitionComment', { id, text }),
      );
      expect(answer.userErrors).toMatchObject([{ code, field: ['text'] }]);
    }
  });
});

describe('vetting', () => {
  const vetted = () => byRole({ requestsVetting: true });
  const begin = async (flow: { globalId: string }) => {
    const { petition } = await start(gateway, (await gateway.signedInUser()).browser, flow.globalId);
    expect(petition.status).toBe('PENDING_VETTING');
    return petition.id as string;
  };
  const record = (person: Person, id: string, outcome: string, comment?: string) =>
    command(gateway, person.browser, 'petitionRecordVetting', { id, outcome, comment });

  it('[ENR-59] is recorded by administrators alone: passed, it waits for approval; failed, it is denied', async () => {
    const flow = await vetted();
    const [passed, failed] = [await begin(flow), await begin(flow)];
    const byApprover = await expectUnchanged(gateway, () => record(approver, passed, 'PASSED'));
    expect(codesOf(byApprover)).toEqual(['NOT_YOUR_TURN']);
    expect((await record(admin, passed, 'PENDING_MANUAL')).petition.status).toBe('PENDING_VETTING');
    const done = await record(admin, passed, 'PASSED', 'Papers seen');
    expect(done.petition.status).toBe('PENDING_APPROVAL');
    expect(done.petition.history.nodes).toContainEqual(
      expect.objectContaining({ action: 'VETTING_COMPLETED', comment: 'PASSED' }),
    );
    expect(JSON.stringify(done.petition)).not.toContain('Papers seen');
    const { data } = await read(admin, passed, 'comments { nodes { text } }');
    expect(data.petition.comments.nodes).toEqual([{ text: 'Papers seen' }]);
    expect((await record(tenantAdmin, failed, 'FAILED')).petition.status).toBe('DENIED');
    expect(codesOf(await expectUnchanged(gateway, () => record(admin, failed, 'PASSED')))).toEqual([
      'PETITION_FINISHED',
    ]);
  });
});
