import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter, tracked } from './base.js';
import { UserStatus } from './enums.js';

export const UserSchema = defineEntity({
  name: 'User',
  tableName: 'users',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    status: p.enum(() => UserStatus).default(UserStatus.ACTIVE),
    email: p.string().nullable(),
    /** The lower-case form, by which addresses are compared; unique in the tenant. */
    emailNormalized: p.string().nullable(),
    isEmailVerified: p.boolean().default(false),
    /** The provider reports an address that belongs to another user. */
    hasEmailConflict: p.boolean().default(false),
    givenName: p.string().nullable(),
    familyName: p.string().nullable(),
    isTenantAdministrator: p.boolean().default(false),
    ...tracked(),
  },
});

/** A person. */
export class User extends UserSchema.class {}
UserSchema.setClass(User);
