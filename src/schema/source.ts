import { Field, ID, Int, ObjectType } from 'type-graphql';
import {
  QueryMismatch,
  SourceCapability,
  SourceErrorCode,
  SourceHealth,
  SourceKind,
  SourceStatus,
  SourceSyncMode,
} from '../entities/source-enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { Auth } from './requirement.js';
import { DateTime, JSONObject } from './scalars.js';

@Auth('TENANT_ADMINISTRATOR')
@ObjectType('Source', {
  implements: Node,
  description: 'A system outside that knows people: a directory, a database, a file, a provider.',
  simpleResolvers: true,
})
export class SourceType extends Node {
  @Field(() => String, { description: 'What administrators call it.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description!: string | null;

  @Field(() => SourceKind, { description: 'What kind of system it is. It never changes.' })
  kind!: SourceKind;

  @Field(() => SourceStatus, { description: 'Whether it is asked.' })
  status!: SourceStatus;

  @Field(() => JSONObject, { description: 'The settings of its kind, which `sourceKinds` describes.' })
  settings!: Record<string, unknown>;

  @Field(() => [String], { description: 'Which secrets are set. They are never shown.' })
  secretNames!: string[];

  @Field(() => Boolean, {
    description: 'Whether records keep what the source answered; if not, only their keys are kept.',
  })
  keepsRaw!: boolean;

  @Field(() => Boolean, { description: 'Whether flows of organizations may attach it.' })
  isOpenToOrganizations!: boolean;

  @Field(() => SourceSyncMode, { description: 'What a sync does.' })
  syncMode!: SourceSyncMode;

  @Field(() => Int, {
    nullable: true,
    description: 'How many minutes are between two syncs; null: it syncs when asked.',
  })
  syncInterval!: number | null;

  @Field(() => QueryMismatch, {
    description: 'Of QUERY: what becomes of a record that lacks the address that was asked for.',
  })
  queryMismatch!: QueryMismatch;

  @Field(() => Boolean, { description: 'Of QUERY: whether it leaves out the people who have a record of it.' })
  querySkipsKnown!: boolean;

  @Field(() => Boolean, { description: 'Whether the records of somebody are read again as they sign in.' })
  syncsOnLogin!: boolean;

  @Field(() => Int, { description: 'How long one question may take, in milliseconds.' })
  timeLimit!: number;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const SourceConnection = connectionTypes(() => SourceType, 'Source', 'sources');

@Auth('PUBLIC')
@ObjectType('SourceHealthReport', { description: 'How a source is, by what came of asking it.', simpleResolvers: true })
export class SourceHealthType {
  @Field(() => SourceHealth, { description: 'How it was when it was asked last.' })
  status!: SourceHealth;

  @Field(() => SourceErrorCode, { nullable: true, description: 'What was wrong; null while it answers.' })
  errorCode!: SourceErrorCode | null;

  @Field(() => String, { nullable: true, description: 'The same, for people.' })
  errorMessage!: string | null;

  @Field(() => Int, { description: 'How often it failed since it last answered.' })
  failures!: number;

  @Field(() => DateTime, { nullable: true, description: 'When it last answered, as far as that was noted.' })
  succeededAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it last failed.' })
  failedAt!: string | null;
}

@Auth('PUBLIC')
@ObjectType('SourceFile', { description: 'The file that was uploaded to a source.', simpleResolvers: true })
export class SourceFileType {
  @Field(() => String, { description: 'What it was called.' })
  name!: string;

  @Field(() => Number, { description: 'How long it is.' })
  bytes!: number;

  @Field(() => String, { description: 'Its SHA-256, in hexadecimal.' })
  sha256!: string;

  @Field(() => DateTime, { description: 'When it came.' })
  uploadedAt!: string;
}

@Auth('PUBLIC')
@ObjectType('SourceSecretKind', { description: 'A secret that sources of a kind take.', simpleResolvers: true })
export class SourceSecretKind {
  @Field(() => String, { description: 'Its name, in `secrets`.' })
  name!: string;

  @Field(() => String, { description: 'What it is.' })
  description!: string;
}

@Auth('PUBLIC')
@ObjectType('SourceKindDescription', {
  description: 'What sources of a kind are set to, and can do.',
  simpleResolvers: true,
})
export class SourceKindDescription {
  @Field(() => SourceKind, { description: 'The kind.' })
  kind!: SourceKind;

  @Field(() => String, { description: 'What it is.' })
  description!: string;

  @Field(() => JSONObject, { description: 'The JSON Schema (2020-12) of `settings`: every property is described.' })
  settingsSchema!: Record<string, unknown>;

  @Field(() => [SourceSecretKind], { description: 'The secrets that it takes.' })
  secrets!: SourceSecretKind[];

  @Field(() => [SourceCapability], {
    description: 'What it can be asked, with settings that allow it; `Source.capabilities` says what one can.',
  })
  capabilities!: SourceCapability[];
}

@Auth('PUBLIC')
@ObjectType('AvailableSource', {
  description: 'A source that flows of an organization may attach. Nothing else of it is for the organization.',
  simpleResolvers: true,
})
export class AvailableSource {
  @Field(() => ID, { description: 'Its id, for the settings of a flow.' })
  id!: string;

  @Field(() => String, { description: 'What it is called.' })
  name!: string;

  @Field(() => SourceKind, { description: 'What kind of system it is.' })
  kind!: SourceKind;

  @Field(() => [SourceCapability], { description: 'What it can be asked.' })
  capabilities!: readonly SourceCapability[];
}
