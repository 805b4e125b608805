import { Field, InputType, ObjectType } from 'type-graphql';
import { ConfirmationMode } from '../entities/enums.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('PUBLIC')
@ObjectType({
  description: 'What a page shows to whoever opened the link of a confirmation, before they answer.',
  simpleResolvers: true,
})
export class PetitionConfirmation {
  @Field(() => String, { description: 'What the link is about: the name of the enrollment flow.' })
  flowName!: string;

  @Field(() => String, { nullable: true, description: 'Where the petition leads to; null: into no organization.' })
  organizationName!: string | null;

  @Field(() => ConfirmationMode, {
    description: 'Whether a page asks before it confirms: it does so by itself for AUTOMATIC alone.',
  })
  mode!: ConfirmationMode;

  @Field(() => DateTime, { description: 'Until when the link works.' })
  expiresAt!: Date;

  @Field(() => Boolean, { description: 'Whether one must be signed in to confirm.' })
  requiresSignIn!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'Of a flow that links logins: whose account the sign-ins of the caller open once they confirm; the account that they are signed in to is gone then, if it is another one.',
  })
  linksTo!: string | null;
}

@Auth('PUBLIC')
@InputType({ description: 'The link of a confirmation.' })
export class PetitionTokenInput {
  @Field(() => String, { description: 'The token of the link: what follows `#token=`.' })
  token!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of opening the link of a confirmation.', simpleResolvers: true })
export class PetitionConfirmationPayload {
  @Field(() => PetitionConfirmation, { nullable: true, description: 'What it is about; null when it opens nothing.' })
  confirmation!: PetitionConfirmation | null;

  @Field(() => [UserError], { description: 'Why it opens nothing; empty when it does.' })
  userErrors!: UserError[];
}
