import { z } from 'zod';
import { FactorKind } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { oneOf } from './values.js';

const settings = () =>
  z
    .strictObject({
      auditRetentionDays: z.int().nullable(),
      mfaFactors: z.array(oneOf(FactorKind)),
      runsScheduledSyncs: z.boolean(),
    })
    .partial();

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
    description: 'Settings of the tenant changed: those that did.',
    about: 'Tenant',
    changesRights: ['mfaFactors'],
    before: settings(),
    after: settings(),
    example: { before: { auditRetentionDays: null }, after: { auditRetentionDays: 365 } },
  }),
};
