import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { AttributeTarget, MergeAction, MergePart } from '../entities/enums.js';
import { UserError } from './payload.js';
import { PetitionType } from './petition.js';
import { Auth } from './requirement.js';
import { DateTime, JSONValue } from './scalars.js';

registerEnumType(MergeAction, {
  name: 'PetitionMergeAction',
  description: 'What a merge does with one value of a petition.',
  valuesConfig: {
    FILLED: { description: 'The person has none: they get that of the petition.' },
    KEPT: { description: 'The person has another one, which stays. That of the petition goes nowhere.' },
    SAME: { description: 'The person has it already.' },
  },
});

registerEnumType(MergePart, {
  name: 'PetitionMergePart',
  description: 'What a merge can have given somebody.',
  valuesConfig: {
    EMAIL: { description: 'The address.' },
    GIVEN_NAME: { description: 'The given name.' },
    FAMILY_NAME: { description: 'The family name.' },
    ATTRIBUTE: { description: 'An attribute.' },
    IDENTIFIER: { description: 'An identifier.' },
    STATUS: { description: 'They were pending, and were let in.' },
    MEMBERSHIP: { description: 'The membership.' },
    ROLE: { description: 'A role of the membership.' },
    MEMBERSHIP_ATTRIBUTE: { description: 'An attribute of the membership.' },
  },
});

@Auth('PUBLIC')
@ObjectType({ description: 'What a merge does with one value of a petition.', simpleResolvers: true })
export class PetitionMergeChange {
  @Field(() => String, { description: 'The key of the attribute in its flow.' })
  key!: string;

  @Field(() => String, { description: 'What it is called.' })
  label!: string;

  @Field(() => AttributeTarget, { description: 'What of the person it is for.' })
  target!: AttributeTarget;

  @Field(() => String, { description: 'Under which name, or of which type, the person has it.' })
  name!: string;

  @Field(() => JSONValue, { description: 'What the petition gives.' })
  given!: unknown;

  @Field(() => JSONValue, { nullable: true, description: 'What the person has.' })
  before!: unknown;

  @Field(() => JSONValue, { nullable: true, description: 'What they would have.' })
  after!: unknown;

  @Field(() => MergeAction, { description: 'What becomes of it.' })
  action!: MergeAction;
}

@Auth('PUBLIC')
@ObjectType({
  description: 'What merging a petition into the person who is known would change, as they are now.',
  simpleResolvers: true,
})
export class PetitionMergePreview {
  @Field(() => [PetitionMergeChange], {
    description: 'Value by value; those of attributes that go nowhere are left out.',
  })
  changes!: PetitionMergeChange[];

  @Field(() => [String], { description: 'Of which types they would be assigned an identifier, the next free one.' })
  assignedIdentifierTypes!: string[];

  @Field(() => Boolean, { description: 'Whether they would become a member; otherwise they are one, or of nothing.' })
  isNewMember!: boolean;

  @Field(() => [String], { description: 'The names of the roles that the membership would get.' })
  roles!: string[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'That a petition was merged into somebody who was known.', simpleResolvers: true })
export class PetitionMerge {
  @Field(() => DateTime, { description: 'When.' })
  mergedAt!: string;

  @Field(() => DateTime, { description: 'Until when it can be undone: 30 days.' })
  undoableUntil!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was undone; null while it stands.' })
  undoneAt!: string | null;

  @Field(() => Boolean, { description: 'Whether petitionUndoMerge would undo it now.' })
  isUndoable!: boolean;
}

@Auth('PUBLIC')
@ObjectType({
  description: 'Something that a merge gave and that was changed since: undoing left it.',
  simpleResolvers: true,
})
export class PetitionMergeLeftover {
  @Field(() => MergePart, { description: 'What.' })
  part!: MergePart;

  @Field(() => String, {
    nullable: true,
    description: 'The name of the attribute or role, or the type of the identifier.',
  })
  name!: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A petition whose merge is to be undone.' })
export class PetitionUndoMergeInput {
  @Field(() => ID, { description: 'Which one.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of undoing a merge.', simpleResolvers: true })
export class PetitionUndoMergePayload {
  @Field(() => PetitionType, { nullable: true, description: 'The petition as it is now.' })
  petition!: unknown;

  @Field(() => [PetitionMergeLeftover], { description: 'What was changed since the merge, and was left as it is.' })
  left!: PetitionMergeLeftover[];

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when all went well.' })
  userErrors!: UserError[];
}
