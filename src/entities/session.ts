import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { Connection } from './connection.js';
import { Identity } from './identity.js';
import { type LinkCase, SessionTransport } from './enums.js';
import { User } from './user.js';

export const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    user: () => p.manyToOne(User).joinColumn('user_id'),
    connection: () => p.manyToOne(Connection).joinColumn('connection_id'),
    identity: () => p.manyToOne(Identity).joinColumn('identity_id').nullable(),
    /** SHA-256 of the token, base64url. The token itself is only with its holder. */
    tokenHash: p.string(),
    /** The token before the last rotation: requests under way when it happened still pass until `previousUntil`. */
    previousTokenHash: p.string().nullable(),
    previousUntil: p.datetime().nullable(),
    rotateAt: p.datetime(),
    transport: p.enum(() => SessionTransport),
    authenticatedAt: p.datetime(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
    activeOrganizationId: p.uuid().nullable(),
    acr: p.string().nullable(),
    amr: p.array(),
    /** The provider's own session (`sid`), by which back-channel logout finds this one. */
    providerSessionId: p.string().nullable(),
    /** Sealed: the ID token, kept as the hint for logout at the provider. */
    sealedIdToken: p.text().nullable(),
    cases: p.array().$type<LinkCase[]>(),
  },
});

/** A signed-in person, in one browser or client. */
export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session);
