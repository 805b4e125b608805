import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { UserError } from './payload.js';
import { PetitionIdInput } from './petition.js';
import { Auth } from './requirement.js';

@Auth('PETITION_PARTY')
@InputType({ description: 'At which source somebody of a petition signs in.' })
export class PetitionSignInAtSourceInput extends PetitionIdInput {
  @Field(() => ID, { description: 'The source: the next one that the petition asks in this way.' })
  sourceId!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Where the browser goes afterwards: a path of this site, or an address that the flow admits as return URL; the first page when absent.',
  })
  returnTo?: string | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'The way to a source.', simpleResolvers: true })
export class PetitionSignInAtSourcePayload {
  @Field(() => String, {
    nullable: true,
    description:
      'Send the browser there within ten minutes. It must be the browser that called: a cookie of it is set by this answer.',
  })
  authorizationUrl!: string | null;

  @Field(() => [UserError], { description: 'Why it cannot be done; empty when it can.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'A source at which somebody of a petition signs in.', simpleResolvers: true })
export class PetitionSignInSource {
  @Field(() => ID, { description: 'Which source.' })
  sourceId!: string;

  @Field(() => String, { description: 'What it is called.' })
  name!: string;
}
