import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('ORGANIZATION_ADMINISTRATOR')
@ObjectType('Terms', {
  implements: Node,
  description:
    'What people agree to as they are enrolled. Administrators of its organization see it, or of the tenant.',
  simpleResolvers: true,
})
export class TermsType extends Node {
  @Field(() => String, { description: 'What people read first.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'Where they are; null when `body` is what they are.' })
  url!: string | null;

  @Field(() => String, { nullable: true, description: 'What they are; null when they are at `url`.' })
  body!: string | null;

  @Field(() => Boolean, { description: 'Whether people are asked to agree to them.' })
  isActive!: boolean;

  @Field(() => Int, { description: 'Rises with title, address and text: each edition is agreed to anew.' })
  edition!: number;

  @Field(() => DateTime, { description: 'When they were made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When they were last changed.' })
  updatedAt!: string;

  @Field(() => Int, {
    description: 'How often they were changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const TermsConnection = connectionTypes(() => TermsType, 'Terms', 'terms');

@Auth('PUBLIC')
@InputType({ description: 'Which terms a list holds. Conditions add up.' })
export class TermsFilterInput {
  @Field(() => Boolean, { nullable: true, description: 'Those that people are asked to agree to, or the others.' })
  isActive?: boolean | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'New terms: with an address or a text.' })
export class TermsCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key makes them once, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "Whose they are: an organization's own are asked for instead of the tenant's. Absent: the tenant's, for its administrators.",
  })
  organizationId?: string | null;

  @Field(() => String, { description: 'What people read first, at most 128 characters.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'Where they are: an https address.' })
  url?: string | null;

  @Field(() => String, { nullable: true, description: 'What they are, at most 65536 characters.' })
  body?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether people are asked to agree to them. Absent: yes.' })
  isActive?: boolean | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({
  description: 'Changes of terms. What is absent stays; another title, address or text is another edition.',
})
export class TermsUpdateInput {
  @Field(() => ID, { description: 'Which terms.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when they were changed since.' })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'What people read first; it cannot be cleared.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: 'Where they are; null clears, and `body` is to be given then.' })
  url?: string | null;

  @Field(() => String, { nullable: true, description: 'What they are; null clears, and `url` is to be given then.' })
  body?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether people are asked to agree to them.' })
  isActive?: boolean | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'The terms to delete.' })
export class TermsDeleteInput {
  @Field(() => ID, { description: 'Which terms.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when they were changed since.' })
  expectedVersion?: number | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of terms.', simpleResolvers: true })
export class TermsPayload {
  @Field(() => TermsType, { nullable: true, description: 'The terms as they are now.' })
  terms!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class TermsDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}
