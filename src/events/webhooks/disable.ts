import type { EntityManager } from '@mikro-orm/postgresql';
import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { ActorKind, type WebhookDisabledReason, WebhookEndpointStatus } from '../../entities/enums.js';
import { WebhookEndpoint } from '../../entities/webhook-endpoint.js';
import { noticeAdministrators } from '../notices.js';
import { recordEvents } from '../record.js';
import { redactUrl } from './redact.js';

/**
 * An endpoint, locked until the transaction ends; null when it is gone. Deliveries may refer to it meanwhile, so the lock
 * is the one that an update takes.
 */
export async function lockEndpoint(
  manager: EntityManager,
  tenantId: string,
  id: string,
): Promise<WebhookEndpoint | null> {
  await runSql(manager, 'select id from webhook_endpoints where tenant_id = $1 and id = $2 for no key update', [
    tenantId,
    id,
  ]);
  return manager.findOne(WebhookEndpoint, { id });
}

/** Takes back what was still to be sent to an endpoint. It can be replayed. */
export async function cancelDeliveries(
  manager: EntityManager,
  { tenantId, id }: WebhookEndpoint,
  at: Date,
): Promise<void> {
  await runSql(
    manager,
    `update webhook_deliveries set status = 'CANCELED', next_attempt_at = null, finished_at = $3
     where tenant_id = $1 and endpoint_id = $2 and status = 'PENDING'`,
    [tenantId, id, at],
  );
}

interface Disabling {
  tenantId: string;
  endpointId: string;
  reason: WebhookDisabledReason.FAILURES | WebhookDisabledReason.GONE;
  /** Only if it has been failing since then or longer. */
  failingSince?: Date;
}

/** Sends nothing any more to an endpoint that does not take it, and tells its administrators. False: it is as it was. */
export async function disableEndpoint(
  { database, clock }: Pick<OperationContext, 'database' | 'clock'>,
  { tenantId, endpointId, reason, failingSince }: Disabling,
): Promise<boolean> {
  const at = clock();
  return transact(database, tenantId, async (manager) => {
    const endpoint = await lockEndpoint(manager, tenantId, endpointId);
    if (endpoint?.status !== WebhookEndpointStatus.ENABLED) return false;
    if (failingSince && !(endpoint.failingSince && endpoint.failingSince <= failingSince)) return false;
    endpoint.status = WebhookEndpointStatus.DISABLED;
    endpoint.disabledReason = reason;
    await manager.flush();
    await cancelDeliveries(manager, endpoint, at);
    const { organizationId = null, url } = endpoint;
    await noticeAdministrators(manager, tenantId, at, organizationId, 'WEBHOOK_DISABLED', {
      endpointId: toGlobalId('WebhookEndpoint', endpointId),
      url: redactUrl(url),
      reason,
    });
    const actor = { kind: ActorKind.SYSTEM, userId: null, via: 'webhooks' };
    await recordEvents(manager, { tenantId, at, actor }, [
      { type: 'webhook_endpoint.disabled', organizationId, objectId: endpointId, after: { reason } },
    ]);
    return true;
  });
}
