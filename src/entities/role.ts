import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';

export const RoleSchema = defineEntity({
  name: 'Role',
  tableName: 'roles',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    name: p.string(),
    description: p.string(),
    isBuiltIn: p.boolean().default(false),
    permissions: p.array(),
  },
});

/** A role of the tenant's organization template. `administrator` and `member` are built in. */
export class Role extends RoleSchema.class {}
RoleSchema.setClass(Role);
