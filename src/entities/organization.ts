import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter, tracked } from './base.js';
import { foldText } from './fold-text.js';
import { MfaRule, NameSource, NameStatus, OrganizationStatus } from './enums.js';
import { uniqueSlug } from './slug.js';

export const OrganizationSchema = defineEntity({
  name: 'Organization',
  tableName: 'organizations',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    name: p.string(),
    nameStatus: p.enum(() => NameStatus).default(NameStatus.CONFIRMED),
    nameSource: p.enum(() => NameSource).default(NameSource.ADMINISTRATOR),
    /** When the registry is to be asked for the name again; null when it is not. */
    nameLookupAt: p.datetime().nullable(),
    nameLookupAttempts: p.integer().default(0),
    /** The name as it is searched: without case and accents. */
    searchText: p
      .text()
      .onCreate((organization: { name: string }) => foldText(organization.name))
      .onUpdate((organization: { name: string }) => foldText(organization.name)),
    /** Its name in addresses, unique in the tenant. */
    slug: p.string().onCreate(({ id, name }: { id: string; name: string }) => uniqueSlug(name, id)),
    description: p.string().nullable(),
    /** `#rrggbb` */
    primaryColor: p.string().nullable(),
    darkPrimaryColor: p.string().nullable(),
    isMfaRequired: p.boolean().default(false),
    mfaRule: p.enum(() => MfaRule).default(MfaRule.FACTOR_CONFIGURED),
    status: p.enum(() => OrganizationStatus).default(OrganizationStatus.ACTIVE),
    needsAdministrator: p.boolean().default(false),
    /** The member whose sign-in made the organization and who may give it its name once; null when nobody may. */
    completionUserId: p.uuid().nullable(),
    ...tracked(),
  },
});

/** A company, agency or collaboration. Its custom data is read and written as text, where it is asked for. */
export class Organization extends OrganizationSchema.class {}
OrganizationSchema.setClass(Organization);
