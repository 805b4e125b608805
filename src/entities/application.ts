import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter, tracked } from './base.js';
import { ApplicationKind, ApplicationStatus } from './enums.js';

export const ApplicationSchema = defineEntity({
  name: 'Application',
  tableName: 'applications',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    name: p.string(),
    description: p.string().nullable(),
    kind: p.enum(() => ApplicationKind),
    status: p.enum(() => ApplicationStatus).default(ApplicationStatus.ENABLED),
    /** Of kind MACHINE: its own tokens make it an administrator of the tenant. */
    isTenantAdministrator: p.boolean().default(false),
    /** Where people may be sent after they signed in; a machine has none. */
    redirectUris: p.array(),
    postLogoutRedirectUris: p.array(),
    createdByUserId: p.uuid().nullable(),
    ...tracked(),
  },
});

/** A client of the tenant: a machine that acts for itself, or something that signs people in. */
export class Application extends ApplicationSchema.class {}
ApplicationSchema.setClass(Application);
