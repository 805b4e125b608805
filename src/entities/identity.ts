import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { Connection } from './connection.js';
import { User } from './user.js';

export const IdentitySchema = defineEntity({
  name: 'Identity',
  tableName: 'identities',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    user: () => p.manyToOne(User).joinColumn('user_id'),
    connection: () => p.manyToOne(Connection).joinColumn('connection_id'),
    issuer: p.string(),
    subject: p.string(),
    /** The address that the provider reported last: shown to people, never a key. */
    email: p.string().nullable(),
    createdAt: p.datetime(),
    lastSignInAt: p.datetime().nullable(),
    /** Its user was made waiting for approval: just-in-time rules are asked when they are first let in. */
    isJitDue: p.boolean().default(false),
  },
});

/** One account of a user at one provider. The key is (connection, issuer, subject); the email never is. */
export class Identity extends IdentitySchema.class {}
IdentitySchema.setClass(Identity);
