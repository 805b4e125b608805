import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { SourceRecordStatus } from '../entities/source-enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONObject } from './scalars.js';
import { SourcePersonEmail, SourcePersonIdentifier, SourcePersonName } from './source-person.js';

@Auth('PUBLIC')
@ObjectType('SourceRecordPerson', {
  description: 'A person, as a source saw them when it was read last.',
  simpleResolvers: true,
})
export class SourceRecordPerson {
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
}

@Auth('PUBLIC')
@ObjectType('SourceRecordApplied', {
  description: 'What a pipeline has copied from a record and given for it: only that follows the record.',
  simpleResolvers: true,
})
export class SourceRecordApplied {
  @Field(() => Boolean, { description: 'Whether the account was made of it.' })
  isCreator!: boolean;

  @Field(() => [String], { description: 'Of the account: `email`, `givenName`, `familyName`, `attribute:<name>`.' })
  values!: string[];

  @Field(() => Number, { description: 'How many identifiers.' })
  identifierCount!: number;

  @Field(() => [ID], { description: 'The organizations where the person is a member by it.' })
  organizationIds!: string[];

  @Field(() => [ID], { description: 'The roles that it gave there.' })
  roleIds!: string[];

  @Field(() => String, {
    nullable: true,
    description: 'What could not be done: it is tried again with the next sync; null: all was.',
  })
  failure!: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@ObjectType('SourceRecord', {
  implements: Node,
  description: 'A person as one source sees them.',
  simpleResolvers: true,
})
export class SourceRecordType extends Node {
  @Field(() => String, { description: 'Names the person in the source, for ever.' })
  key!: string;

  @Field(() => SourceRecordStatus, { description: 'Whether the source has it.' })
  status!: SourceRecordStatus;

  @Field(() => Boolean, {
    description: 'Whether an administrator has taken it from somebody: no sync links it again, relinking does.',
  })
  isUnlinked!: boolean;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When what was given for it ends, unless the record comes back; null: it does not wait.',
  })
  graceEndsAt!: string | null;

  @Field(() => DateTime, { description: 'When it was first read.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last read and was other than before.' })
  syncedAt!: string;
}

export const SourceRecordConnection = connectionTypes(() => SourceRecordType, 'SourceRecord', 'records of sources');

@Auth('PUBLIC')
@InputType({ description: 'Which records a list holds. Conditions add up.' })
export class SourceRecordFilterInput {
  @Field(() => SourceRecordStatus, { nullable: true, description: 'Those that stand so.' })
  status?: SourceRecordStatus | null;

  @Field(() => Boolean, { nullable: true, description: 'Those that are linked to a user, or those that are not.' })
  isLinked?: boolean | null;

  @Field(() => String, { nullable: true, description: 'The one of this key.' })
  key?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those of this user.' })
  userId?: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A record.' })
export class SourceRecordIdInput {
  @Field(() => ID, { description: 'The record.' })
  id!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A record, and whose it is.' })
export class SourceRecordRelinkInput {
  @Field(() => ID, { description: 'The record.' })
  id!: string;

  @Field(() => ID, { description: 'Whose it is from now on.' })
  userId!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What became of a record.', simpleResolvers: true })
export class SourceRecordPayload {
  @Field(() => SourceRecordType, { nullable: true, description: 'The record as it is now.' })
  sourceRecord!: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'What the pipeline could not do, for people; null: nothing was left.',
  })
  message!: string | null;

  @Field(() => [UserError], { description: 'Why nothing changed; empty when it did.' })
  userErrors!: UserError[];
}
