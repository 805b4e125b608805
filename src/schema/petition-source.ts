import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { SourceMode } from '../entities/enums.js';
import { SourceCheckOutcome, SourceErrorCode } from '../entities/source-enums.js';
import { connectionTypes } from './connection-types.js';
import { UserError } from './payload.js';
import { PetitionIdInput } from './petition.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';
import { SourcePerson } from './source-person.js';

@Auth('PUBLIC')
@ObjectType('PetitionSourceCheck', { description: 'What a source said for a petition.', simpleResolvers: true })
export class PetitionSourceCheckType {
  @Field(() => String, { description: 'What the source was called then.' })
  sourceName!: string;

  @Field(() => SourceMode, { nullable: true, description: 'How it was asked; null for a match server.' })
  mode!: SourceMode | null;

  @Field(() => SourceCheckOutcome, { description: 'What came of it.' })
  outcome!: SourceCheckOutcome;

  @Field(() => Int, { description: 'How many records it gave, whether or not they were linked.' })
  hits!: number;

  @Field(() => SourceErrorCode, { nullable: true, description: 'Of UNAVAILABLE: why there was no answer.' })
  errorCode!: SourceErrorCode | null;

  @Field(() => String, { nullable: true, description: 'The same for people, or what else is to be known.' })
  message!: string | null;

  @Field(() => Int, { description: 'How often it was asked: of UNAVAILABLE, each time in a row is counted here.' })
  attempts!: number;

  @Field(() => DateTime, { description: 'When it was asked last.' })
  at!: string;
}

export const PetitionSourceCheckConnection = connectionTypes(
  () => PetitionSourceCheckType,
  'PetitionSourceCheck',
  'what sources said for a petition',
);

@Auth('PUBLIC')
@InputType({ description: 'An identifier by which somebody is looked for in a source.' })
export class PetitionSourceIdentifierInput {
  @Field(() => String, { description: 'Its type, as the mapping of the source names it.' })
  type!: string;

  @Field(() => String, { description: 'The identifier: compared exactly.' })
  value!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'Whom a source found for a petition.', simpleResolvers: true })
export class PetitionSourceCandidates {
  @Field(() => [SourcePerson], { description: 'The people, at most 25. Who is linked already cannot be chosen.' })
  people!: SourcePerson[];

  @Field(() => [UserError], { description: 'Why there is no answer; empty when there is one.' })
  userErrors!: UserError[];
}

@Auth('PETITION_PARTY')
@InputType({ description: 'The record of a source that a petition is for.' })
export class PetitionSelectSourceRecordInput extends PetitionIdInput {
  @Field(() => ID, { description: 'Of which source: one that is attached to the flow in the mode SELECT.' })
  sourceId!: string;

  @Field(() => String, { description: 'The key of the person there, from petitionSourceCandidates.' })
  key!: string;
}
