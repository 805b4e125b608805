import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import {
  QueryMismatch,
  SourceCapability,
  SourceErrorCode,
  SourceKind,
  SourceStatus,
  SourceSyncMode,
} from '../entities/source-enums.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { JSONObject } from './scalars.js';
import { SourcePerson } from './source-person.js';
import { SourceType } from './source.js';

@Auth('PUBLIC')
@InputType({ description: 'Which sources a list holds. Conditions add up.' })
export class SourceFilterInput {
  @Field(() => SourceKind, { nullable: true, description: 'Those of this kind.' })
  kind?: SourceKind | null;

  @Field(() => SourceStatus, { nullable: true, description: 'Those that stand so.' })
  status?: SourceStatus | null;
}

/** What both a new source and a change of one say. */
@Auth('TENANT_ADMINISTRATOR')
@InputType('SourceConfigurationInput', { description: 'What a source is set to.' })
abstract class SourceConfigurationInput {
  @Field(() => String, { nullable: true, description: 'What it is for, at most 256 characters; null clears.' })
  description?: string | null;

  @Field(() => SourceStatus, { nullable: true, description: 'Whether it is asked; ACTIVE in a new one.' })
  status?: SourceStatus | null;

  @Field(() => JSONObject, {
    nullable: true,
    description:
      'Secrets by their names, which `sourceKinds` tells: text sets one, null takes it away, and what is not named stays. They are kept encrypted and never shown.',
  })
  secrets?: Record<string, unknown> | null;

  @Field(() => ID, { nullable: true, description: 'What its records do to users and memberships; null: nothing.' })
  pipelineId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether records keep what the source answered; true in a new one. If not, only their keys, a hash and whose they are is kept.',
  })
  keepsRaw?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether flows of organizations may attach it; false in a new one.',
  })
  isOpenToOrganizations?: boolean | null;

  @Field(() => SourceSyncMode, {
    nullable: true,
    description:
      'What a sync does; MANUAL in a new one. FULL needs the capability INVENTORY, QUERY needs SEARCH_BY_EMAIL, UPDATE needs RETRIEVE.',
  })
  syncMode?: SourceSyncMode | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many minutes are between two syncs, 5 to 44640; null: it syncs when asked. MANUAL has none.',
  })
  syncInterval?: number | null;

  @Field(() => QueryMismatch, {
    nullable: true,
    description:
      'Of QUERY: what becomes of a record that lacks the address that was asked for; CREATE_NEW in a new one.',
  })
  queryMismatch?: QueryMismatch | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Of QUERY: whether it leaves out the people who have a record of it; false in a new one.',
  })
  querySkipsKnown?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the records of somebody are read again as they sign in, by RETRIEVE; false in a new one.',
  })
  syncsOnLogin?: boolean | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How long one question may take, 100 to 60000 milliseconds; 5000 in a new one.',
  })
  timeLimit?: number | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A new source.' })
export class SourceCreateInput extends SourceConfigurationInput {
  @Field(() => String, {
    nullable: true,
    description: 'The same key makes one source, however often it is sent.',
  })
  idempotencyKey?: string | null;

  @Field(() => SourceKind, { description: 'What kind of system it is, for good.' })
  kind!: SourceKind;

  @Field(() => String, { description: 'What administrators call it, at most 128 characters.' })
  name!: string;

  @Field(() => JSONObject, { description: 'The settings of its kind, which `sourceKinds` describes.' })
  settings!: Record<string, unknown>;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Changes of a source. What is absent stays; null is as in a new one, where it is allowed.' })
export class SourceUpdateInput extends SourceConfigurationInput {
  @Field(() => ID, { description: 'Which source.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the source was changed since.' })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'What administrators call it; it cannot be cleared.' })
  name?: string | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'The settings of its kind, all of them: what is not in here is gone.',
  })
  settings?: Record<string, unknown> | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The source to delete.' })
export class SourceDeleteInput {
  @Field(() => ID, { description: 'Which source.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the source was changed since.' })
  expectedVersion?: number | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The source to test.' })
export class SourceTestInput {
  @Field(() => ID, { description: 'Which source.' })
  id!: string;
}

@Auth('PUBLIC')
@InputType({ description: 'An identifier that a person is looked for by.' })
export class SourceIdentifierInput {
  @Field(() => String, { description: 'Its type, as the mapping of the source names it.' })
  type!: string;

  @Field(() => String, { description: 'The identifier: compared exactly.' })
  value!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a source.', simpleResolvers: true })
export class SourcePayload {
  @Field(() => SourceType, { nullable: true, description: 'The source as it is now.' })
  source!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class SourceDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of testing a source.', simpleResolvers: true })
export class SourceTestPayload {
  @Field(() => Boolean, { nullable: true, description: 'Whether it answered; null when it was not asked.' })
  isReachable!: boolean | null;

  @Field(() => SourceErrorCode, { nullable: true, description: 'Why it gave no answer; null when it did.' })
  errorCode!: SourceErrorCode | null;

  @Field(() => String, { nullable: true, description: 'What happened, for people.' })
  message!: string | null;

  @Field(() => SourceCapability, {
    nullable: true,
    description: 'What it was asked for; null: it can be asked nothing that needs no person.',
  })
  tried!: SourceCapability | null;

  @Field(() => Number, { nullable: true, description: 'How many records it has; null where it does not say.' })
  recordCount!: number | null;

  @Field(() => [String], { description: 'What is wrong with some of its first rows, which are no records.' })
  recordFaults!: string[];

  @Field(() => [UserError], { description: 'Why it was not asked; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'Whom a source finds.', simpleResolvers: true })
export class SourceSearchResult {
  @Field(() => [SourcePerson], { description: 'The people, at most 25; more are refused as TOO_MANY_RECORDS.' })
  people!: unknown[];

  @Field(() => SourceErrorCode, {
    nullable: true,
    description: 'Why there is no answer, which does not mean that nobody is known; null when there is one.',
  })
  errorCode!: SourceErrorCode | null;

  @Field(() => String, { nullable: true, description: 'The same, for people.' })
  message!: string | null;

  @Field(() => [UserError], { description: 'Why it was not asked; empty when it was.' })
  userErrors!: UserError[];
}
