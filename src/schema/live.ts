import { Field, ID, ObjectType } from 'type-graphql';
import { EventType } from './event.js';
import { OrganizationType } from './organization.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('ORGANIZATION_MEMBER')
@ObjectType({
  description: 'Something that has happened to an organization: to itself, its members, its connections.',
  simpleResolvers: true,
})
export class OrganizationChange {
  @Field(() => ID, { description: 'The id of the event: give it as `after` to go on from here.' })
  id!: string;

  @Field(() => String, { description: 'The type of the event, e.g. `organization.updated`.' })
  type!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: string;

  @Field(() => OrganizationType, {
    nullable: true,
    description: 'The organization as it is now; null once it is deleted.',
  })
  organization!: unknown;

  @Field(() => EventType, {
    nullable: true,
    description: 'What the audit log says of it, for those who may read that.',
  })
  event!: unknown;
}
