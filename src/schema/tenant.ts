import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType('Tenant', { description: 'The tenant that is asked: an isolated customer.', simpleResolvers: true })
export class TenantType {
  @Field(() => String, { description: 'Its short name, for commands.' })
  slug!: string;

  @Field(() => String, { description: 'What people call it.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: 'For how many days events are kept; null: for ever.' })
  auditRetentionDays!: number | null;
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
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of the tenant.', simpleResolvers: true })
export class TenantPayload {
  @Field(() => TenantType, { nullable: true, description: 'The tenant as it is now.' })
  tenant!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
