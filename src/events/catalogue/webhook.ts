import { z } from 'zod';
import { defineEvent } from './define.js';
import { exampleId, globalId, instant } from './values.js';

/** An endpoint without its secret, which no event ever holds. */
const endpoint = {
  url: z.string(),
  description: z.string().nullable(),
  eventTypes: z.array(z.string()),
  status: z.enum(['ENABLED', 'DISABLED']),
  organizationId: globalId('Organization').nullable(),
};

const changes = () => z.strictObject(endpoint).partial();

const ENDPOINT = {
  url: 'https://example.org/hooks/vestibule',
  description: 'The directory',
  eventTypes: ['user.created', 'user.updated'],
  status: 'ENABLED' as const,
  organizationId: exampleId('Organization'),
};

/** Events about where events are sent. */
export const webhookEvents = {
  'webhook_endpoint.created': defineEvent({
    description: 'A webhook endpoint was configured.',
    about: 'WebhookEndpoint',
    changesRights: false,
    after: z.strictObject(endpoint),
    example: { after: ENDPOINT },
  }),
  'webhook_endpoint.updated': defineEvent({
    description: 'The configuration of a webhook endpoint changed: the properties that did.',
    about: 'WebhookEndpoint',
    changesRights: false,
    before: changes(),
    after: changes(),
    example: { before: { status: 'DISABLED' }, after: { status: 'ENABLED' } },
  }),
  'webhook_endpoint.deleted': defineEvent({
    description: 'A webhook endpoint was deleted, with what it was still to be sent.',
    about: 'WebhookEndpoint',
    changesRights: false,
    before: z.strictObject(endpoint),
    example: { before: ENDPOINT },
  }),
  'webhook_endpoint.secret_rotated': defineEvent({
    description: 'A webhook endpoint was given a new secret.',
    about: 'WebhookEndpoint',
    changesRights: false,
    example: {},
  }),
  'webhook_endpoint.disabled': defineEvent({
    description: 'Nothing is sent to a webhook endpoint any more.',
    about: 'WebhookEndpoint',
    changesRights: false,
    after: z.strictObject({ reason: z.enum(['MANUAL', 'FAILURES', 'GONE']) }),
    example: { after: { reason: 'FAILURES' } },
  }),
  'webhook_endpoint.replayed': defineEvent({
    description: 'Earlier events were queued again for a webhook endpoint.',
    about: 'WebhookEndpoint',
    changesRights: false,
    after: z.strictObject({
      from: instant().nullable(),
      to: instant().nullable(),
      statuses: z.array(z.enum(['PENDING', 'DELIVERED', 'FAILED', 'CANCELED'])),
      /** How many deliveries. */
      count: z.int(),
    }),
    example: {
      after: { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z', statuses: ['FAILED'], count: 17 },
    },
  }),
  'webhook_endpoint.tested': defineEvent({
    description: 'Somebody asked for a webhook endpoint to be tried.',
    about: 'WebhookEndpoint',
    changesRights: false,
    example: {},
  }),
};
