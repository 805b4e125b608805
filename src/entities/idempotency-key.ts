import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';

export const IdempotencyKeySchema = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_keys',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    /** Whose key it is: a user's, or an application's. */
    userId: p.uuid().nullable(),
    applicationId: p.uuid().nullable(),
    key: p.string(),
    operation: p.string(),
    /** SHA-256 of the input as canonical JSON. */
    inputHash: p.string(),
    objectId: p.uuid(),
    createdAt: p.datetime(),
  },
});

/** The answer that was given to a creating mutation under a key of its caller. */
export class IdempotencyKey extends IdempotencyKeySchema.class {}
IdempotencyKeySchema.setClass(IdempotencyKey);
