import { Field, ObjectType } from 'type-graphql';
import { Auth } from './requirement.js';
import { JSONObject } from './scalars.js';

/*
 * A person as a source sees them, in the shape that all kinds have in common (entities/person-record.ts).
 */

@Auth('PUBLIC')
@ObjectType('SourcePersonName', { description: 'A name, as a source has it.', simpleResolvers: true })
export class SourcePersonName {
  @Field(() => String, { nullable: true, description: 'The given name.' })
  givenName!: string | null;

  @Field(() => String, { nullable: true, description: 'The family name.' })
  familyName!: string | null;
}

@Auth('PUBLIC')
@ObjectType('SourcePersonEmail', { description: 'An address, as a source has it.', simpleResolvers: true })
export class SourcePersonEmail {
  @Field(() => String, { description: 'The address.' })
  address!: string;

  @Field(() => Boolean, { description: 'Whether the source vouches for it.' })
  isVerified!: boolean;
}

@Auth('PUBLIC')
@ObjectType('SourcePersonIdentifier', { description: 'An identifier, as a source has it.', simpleResolvers: true })
export class SourcePersonIdentifier {
  @Field(() => String, { description: 'What kind of identifier it is.' })
  type!: string;

  @Field(() => String, { description: 'The identifier.' })
  value!: string;
}

@Auth('PUBLIC')
@ObjectType('SourcePerson', { description: 'A person, as a source sees them now.', simpleResolvers: true })
export class SourcePerson {
  @Field(() => String, { description: 'Names the person in the source, for ever.' })
  key!: string;

  @Field(() => [SourcePersonName], { description: 'The names, the one that is copied first.' })
  names!: SourcePersonName[];

  @Field(() => [SourcePersonEmail], { description: 'The addresses.' })
  emails!: SourcePersonEmail[];

  @Field(() => [SourcePersonIdentifier], { description: 'The identifiers.' })
  identifiers!: SourcePersonIdentifier[];

  @Field(() => String, { nullable: true, description: 'What the person is there; null where the source does not say.' })
  affiliation!: string | null;

  @Field(() => JSONObject, { description: "What else the source's mapping names." })
  attributes!: Record<string, unknown>;

  @Field(() => Boolean, { description: 'Whether the record of this person is linked to a user already.' })
  isLinked!: boolean;
}
