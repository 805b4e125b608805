import { v7 } from 'uuid';
import { transact } from '../../src/database/transact.js';
import { ActorKind } from '../../src/entities/enums.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { recordEvents } from '../../src/events/record.js';
import { deliverDue } from '../../src/events/webhooks/deliver.js';
import { createEndpoint, type CreateEndpoint } from '../../src/events/webhooks/endpoints.js';
import type { OperationContext } from '../../src/context.js';
import type { Gateway } from './gateway.js';

export const ACTOR = { kind: ActorKind.SYSTEM, userId: null, via: 'test' };

/** What an operator's operations work with. */
export function operatorOf({ services, tenant, url }: Gateway): OperationContext & Gateway['services'] {
  return { ...services, tenant: { id: tenant.id, slug: tenant.slug, publicUrl: url }, viewer: null };
}

export async function makeEndpoint(
  gateway: Gateway,
  input: Partial<CreateEndpoint> & { url: string },
): Promise<{ id: string; secret: string }> {
  const { id, secret } = await createEndpoint(operatorOf(gateway), { eventTypes: ['user.*'], ...input });
  return { id, secret: secret! };
}

/** Writes events about objects that need not be there, in one transaction; `number` in each tells them apart. */
export async function makeEvents(
  { services, tenant }: { services: Pick<Gateway['services'], 'database' | 'clock'>; tenant: { id: string } },
  events: { objectId?: string; organizationId?: string | null; number?: number; isRolledBack?: boolean }[],
): Promise<void> {
  const work = transact(services.database, tenant.id, async (manager) => {
    await recordEvents(
      manager,
      { tenantId: tenant.id, at: services.clock(), actor: ACTOR },
      events.map(({ objectId = v7(), organizationId = null, number = 0 }) => ({
        type: 'user.updated' as const,
        objectId,
        organizationId,
        before: { givenName: '' },
        after: { givenName: String(number) },
      })),
    );
    if (events.some(({ isRolledBack }) => isRolledBack)) throw new RolledBack();
  });
  await work.catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
}

class RolledBack extends Error {}

/** Hands on what was written, and delivers what is due of one endpoint. */
export async function deliver({ services, tenant }: Gateway, endpointId: string): Promise<void> {
  await dispatchEvents(services, tenant.id);
  await deliverDue(services, { tenantId: tenant.id, endpointId }, new AbortController().signal);
}

/** The deliveries of an endpoint, in the order of the log. */
export function deliveriesOf(gateway: Gateway, endpointId: string) {
  return gateway.rows<{
    id: string;
    status: string;
    attempts: number;
    retry_step: number;
    next_attempt_at: string | null;
    event_id: string;
    sequence: string;
  }>('select * from webhook_deliveries where tenant_id = $1 and endpoint_id = $2 order by sequence', [endpointId]);
}

export function attemptsOf(gateway: Gateway, endpointId: string) {
  return gateway.rows(
    `select a.* from webhook_attempts a join webhook_deliveries d on d.tenant_id = a.tenant_id and d.id = a.delivery_id
     where a.tenant_id = $1 and d.endpoint_id = $2 order by d.sequence, a.number`,
    [endpointId],
  );
}
