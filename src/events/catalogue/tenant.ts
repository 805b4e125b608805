import { z } from 'zod';
import { defineEvent } from './define.js';

const settings = () => z.strictObject({ auditRetentionDays: z.int().nullable() });

/** Events about the tenant itself. */
export const tenantEvents = {
  'tenant.created': defineEvent({
    description: 'A tenant was made.',
    about: 'Tenant',
    changesRights: false,
    after: z.strictObject({ slug: z.string(), name: z.string(), host: z.string().nullable() }),
    example: { after: { slug: 'example', name: 'Example', host: 'login.example.org' } },
  }),
  'tenant.updated': defineEvent({
    description: 'A setting of the tenant changed.',
    about: 'Tenant',
    changesRights: false,
    before: settings(),
    after: settings(),
    example: { before: { auditRetentionDays: null }, after: { auditRetentionDays: 365 } },
  }),
};
