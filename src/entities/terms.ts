import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter, tracked } from './base.js';

export const TermsSchema = defineEntity({
  name: 'Terms',
  tableName: 'terms',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    /** Null: the tenant's. */
    organizationId: p.uuid().nullable(),
    title: p.string(),
    /** Where they are; or else `body`: what they are. */
    url: p.string().nullable(),
    body: p.text().nullable(),
    isActive: p.boolean(),
    /** Rises with what is agreed to: agreeing to one edition is not agreeing to the next. */
    edition: p.integer().default(1),
    ...tracked(),
  },
});

/** Terms and conditions that people agree to as they are enrolled. */
export class Terms extends TermsSchema.class {}
TermsSchema.setClass(Terms);
