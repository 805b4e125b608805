import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';

export const PermissionSchema = defineEntity({
  name: 'Permission',
  tableName: 'permissions',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    /** A scope token of OAuth 2.0 (RFC 6749, 3.3). */
    name: p.string(),
    description: p.string(),
    isBuiltIn: p.boolean().default(false),
    createdAt: p.datetime().onCreate(() => new Date()),
    version: p.integer().version(),
  },
});

/** Something that roles of the tenant can grant, and that tokens name as a scope. */
export class Permission extends PermissionSchema.class {}
PermissionSchema.setClass(Permission);
