import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { ApproverKind, MailLocale, PetitionParty, PetitionStatus, PetitionStep } from './enums.js';

export const PetitionSchema = defineEntity({
  name: 'Petition',
  tableName: 'petitions',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    /** Null once the flow is deleted: the version stays. */
    flowId: p.uuid().nullable(),
    flowVersionId: p.uuid(),
    organizationId: p.uuid().nullable(),
    status: p.enum(() => PetitionStatus).default(PetitionStatus.CREATED),
    step: p.enum(() => PetitionStep).default(PetitionStep.START),
    waitsFor: p
      .enum(() => PetitionParty)
      .nullable()
      .default(PetitionParty.PETITIONER),
    petitionerUserId: p.uuid().nullable(),
    enrolleeUserId: p.uuid().nullable(),
    petitionerTokenHash: p.string().nullable(),
    petitionerTokenExpiresAt: p.datetime().nullable(),
    /** What was done on the way: enrollment/machine/state.ts. */
    progress: p.json<object>(),
    email: p.string().nullable(),
    emailNormalized: p.string().nullable(),
    isEmailVerified: p.boolean().default(false),
    locale: p.enum(() => MailLocale),
    returnUrl: p.string().nullable(),
    approverKind: p.enum(() => ApproverKind).nullable(),
    approverRoleId: p.uuid().nullable(),
    approverOrganizationId: p.uuid().nullable(),
    waitsSince: p.datetime(),
    expiresAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
    version: p.integer().default(1),
  },
});

/** One run of an enrollment flow for one person. Only the petition machine changes it, under the lock of its row. */
export class Petition extends PetitionSchema.class {}
PetitionSchema.setClass(Petition);
