import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { FlowStatus, FlowTemplateName } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { EnrollmentFlowSettingsInput } from './enrollment-flow-settings-input.js';
import { EnrollmentFlowSettingsType } from './enrollment-flow-settings.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowPermissions', {
  description: 'What the caller may do with an enrollment flow.',
  simpleResolvers: true,
})
export class EnrollmentFlowPermissions {
  @Field(() => Boolean, { description: 'Start it: it is ACTIVE, and its authorization lets them.' })
  start!: boolean;

  @Field(() => Boolean, { description: 'Change, activate, suspend and delete it.' })
  update!: boolean;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowWarning', {
  description: 'Something about a flow that works, and is likely not meant.',
  simpleResolvers: true,
})
export class EnrollmentFlowWarningType {
  @Field(() => String, { description: 'What it is.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'Where, from `settings`.' })
  field!: string[] | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@ObjectType('EnrollmentFlow', {
  implements: Node,
  description:
    'A configured way in, with all its settings: for the administrators of its organization, or of the tenant. What others see of it is an EnrollmentFlowOffer.',
  simpleResolvers: true,
})
export class EnrollmentFlowType extends Node {
  @Field(() => String, { description: 'What people read.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description!: string | null;

  @Field(() => FlowStatus, { description: 'Where it stands.' })
  status!: FlowStatus;

  @Field(() => Int, { description: 'The number of the version that petitions begin with from now on.' })
  number!: number;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const EnrollmentFlowConnection = connectionTypes(() => EnrollmentFlowType, 'EnrollmentFlow', 'enrollment flows');

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowVersion', {
  description: 'What an enrollment flow was set to. It never changes: petitions keep the one that they began with.',
})
export class EnrollmentFlowVersionType {
  @Field(() => Int, { simple: true, description: 'Which version, from 1.' })
  number!: number;

  @Field(() => String, { simple: true, description: 'What the flow was called.' })
  name!: string;

  @Field(() => DateTime, { simple: true, description: 'When it was made.' })
  createdAt!: string;
}

export const EnrollmentFlowVersionConnection = connectionTypes(
  () => EnrollmentFlowVersionType,
  'EnrollmentFlowVersion',
  'versions of an enrollment flow',
);

@Auth('PUBLIC')
@ObjectType('EnrollmentFlowTemplate', {
  description: 'A flow to copy from: one that comes with Vestibule, or one of the tenant.',
  simpleResolvers: true,
})
export class EnrollmentFlowTemplateType {
  @Field(() => FlowTemplateName, {
    nullable: true,
    description: 'Give it as `template`; null for one of the tenant.',
  })
  name!: FlowTemplateName | null;

  @Field(() => ID, { nullable: true, description: 'Give it as `copyOf`; null for one that comes with Vestibule.' })
  flowId!: string | null;

  @Field(() => String, { description: 'What it is called.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description!: string | null;

  @Field(() => Boolean, { description: 'Whether it must be given an organization to enroll people into.' })
  needsOrganization!: boolean;

  @Field(() => EnrollmentFlowSettingsType, { description: 'The settings that a copy begins with.' })
  settings!: EnrollmentFlowSettingsType;
}

@Auth('PUBLIC')
@InputType({ description: 'Which enrollment flows a list holds. Conditions add up.' })
export class EnrollmentFlowFilterInput {
  @Field(() => FlowStatus, { nullable: true, description: 'Those that stand so.' })
  status?: FlowStatus | null;

  @Field(() => String, { nullable: true, description: 'Those with this in name or description, in any case.' })
  search?: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A new enrollment flow.' })
export class EnrollmentFlowCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key makes one flow, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "Whose it is. Absent: the tenant's, for its administrators.",
  })
  organizationId?: string | null;

  @Field(() => String, { description: 'What people read, at most 128 characters.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What it is for, at most 256 characters. Absent: that of what is copied.',
  })
  description?: string | null;

  @Field(() => FlowStatus, { nullable: true, description: 'Where it stands. Absent: SUSPENDED.' })
  status?: FlowStatus | null;

  @Field(() => ID, {
    nullable: true,
    description: 'A flow whose settings it begins with: one that the caller administers, or a template of the tenant.',
  })
  copyOf?: string | null;

  @Field(() => FlowTemplateName, { nullable: true, description: 'Or a template that comes with Vestibule.' })
  template?: FlowTemplateName | null;

  @Field(() => EnrollmentFlowSettingsInput, {
    nullable: true,
    description: 'Its settings: what is absent is as in what is copied, or as in any new flow.',
  })
  settings?: EnrollmentFlowSettingsInput | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Changes of an enrollment flow. What is absent stays.' })
export class EnrollmentFlowUpdateInput {
  @Field(() => ID, { description: 'Which flow.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the flow was changed since.' })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'What people read; it cannot be cleared.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'What it is for; null clears.' })
  description?: string | null;

  @Field(() => EnrollmentFlowSettingsInput, {
    nullable: true,
    description: 'Changes of its settings: petitions that were begun keep theirs.',
  })
  settings?: EnrollmentFlowSettingsInput | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'An enrollment flow.' })
export class EnrollmentFlowIdInput {
  @Field(() => ID, { description: 'Which flow.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the flow was changed since.' })
  expectedVersion?: number | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of an enrollment flow.', simpleResolvers: true })
export class EnrollmentFlowPayload {
  @Field(() => EnrollmentFlowType, { nullable: true, description: 'The flow as it is now.' })
  enrollmentFlow!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed: all of it at once; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class EnrollmentFlowDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}
