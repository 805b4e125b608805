import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { PetitionIdInput } from './petition.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType({ description: 'How somebody is called at a match server.', simpleResolvers: true })
export class PetitionMatchName {
  @Field(() => String, { nullable: true, description: 'The given name.' })
  givenName!: string | null;

  @Field(() => String, { nullable: true, description: 'The family name.' })
  familyName!: string | null;
}

@Auth('PUBLIC')
@ObjectType({
  description: 'Somebody who may be the person of a petition, as the match server describes them.',
  simpleResolvers: true,
})
export class PetitionMatchCandidate {
  @Field(() => ID, { description: 'What the match server calls them.' })
  referenceId!: string;

  @Field(() => [PetitionMatchName], { description: 'Their names, at most five.' })
  names!: PetitionMatchName[];

  @Field(() => [String], { description: 'Their addresses, at most five.' })
  emails!: string[];
}

@Auth('PETITION_PARTY')
@InputType({ description: 'The address that a source is to be asked about.' })
export class PetitionGiveEmailInput extends PetitionIdInput {
  @Field(() => String, { description: "The petitioner's own address." })
  email!: string;
}

@Auth('PETITION_PARTY')
@InputType({ description: 'Which of the people whom the match server named it is.' })
export class PetitionChooseMatchInput extends PetitionIdInput {
  @Field(() => ID, { nullable: true, description: 'One of `matchCandidates`; null: none of them. It has to be given.' })
  referenceId?: string | null;
}
