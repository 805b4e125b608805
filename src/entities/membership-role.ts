import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { MembershipSource } from './enums.js';
import { Membership } from './membership.js';
import { Role } from './role.js';

export const MembershipRoleSchema = defineEntity({
  name: 'MembershipRole',
  tableName: 'membership_roles',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    membership: () => p.manyToOne(Membership).joinColumn('membership_id'),
    role: () => p.manyToOne(Role).joinColumn('role_id'),
    grantedAt: p.datetime(),
    grantedByUserId: p.uuid().nullable(),
    grantedByApplicationId: p.uuid().nullable(),
    /** How it came; null for what was granted before this was kept. */
    source: p.enum(() => MembershipSource).nullable(),
  },
});

/** A role that a membership carries, with who granted it and when. */
export class MembershipRole extends MembershipRoleSchema.class {}
MembershipRoleSchema.setClass(MembershipRole);
