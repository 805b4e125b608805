import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { AttributeTarget, UserStatus } from '../entities/enums.js';
import {
  PipelineAction,
  PipelineMatch,
  PipelineOutcome,
  PipelineRemoval,
  PipelineStatus,
} from '../entities/source-enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONValue } from './scalars.js';

@Auth('PUBLIC')
@ObjectType('PipelineAttribute', { description: 'Where an attribute of a record goes.', simpleResolvers: true })
export class PipelineAttribute {
  @Field(() => String, { description: "A name of the source's mapping, or `affiliation`." })
  from!: string;

  @Field(() => AttributeTarget, { description: 'USER_ATTRIBUTE, MEMBERSHIP_ATTRIBUTE or USER_IDENTIFIER.' })
  target!: AttributeTarget;

  @Field(() => String, { description: 'Under which name, or as which type of identifier.' })
  targetName!: string;
}

@Auth('PUBLIC')
@ObjectType('PipelineAffiliationRole', {
  description: 'A role that goes with an affiliation.',
  simpleResolvers: true,
})
export class PipelineAffiliationRole {
  @Field(() => String, { description: 'The affiliation of the record, exactly.' })
  affiliation!: string;

  @Field(() => ID, { description: 'The role that the membership gets besides.' })
  roleId!: string;
}

@Auth('PUBLIC')
@ObjectType('PipelineSettings', { description: 'What a pipeline does.', simpleResolvers: true })
export class PipelineSettingsType {
  @Field(() => PipelineMatch, { description: 'By what it knows whose a record is.' })
  match!: PipelineMatch;

  @Field(() => String, { nullable: true, description: 'Of IDENTIFIER: the type that is compared.' })
  matchIdentifierType!: string | null;

  @Field(() => ID, { nullable: true, description: 'Of EXTERNAL: the source of kind MATCH that is asked.' })
  matchSourceId!: string | null;

  @Field(() => Boolean, { description: 'Whether it acts on records that are new, or there again.' })
  syncsOnAdd!: boolean;

  @Field(() => Boolean, { description: 'Whether it acts on records that changed.' })
  syncsOnUpdate!: boolean;

  @Field(() => Boolean, { description: 'Whether it acts on records that their source has no more.' })
  syncsOnDelete!: boolean;

  @Field(() => Boolean, { description: 'Whether a new record that matches nobody makes a user.' })
  createsUsers!: boolean;

  @Field(() => UserStatus, { description: 'The status of such a user.' })
  userStatus!: UserStatus;

  @Field(() => Boolean, { description: 'Whether the first name is copied.' })
  copiesName!: boolean;

  @Field(() => Boolean, { description: 'Whether an address is copied.' })
  copiesEmail!: boolean;

  @Field(() => [String], { description: 'The types of identifiers that are copied.' })
  copiedIdentifierTypes!: string[];

  @Field(() => [PipelineAttribute], { description: 'Which attributes go where.' })
  attributes!: PipelineAttribute[];

  @Field(() => ID, { nullable: true, description: 'Where the person becomes a member; null: nowhere.' })
  organizationId!: string | null;

  @Field(() => [ID], { description: 'The roles of the membership.' })
  roleIds!: string[];

  @Field(() => [PipelineAffiliationRole], { description: 'The roles that it gets besides.' })
  affiliationRoles!: PipelineAffiliationRole[];

  @Field(() => ID, {
    nullable: true,
    description: 'Where the membership of somebody who was there ends as they get this one.',
  })
  replacesOrganizationId!: string | null;

  @Field(() => PipelineRemoval, { description: 'What becomes of the person when the record is removed.' })
  removal!: PipelineRemoval;

  @Field(() => Int, { nullable: true, description: 'Of END_AFTER_GRACE: after how many days.' })
  graceDays!: number | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The flow of which a petition is opened for whom a record becomes linked to; null: none.',
  })
  flowId!: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@ObjectType('Pipeline', {
  implements: Node,
  description: 'What records of sources do to users and memberships.',
  simpleResolvers: true,
})
export class PipelineType extends Node {
  @Field(() => String, { description: 'What administrators call it.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description!: string | null;

  @Field(() => PipelineStatus, { description: 'Whether it runs.' })
  status!: PipelineStatus;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const PipelineConnection = connectionTypes(() => PipelineType, 'Pipeline', 'pipelines');

@Auth('PUBLIC')
@InputType({ description: 'Which pipelines a list holds.' })
export class PipelineFilterInput {
  @Field(() => PipelineStatus, { nullable: true, description: 'Those that stand so.' })
  status?: PipelineStatus | null;
}

@Auth('PUBLIC')
@InputType({ description: 'Where an attribute of a record goes.' })
export class PipelineAttributeInput {
  @Field(() => String, { description: "A name of the source's mapping, or `affiliation`." })
  from!: string;

  @Field(() => AttributeTarget, { description: 'USER_ATTRIBUTE, MEMBERSHIP_ATTRIBUTE or USER_IDENTIFIER.' })
  target!: AttributeTarget;

  @Field(() => String, { description: 'Under which name, or as which type of identifier.' })
  targetName!: string;
}

@Auth('PUBLIC')
@InputType({ description: 'A role that goes with an affiliation.' })
export class PipelineAffiliationRoleInput {
  @Field(() => String, { description: 'The affiliation of the record, exactly.' })
  affiliation!: string;

  @Field(() => ID, { description: 'The role that the membership gets besides.' })
  roleId!: string;
}

/** What both a new pipeline and a change of one say. */
@Auth('TENANT_ADMINISTRATOR')
@InputType('PipelineConfigurationInput', { description: 'What a pipeline is set to.' })
abstract class PipelineConfigurationInput {
  @Field(() => String, { nullable: true, description: 'What it is for, at most 256 characters; null clears.' })
  description?: string | null;

  @Field(() => PipelineStatus, { nullable: true, description: 'Whether it runs; ACTIVE in a new one.' })
  status?: PipelineStatus | null;

  @Field(() => PipelineMatch, { nullable: true, description: 'EMAIL_ADDRESS in a new one.' })
  match?: PipelineMatch | null;

  @Field(() => String, { nullable: true, description: 'Of IDENTIFIER: the type that is compared.' })
  matchIdentifierType?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of EXTERNAL: the source of kind MATCH that is asked.' })
  matchSourceId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it acts on new records; true in a new one.' })
  syncsOnAdd?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it acts on changed records; true in a new one.' })
  syncsOnUpdate?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it acts on removed records; true in a new one.' })
  syncsOnDelete?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether a new record that matches nobody makes a user; false in a new one.',
  })
  createsUsers?: boolean | null;

  @Field(() => UserStatus, { nullable: true, description: 'ACTIVE or PENDING; ACTIVE in a new one.' })
  userStatus?: UserStatus | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the first name is copied; false in a new one.' })
  copiesName?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether an address is copied; false in a new one.' })
  copiesEmail?: boolean | null;

  @Field(() => [String], { nullable: true, description: 'The types of identifiers that are copied.' })
  copiedIdentifierTypes?: string[] | null;

  @Field(() => [PipelineAttributeInput], { nullable: true, description: 'Which attributes go where.' })
  attributes?: PipelineAttributeInput[] | null;

  @Field(() => ID, { nullable: true, description: 'Where the person becomes a member; null: nowhere.' })
  organizationId?: string | null;

  @Field(() => [ID], { nullable: true, description: 'The roles of the membership.' })
  roleIds?: string[] | null;

  @Field(() => [PipelineAffiliationRoleInput], { nullable: true, description: 'The roles that it gets besides.' })
  affiliationRoles?: PipelineAffiliationRoleInput[] | null;

  @Field(() => ID, { nullable: true, description: 'Where the membership of somebody who was there ends.' })
  replacesOrganizationId?: string | null;

  @Field(() => PipelineRemoval, {
    nullable: true,
    description: 'What becomes of the person when the record is removed; KEEP in a new one.',
  })
  removal?: PipelineRemoval | null;

  @Field(() => Int, { nullable: true, description: 'Of END_AFTER_GRACE: after how many days, 1 to 3650.' })
  graceDays?: number | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'The flow of which petitions are opened: active, with a confirmation, and without required attributes.',
  })
  flowId?: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A new pipeline. What is absent is as its description says, or empty.' })
export class PipelineCreateInput extends PipelineConfigurationInput {
  @Field(() => String, { nullable: true, description: 'Repeating a request with the same key makes one pipeline.' })
  idempotencyKey?: string | null;

  @Field(() => String, { description: 'What administrators call it, at most 128 characters.' })
  name!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({
  description: 'Changes of a pipeline. What is absent stays; null clears, or takes the value of a new one.',
})
export class PipelineUpdateInput extends PipelineConfigurationInput {
  @Field(() => ID, { description: 'The pipeline.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'The version that was seen: another one is refused.' })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'What administrators call it, at most 128 characters.' })
  name?: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The pipeline to delete.' })
export class PipelineDeleteInput {
  @Field(() => ID, { description: 'The pipeline.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'The version that was seen: another one is refused.' })
  expectedVersion?: number | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'A pipeline that was made or changed.', simpleResolvers: true })
export class PipelinePayload {
  @Field(() => PipelineType, { nullable: true, description: 'The pipeline as it is now.' })
  pipeline!: unknown;

  @Field(() => [UserError], { description: 'Why nothing changed; empty when it did.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'A pipeline that was deleted.', simpleResolvers: true })
export class PipelineDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType('PipelineValueChange', { description: 'A value that would be another.', simpleResolvers: true })
export class PipelineValueChange {
  @Field(() => AttributeTarget, { description: 'What it is of.' })
  target!: AttributeTarget;

  @Field(() => String, { description: 'The name of the attribute or property, or the type of the identifier.' })
  name!: string;

  @Field(() => ID, { nullable: true, description: 'Of a membership: its organization.' })
  organizationId!: string | null;

  @Field(() => JSONValue, { nullable: true, description: 'What it is; null: there is none.' })
  before!: unknown;

  @Field(() => JSONValue, { nullable: true, description: 'What it would be; null: there would be none.' })
  after!: unknown;
}

export enum PipelineMembershipChangeKind {
  GIVEN = 'GIVEN',
  ENDED = 'ENDED',
  CHANGED = 'CHANGED',
}
registerEnumType(PipelineMembershipChangeKind, {
  name: 'PipelineMembershipChangeKind',
  description: 'What becomes of a membership.',
  valuesConfig: {
    GIVEN: { description: 'It is given.' },
    ENDED: { description: 'It ends.' },
    CHANGED: { description: 'Its roles are others.' },
  },
});

@Auth('PUBLIC')
@ObjectType('PipelineMembershipChange', { description: 'What would become of a membership.', simpleResolvers: true })
export class PipelineMembershipChange {
  @Field(() => ID, { description: 'The organization.' })
  organizationId!: string;

  @Field(() => PipelineMembershipChangeKind, { description: 'Whether it is given, ends, or has other roles.' })
  change!: PipelineMembershipChangeKind;

  @Field(() => [ID], { description: 'The roles that it gets.' })
  grantedRoleIds!: string[];

  @Field(() => [ID], { description: 'The roles that it loses.' })
  revokedRoleIds!: string[];
}

@Auth('PUBLIC')
@ObjectType('PipelinePreviewRecord', { description: 'What would become of one record.', simpleResolvers: true })
export class PipelinePreviewRecord {
  @Field(() => String, { description: 'The key of the record.' })
  key!: string;

  @Field(() => PipelineAction, { description: 'As what it was looked at.' })
  action!: PipelineAction;

  @Field(() => PipelineOutcome, { description: 'What the pipeline would do.' })
  outcome!: PipelineOutcome;

  @Field(() => String, { nullable: true, description: 'What could not be done, or why nothing would be.' })
  message!: string | null;

  @Field(() => ID, { nullable: true, description: 'Whose record it would be; null: nobody, or a user that is made.' })
  userId!: string | null;

  @Field(() => [PipelineValueChange], { description: 'The values of the person that would be others.' })
  values!: PipelineValueChange[];

  @Field(() => [PipelineMembershipChange], { description: 'The memberships that would change.' })
  memberships!: PipelineMembershipChange[];

  @Field(() => UserStatus, { nullable: true, description: 'The status of the account afterwards; null: as it is.' })
  userStatus!: UserStatus | null;

  @Field(() => Boolean, { description: 'Whether a petition would be opened.' })
  opensPetition!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'When what was given would end, with days of grace.' })
  graceEndsAt!: Date | null;
}

@Auth('PUBLIC')
@ObjectType('PipelinePreview', { description: 'What a pipeline would do.', simpleResolvers: true })
export class PipelinePreview {
  @Field(() => [PipelinePreviewRecord], { description: 'Of each record; in their order.' })
  records!: PipelinePreviewRecord[];

  @Field(() => [UserError], { description: 'Why there is no preview; empty when there is.' })
  userErrors!: UserError[];
}
