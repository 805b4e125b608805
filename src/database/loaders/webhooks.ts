import { WebhookDeliveryStatus, type WebhookEndpointStatus } from '../../entities/enums.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { EVENT_FACT_COLUMNS, type PlacedEventRow } from './event-row.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { WebhookAttemptRow, WebhookDeliveryRow, WebhookEndpointRow } from './rows.js';
import { addTo } from './where.js';

const ENDPOINT_COLUMNS = `
  w.id as uuid, w.organization_id as "organizationUuid", w.url, w.description, w.event_types as "eventTypes", w.status,
  w.disabled_reason as "disabledReason", w.previous_secret_until as "previousSecretUntil",
  w.failing_since as "failingSince", w.created_by_user_id as "createdByUserUuid", w.created_at as "createdAt",
  w.updated_at as "updatedAt", w.version`;

const DELIVERY_COLUMNS = `
  d.id as uuid, d.endpoint_id as "endpointUuid", w.organization_id as "organizationUuid", d.event_id as "eventUuid",
  e.type as "eventType", d.status, d.attempts as "attemptCount", d.next_attempt_at as "nextAttemptAt",
  d.created_at as "createdAt", d.finished_at as "finishedAt"`;

const DELIVERY_TABLES = 'events e, webhook_endpoints w, webhook_deliveries d';
const DELIVERY_JOINS = `d.tenant_id = $1 and e.tenant_id = $1 and e.id = d.event_id
  and w.tenant_id = $1 and w.id = d.endpoint_id`;

/** The most attempts of a delivery that are read: the latest. */
const MOST_ATTEMPTS = 50;

export interface WebhookEndpointFilter {
  organizationUuid?: string | null;
  status?: WebhookEndpointStatus | null;
}

export interface WebhookDeliveryFilter {
  status?: WebhookDeliveryStatus | null;
  eventType?: string | null;
}

/** Endpoints, what was sent to them, and how that went. */
export function createWebhookLoaders(database: Database) {
  const endpointById = createBatch<WebhookEndpointRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<WebhookEndpointRow>(
      tenantId,
      `select ${ENDPOINT_COLUMNS} from webhook_endpoints w where w.tenant_id = $1 and w.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toEndpointRow), ({ uuid }) => uuid);
  });

  const deliveryById = createBatch<WebhookDeliveryRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<WebhookDeliveryRow>(
      tenantId,
      `select ${DELIVERY_COLUMNS} from ${DELIVERY_TABLES} where ${DELIVERY_JOINS} and d.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toDeliveryRow), ({ uuid }) => uuid);
  });

  const attempts = createBatch<WebhookAttemptRow[]>(async ({ tenantId }, deliveries) => {
    const rows = await database.read<WebhookAttemptRow>(
      tenantId,
      `select latest.* from unnest($2::uuid[]) as delivery(id) cross join lateral (
         select a.delivery_id as "deliveryUuid", a.number, a.at, a.duration_milliseconds as "durationMilliseconds",
           a.url, a.request_headers as "requestHeaders", a.response_status as "responseStatus",
           a.response_headers as "responseHeaders", a.response_body as "responseBody", a.error
         from webhook_attempts a where a.tenant_id = $1 and a.delivery_id = delivery.id
         order by a.number desc limit ${MOST_ATTEMPTS}
       ) latest order by latest.number`,
      [tenantId, deliveries],
    );
    return Map.groupBy(rows, ({ deliveryUuid }) => deliveryUuid);
  });

  /** The events of deliveries, by the delivery, as they are sent. */
  const eventOf = createBatch<PlacedEventRow>(async ({ tenantId }, deliveries) => {
    const rows = await database.read<PlacedEventRow & { delivery: string }>(
      tenantId,
      `select d.id as delivery, d.sequence, ${EVENT_FACT_COLUMNS}
       from webhook_deliveries d join events e on e.tenant_id = $1 and e.id = d.event_id
       where d.tenant_id = $1 and d.id = any($2::uuid[])`,
      [tenantId, deliveries],
    );
    return indexBy(rows, ({ delivery }) => delivery);
  });

  const pendingCount = createBatch<number>(async ({ tenantId }, endpoints) => {
    const rows = await database.read<{ endpoint: string; count: number }>(
      tenantId,
      `select endpoint_id as endpoint, count(*)::int as count from webhook_deliveries
       where tenant_id = $1 and endpoint_id = any($2::uuid[]) and status = 'PENDING' group by 1`,
      [tenantId, endpoints],
    );
    return new Map(rows.map(({ endpoint, count }) => [endpoint, count]));
  });

  return {
    endpointById,
    deliveryById,
    attempts,
    eventOf,
    async pendingCount(tenantId: string, endpoint: string): Promise<number> {
      return (await pendingCount(tenantId, endpoint)) ?? 0;
    },
    /** Those of the organizations among `visibleIds`, or all of the tenant when that is null. */
    endpointPage(
      tenantId: string,
      visibleIds: string[] | null,
      { organizationUuid, status }: WebhookEndpointFilter,
      request: PageRequest,
    ): Promise<Page<WebhookEndpointRow>> {
      const conditions = ['w.tenant_id = $1'];
      const values: unknown[] = [tenantId];
      const where = addTo(conditions, values);
      if (visibleIds) where((ids) => `w.organization_id = any(${ids}::uuid[])`, visibleIds);
      if (organizationUuid) where((id) => `w.organization_id = ${id}`, organizationUuid);
      if (status) where((wanted) => `w.status = ${wanted}`, status);
      return readPage(database, tenantId, request, {
        columns: ENDPOINT_COLUMNS,
        table: 'webhook_endpoints w',
        where: conditions.join(' and '),
        values,
        map: toEndpointRow,
      });
    },
    /** What was sent to an endpoint, or is to be, the newest first. */
    deliveryPage(
      tenantId: string,
      endpoint: string,
      { status, eventType }: WebhookDeliveryFilter,
      request: PageRequest,
    ): Promise<Page<WebhookDeliveryRow>> {
      // The status stands in the text, because the indexes of few rows are for their status alone.
      const ofStatus = status ? `and d.status = '${WebhookDeliveryStatus[status]}'` : '';
      return readPage(database, tenantId, request, {
        columns: DELIVERY_COLUMNS,
        table: DELIVERY_TABLES,
        where: `${DELIVERY_JOINS} and d.endpoint_id = $2 ${ofStatus} ${eventType ? 'and e.type = $3' : ''}`,
        values: [tenantId, endpoint, ...(eventType ? [eventType] : [])],
        newestFirst: true,
        map: toDeliveryRow,
      });
    },
  };
}

function toEndpointRow(row: WebhookEndpointRow): WebhookEndpointRow {
  return Object.assign(row, { __typename: 'WebhookEndpoint' as const, id: toGlobalId('WebhookEndpoint', row.uuid) });
}

function toDeliveryRow(row: WebhookDeliveryRow): WebhookDeliveryRow {
  return Object.assign(row, { __typename: 'WebhookDelivery' as const, id: toGlobalId('WebhookDelivery', row.uuid) });
}
