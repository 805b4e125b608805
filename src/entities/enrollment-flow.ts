import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter, tracked } from './base.js';
import { FlowStatus } from './enums.js';

export const EnrollmentFlowSchema = defineEntity({
  name: 'EnrollmentFlow',
  tableName: 'enrollment_flows',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    /** Null: the tenant's. */
    organizationId: p.uuid().nullable(),
    name: p.string(),
    description: p.string().nullable(),
    status: p.enum(() => FlowStatus),
    /** The version that petitions begin with: settings are in versions, which never change. */
    currentVersionId: p.uuid(),
    ...tracked(),
  },
});

/** A configured way in. */
export class EnrollmentFlow extends EnrollmentFlowSchema.class {}
EnrollmentFlowSchema.setClass(EnrollmentFlow);
