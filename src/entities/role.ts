import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { RoleKind } from './enums.js';

export const RoleSchema = defineEntity({
  name: 'Role',
  tableName: 'roles',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    name: p.string(),
    description: p.string(),
    isBuiltIn: p.boolean().default(false),
    kind: p.enum(() => RoleKind).default(RoleKind.USER),
    /** The organization whose own role it is; null for one of the tenant's template. */
    organizationId: p.uuid().nullable(),
    createdAt: p.datetime().onCreate(() => new Date()),
    version: p.integer().version(),
  },
});

/** A role of the tenant's template, or of one organization. `administrator` and `member` are built in. */
export class Role extends RoleSchema.class {}
RoleSchema.setClass(Role);
