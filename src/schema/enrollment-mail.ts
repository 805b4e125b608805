import { Field, InputType, ObjectType } from 'type-graphql';
import { EnrollmentMailTemplateType } from './enrollment-flow-settings.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@InputType({
  description: 'Words of a mail to try, in Liquid; docs/enrollment-mails.md tells what they may read.',
})
export class EnrollmentMailWordsInput {
  @Field(() => String, { description: 'The subject: one line, at most 250 characters.' })
  subject!: string;

  @Field(() => String, { description: 'The plain text, at most 20,000 characters.' })
  text!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The HTML, at most 50,000 characters; null: it is made of the text.',
  })
  html?: string | null;
}

@Auth('PUBLIC')
@ObjectType('EnrollmentMailPreview', {
  description: 'A mail of an enrollment as it would be sent. Nothing is.',
  simpleResolvers: true,
})
export class EnrollmentMailPreviewType {
  @Field(() => String, { description: 'The subject.' })
  subject!: string;

  @Field(() => String, { description: 'The plain text.' })
  text!: string;

  @Field(() => String, { description: 'The HTML: a whole document, without anything that runs.' })
  html!: string;

  @Field(() => EnrollmentMailTemplateType, { description: 'The words that were rendered: an example to begin with.' })
  template!: EnrollmentMailTemplateType;

  @Field(() => Boolean, {
    description: 'Whether they are those that come with Vestibule: the flow has none of its own, or they have faults.',
  })
  isShipped!: boolean;

  @Field(() => [UserError], { description: "What is wrong with the words that were given, or the flow's own." })
  faults!: UserError[];
}
