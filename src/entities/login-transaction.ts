import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { Connection } from './connection.js';
import { LoginIntent } from './enums.js';

export const LoginTransactionSchema = defineEntity({
  name: 'LoginTransaction',
  tableName: 'login_transactions',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    connection: () => p.manyToOne(Connection).joinColumn('connection_id'),
    intent: p.enum(() => LoginIntent),
    /** SHA-256 of `state`, base64url. */
    stateHash: p.string(),
    /** SHA-256 of the secret of the browser or client that began; nonce and code verifier are derived from that secret. */
    bindingHash: p.string(),
    issuer: p.string(),
    redirectUri: p.string(),
    returnTo: p.string(),
    /** The session that a LINK belongs to. */
    sessionId: p.uuid().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
});

/** One trip of a browser to a provider. Taken by deleting it, so that it serves once. */
export class LoginTransaction extends LoginTransactionSchema.class {}
LoginTransactionSchema.setClass(LoginTransaction);
