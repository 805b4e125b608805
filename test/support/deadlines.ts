import { expect } from '@jest/globals';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { makeMembership, makeOrganization } from './factories.js';
import type { Gateway } from './gateway.js';
import { command, makeFlow, PERSON, start } from './petitions.js';

let serial = 0;

/** An approver, and a flow that leads to their organization. */
export async function flowWith(gateway: Gateway, settings: Partial<FlowSettings>) {
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
export async function waiting(gateway: Gateway, flowId: string) {
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
  return {
    id,
    uuid: id.replace(/^pet_/, '') as string,
    email,
    token: started.token!,
    status: petition.status as string,
  };
}

interface Stored {
  status: string;
  step: string;
  reminders: number;
  is_escalated: boolean;
  due_at: string | Date | null;
}

/** What is stored of a petition, with its history and its events. */
export async function stateOf(gateway: Gateway, petitionUuid: string) {
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
