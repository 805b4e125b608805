import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { Connection } from './connection.js';
import { MembershipSource } from './enums.js';
import { Organization } from './organization.js';
import { User } from './user.js';

export const MembershipSchema = defineEntity({
  name: 'Membership',
  tableName: 'memberships',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    organization: () => p.manyToOne(Organization).joinColumn('organization_id'),
    user: () => p.manyToOne(User).joinColumn('user_id'),
    source: p.enum(() => MembershipSource),
    /** The connection that it came through, when the source is SSO, JIT_CONNECTION or SCIM. */
    connection: () => p.manyToOne(Connection).joinColumn('connection_id').nullable(),
    joinedAt: p.datetime(),
    /** Who made it: the administrator of source ADMIN. */
    addedByUserId: p.uuid().nullable(),
    addedByApplicationId: p.uuid().nullable(),
  },
});

/** A user in an organization, and where that came from. */
export class Membership extends MembershipSchema.class {}
MembershipSchema.setClass(Membership);
