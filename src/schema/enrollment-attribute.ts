import { Field, InputType, ObjectType } from 'type-graphql';
import {
  AttributeDefaultSource,
  AttributeTarget,
  AttributeType,
  AttributeVisibility,
  Enablement,
} from '../entities/enums.js';
import { Auth } from './requirement.js';
import { JSONValue } from './scalars.js';

@Auth('PUBLIC')
@ObjectType('EnrollmentChoice', { description: 'One of the values that can be chosen.', simpleResolvers: true })
export class EnrollmentChoiceType {
  @Field(() => String, { description: 'The value.' })
  value!: string;

  @Field(() => String, { description: 'What people read.' })
  label!: string;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentAttribute', {
  description: 'Something that an enrollment flow asks for.',
  simpleResolvers: true,
})
export class EnrollmentAttributeType {
  @Field(() => String, { description: 'Names it in values; unique in the flow.' })
  key!: string;

  @Field(() => AttributeType, { description: 'What kind of value it takes.' })
  type!: AttributeType;

  @Field(() => String, { description: 'What people read.' })
  label!: string;

  @Field(() => String, { nullable: true, description: 'What helps to fill it in.' })
  description!: string | null;

  @Field(() => Enablement, { description: 'Whether it must or may be given.' })
  enablement!: Enablement;

  @Field(() => AttributeTarget, { description: 'Where the value goes when the petition is finalized.' })
  target!: AttributeTarget;

  @Field(() => String, {
    nullable: true,
    description:
      'Of USER_ATTRIBUTE and MEMBERSHIP_ATTRIBUTE: under which name; of USER_IDENTIFIER: of which type. Null: the key.',
  })
  targetName!: string | null;

  @Field(() => AttributeVisibility, { description: 'Who sees the value.' })
  visibility!: AttributeVisibility;

  @Field(() => JSONValue, { nullable: true, description: 'What it begins with: a value as it would be given.' })
  defaultValue!: unknown;

  @Field(() => AttributeDefaultSource, { nullable: true, description: "What of the caller's account it begins with." })
  defaultSource!: AttributeDefaultSource | null;

  @Field(() => Boolean, { description: 'Whether another value than the default may be given.' })
  isEditable!: boolean;

  @Field(() => Boolean, { description: 'Not shown in forms: it takes its default.' })
  isHidden!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Of TEXT and IDENTIFIER: a regular expression (RE2) that the whole value must match.',
  })
  pattern!: string | null;

  @Field(() => JSONValue, {
    nullable: true,
    description: 'Of TEXT: the fewest characters. Of NUMBER: the least. Of DATE: the earliest day, as text.',
  })
  minimum!: unknown;

  @Field(() => JSONValue, {
    nullable: true,
    description: 'Of TEXT: the most characters. Of NUMBER: the most. Of DATE: the latest day, as text.',
  })
  maximum!: unknown;

  @Field(() => [EnrollmentChoiceType], { description: 'Of CHOICE: what can be chosen.' })
  choices!: EnrollmentChoiceType[];

  @Field(() => Boolean, { description: 'Of CHOICE: whether several may be chosen; the value is then a list.' })
  isMultiple!: boolean;

  @Field(() => [String], { description: 'Of FILE: what it may be, such as application/pdf; empty: anything.' })
  mediaTypes!: string[];
}

@Auth('PUBLIC')
@InputType({ description: 'One of the values that can be chosen.' })
export class EnrollmentChoiceInput {
  @Field(() => String, { description: 'The value.' })
  value!: string;

  @Field(() => String, { description: 'What people read.' })
  label!: string;
}

@Auth('PUBLIC')
@InputType({ description: 'Something that an enrollment flow asks for.' })
export class EnrollmentAttributeInput {
  @Field(() => String, { description: 'Names it in values; unique in the flow.' })
  key!: string;

  @Field(() => AttributeType, { description: 'What kind of value it takes.' })
  type!: AttributeType;

  @Field(() => String, { description: 'What people read.' })
  label!: string;

  @Field(() => String, { nullable: true, description: 'What helps to fill it in.' })
  description?: string | null;

  @Field(() => Enablement, { nullable: true, description: 'Whether it must or may be given. Absent: REQUIRED.' })
  enablement?: Enablement | null;

  @Field(() => AttributeTarget, {
    nullable: true,
    description: 'Where the value goes when the petition is finalized. Absent: NONE.',
  })
  target?: AttributeTarget | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Of USER_ATTRIBUTE and MEMBERSHIP_ATTRIBUTE: under which name; of USER_IDENTIFIER: of which type. Null: the key.',
  })
  targetName?: string | null;

  @Field(() => AttributeVisibility, { nullable: true, description: 'Who sees the value. Absent: PARTIES.' })
  visibility?: AttributeVisibility | null;

  @Field(() => JSONValue, { nullable: true, description: 'What it begins with: a value as it would be given.' })
  defaultValue?: unknown;

  @Field(() => AttributeDefaultSource, { nullable: true, description: "What of the caller's account it begins with." })
  defaultSource?: AttributeDefaultSource | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether another value than the default may be given. Absent: it may.',
  })
  isEditable?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Not shown in forms: it takes its default. Absent: no.' })
  isHidden?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'Of TEXT and IDENTIFIER: a regular expression (RE2) that the whole value must match.',
  })
  pattern?: string | null;

  @Field(() => JSONValue, {
    nullable: true,
    description: 'Of TEXT: the fewest characters. Of NUMBER: the least. Of DATE: the earliest day, as text.',
  })
  minimum?: unknown;

  @Field(() => JSONValue, {
    nullable: true,
    description: 'Of TEXT: the most characters. Of NUMBER: the most. Of DATE: the latest day, as text.',
  })
  maximum?: unknown;

  @Field(() => [EnrollmentChoiceInput], { nullable: true, description: 'Of CHOICE: what can be chosen.' })
  choices?: EnrollmentChoiceInput[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Of CHOICE: whether several may be chosen; the value is then a list. Absent: no.',
  })
  isMultiple?: boolean | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Of FILE: what it may be, such as application/pdf; empty: anything.',
  })
  mediaTypes?: string[] | null;
}
