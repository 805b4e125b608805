import { defineEntity, p } from '@mikro-orm/core';
import { v7 } from 'uuid';

export const TenantSchema = defineEntity({
  name: 'Tenant',
  tableName: 'tenants',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    slug: p.string(),
    name: p.string(),
    /** The host name that requests of this tenant come to; null for the tenant of every other host. */
    host: p.string().nullable(),
    createdAt: p.datetime().onCreate(() => new Date()),
  },
});

/** An isolated customer of one Vestibule. Every row belongs to one; nothing crosses. */
export class Tenant extends TenantSchema.class {}
TenantSchema.setClass(Tenant);
