import { p } from '@mikro-orm/core';
import { v7 } from 'uuid';

/** Columns that every table of a tenant has: its own key (UUID v7) and the tenant. */
export const ofTenant = () => ({
  id: p
    .uuid()
    .primary()
    .onCreate(() => v7()),
  tenantId: p.uuid(),
});

/** When a row was made and last changed, in UTC, and how often: `version` settles concurrent edits. */
export const tracked = () => ({
  createdAt: p.datetime().onCreate(() => new Date()),
  updatedAt: p
    .datetime()
    .onCreate(() => new Date())
    .onUpdate(() => new Date()),
  version: p.integer().version(),
});

/** On by default: a query of a managed entity sees the rows of one tenant. */
export const tenantFilter = {
  tenant: {
    name: 'tenant',
    cond: (args: { tenantId?: string }) => ({ tenantId: args.tenantId ?? null }),
    default: true,
  },
};
