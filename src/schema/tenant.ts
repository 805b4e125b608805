import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { FactorKind } from '../entities/enums.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType('Tenant', { description: 'The tenant that is asked: an isolated customer.', simpleResolvers: true })
export class TenantType {
  @Field(() => ID, { description: 'Its id, as `Organization.tenantId` shows it.' })
  id!: string;

  @Field(() => String, { description: 'Its short name, for commands.' })
  slug!: string;

  @Field(() => String, { description: 'What people call it.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: 'For how many days events are kept; null: for ever.' })
  auditRetentionDays!: number | null;

  @Field(() => [FactorKind], { description: 'The kinds of second factors that count, and may be added.' })
  mfaFactors!: FactorKind[];

  @Field(() => Boolean, { description: 'Whether sources are synced when their time has come.' })
  runsScheduledSyncs!: boolean;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Changes of the tenant. What is absent stays.' })
export class TenantUpdateInput {
  @Field(() => Int, {
    nullable: true,
    description:
      'For how many days events are kept: 1 to 36500; null: for ever. Older ones are removed within the hour, and cannot be had back.',
  })
  auditRetentionDays?: number | null;

  @Field(() => [FactorKind], {
    nullable: true,
    description:
      'The kinds of second factors that count, and may be added. None at all is refused while an organization requires one.',
  })
  mfaFactors?: FactorKind[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether sources are synced when their time has come. Syncs that an administrator starts run anyway.',
  })
  runsScheduledSyncs?: boolean | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of the tenant.', simpleResolvers: true })
export class TenantPayload {
  @Field(() => TenantType, { nullable: true, description: 'The tenant as it is now.' })
  tenant!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
