import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { IdentifierScheme } from './enums.js';
import { Organization } from './organization.js';

export const OrganizationIdentifierSchema = defineEntity({
  name: 'OrganizationIdentifier',
  tableName: 'organization_identifiers',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    organization: () => p.manyToOne(Organization).joinColumn('organization_id'),
    scheme: p.enum(() => IdentifierScheme),
    value: p.string(),
  },
});

/** How an organization is known outside: `(scheme, value)`, once per tenant. */
export class OrganizationIdentifier extends OrganizationIdentifierSchema.class {}
OrganizationIdentifierSchema.setClass(OrganizationIdentifier);
