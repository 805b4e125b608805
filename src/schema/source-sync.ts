import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import {
  SourceSyncMode,
  SyncErrorCode,
  SyncRecordErrorCode,
  SyncRunStatus,
  SyncRunTrigger,
} from '../entities/source-enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { registerEnum } from './register-enum.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

registerEnum(SyncErrorCode, 'SyncErrorCode', 'Why a sync waits, or was given up.', {
  TIMED_OUT: 'The source took longer than its time limit.',
  UNREACHABLE: 'No connection to the source could be made, or it broke off.',
  ADDRESS_FORBIDDEN: 'The address of the source is not a public one.',
  CREDENTIALS_REFUSED: 'The source refuses the credentials.',
  BAD_ANSWER: 'An answer of the source cannot be read.',
  TOO_MANY_RECORDS: 'The source answered with more than may be read.',
  MISCONFIGURED: 'The settings do not suit the source.',
  PAUSED: 'The source failed so often that it is left alone for a while.',
  TOO_FEW_RECORDS:
    'Most records that were known were not found: nothing was removed. With `isForced`, a sync removes them.',
  SOURCE_SUSPENDED: 'The source was suspended.',
  SOURCE_CHANGED: 'The settings of the source were changed while it was read.',
  NOT_SUPPORTED: 'The source cannot be synced in this mode.',
  INTERNAL: 'Something unexpected; the log tells more.',
});
registerEnum(SyncRecordErrorCode, 'SyncRecordErrorCode', 'What is wrong with one record of a sync.', {
  INVALID: 'It cannot be read as a record, or not be kept.',
  DUPLICATE_KEY: 'Another record has its key: the first one was taken.',
  PIPELINE_FAILED: 'The pipeline could not do with it what it should. The record itself is kept.',
  NO_ANSWER: 'The source gave no usable answer about it. It stays as it was.',
});

@Auth('PUBLIC')
@ObjectType('SourceSyncRunError', { description: 'Why a sync waits, or was given up.', simpleResolvers: true })
export class SourceSyncRunErrorType {
  @Field(() => SyncErrorCode, { description: 'What programs read.' })
  code!: SyncErrorCode;

  @Field(() => String, { description: 'What people read.' })
  message!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@ObjectType('SourceSyncRun', {
  implements: Node,
  description: 'One sync of a source: how far it is, and what came of it.',
  simpleResolvers: true,
})
export class SourceSyncRunType extends Node {
  @Field(() => SourceSyncMode, { description: 'What it does.' })
  mode!: SourceSyncMode;

  @Field(() => SyncRunTrigger, { description: 'Why it began.' })
  trigger!: SyncRunTrigger;

  @Field(() => Boolean, { description: 'Whether the pipeline also runs for records that did not change.' })
  isForced!: boolean;

  @Field(() => SyncRunStatus, { description: 'Where it stands.' })
  status!: SyncRunStatus;

  @Field(() => Float, {
    nullable: true,
    description:
      'How much there is to go through, as far as it is known: records; of QUERY, people to ask about, too. Null: nobody can say.',
  })
  total!: number | null;

  @Field(() => Float, { description: 'How much of that it has gone through.' })
  done!: number;

  @Field(() => Float, { description: 'How many records were new.' })
  created!: number;

  @Field(() => Float, { description: 'How many records were other than they had been, or came back.' })
  updated!: number;

  @Field(() => Float, { description: 'How many records were as they had been: of those, nothing was written.' })
  unchanged!: number;

  @Field(() => Float, { description: 'How many records the source has no more.' })
  removed!: number;

  @Field(() => Float, { description: 'How many records something was wrong with: `errors` tells what.' })
  failed!: number;

  @Field(() => Int, { description: 'How often it has failed since it last got on.' })
  attempts!: number;

  @Field(() => DateTime, { nullable: true, description: 'When it is tried again; null when it does not wait.' })
  nextAttemptAt!: string | null;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it began; null before.' })
  startedAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null before.' })
  finishedAt!: string | null;
}

export const SourceSyncRunConnection = connectionTypes(() => SourceSyncRunType, 'SourceSyncRun', 'syncs');

@Auth('PUBLIC')
@ObjectType('SourceSyncError', { description: 'What was wrong with one record of a sync.', simpleResolvers: true })
export class SourceSyncErrorType {
  @Field(() => String, { nullable: true, description: 'The key of the record; null when it has none to be read.' })
  key!: string | null;

  @Field(() => SyncRecordErrorCode, { description: 'What programs read.' })
  code!: SyncRecordErrorCode;

  @Field(() => String, { description: 'What people read.' })
  message!: string;

  @Field(() => DateTime, { description: 'When it was met.' })
  at!: string;
}

export const SourceSyncErrorConnection = connectionTypes(
  () => SourceSyncErrorType,
  'SourceSyncError',
  'errors of a sync',
);

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A sync of a source.' })
export class SourceSyncStartInput {
  @Field(() => String, {
    nullable: true,
    description: 'The same key starts one sync, however often it is sent.',
  })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'The source. It must be active.' })
  sourceId!: string;

  @Field(() => SourceSyncMode, {
    nullable: true,
    description: "FULL, QUERY or UPDATE; absent: the source's own.",
  })
  mode?: SourceSyncMode | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Also lets the pipeline run for records that did not change, and removes records also where most are gone.',
  })
  isForced?: boolean | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A sync to stop.' })
export class SourceSyncCancelInput {
  @Field(() => ID, { description: 'Which sync.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of starting or stopping a sync.', simpleResolvers: true })
export class SourceSyncRunPayload {
  @Field(() => SourceSyncRunType, {
    nullable: true,
    description: 'The sync; with SYNC_RUNNING, the one that is under way.',
  })
  sourceSyncRun!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was done; empty when it was.' })
  userErrors!: UserError[];
}
