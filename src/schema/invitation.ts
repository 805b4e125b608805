import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { InvitationMailStatus, InvitationStatus, MailLocale } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('SELF')
@ObjectType('Invitation', {
  implements: Node,
  description:
    'An invitation to join an organization. Its administrators see it, and whoever has the verified address that it is for.',
  simpleResolvers: true,
})
export class InvitationType extends Node {
  @Field(() => String, { description: 'The address of the invited person.' })
  email!: string;

  @Field(() => String, {
    description: 'The name of the organization: the invited person may not see more of it yet.',
  })
  organizationName!: string;

  @Field(() => String, { nullable: true, description: 'Who invited; null when that is not known any more.' })
  inviterName!: string | null;

  @Field(() => [String], { description: 'The names of the roles that it gives.' })
  roleNames!: string[];

  @Field(() => MailLocale, { description: 'The language of its mail.' })
  locale!: MailLocale;

  @Field(() => String, { nullable: true, description: 'What the inviter wrote.' })
  message!: string | null;

  @Field(() => DateTime, { description: 'Until when it can be accepted.' })
  expiresAt!: string;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => InvitationMailStatus, { nullable: true, description: 'Whether its mail went out.' })
  mailStatus!: InvitationMailStatus;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => DateTime, { nullable: true, description: 'When the mail server took it.' })
  mailedAt!: string | null;

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Field(() => String, { nullable: true, description: 'Why the mail did not go out, the last time that it was tried.' })
  mailError!: string | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;
}

export const InvitationConnection = connectionTypes(() => InvitationType, 'Invitation', 'invitations');

@Auth('PUBLIC')
@ObjectType({ description: 'What the viewer may do with an invitation now.', simpleResolvers: true })
export class InvitationPermissions {
  @Field(() => Boolean, { description: 'Give it a new link, and have it mailed.' })
  resend!: boolean;

  @Field(() => Boolean, { description: 'Take it back.' })
  revoke!: boolean;

  @Field(() => Boolean, { description: 'Delete it.' })
  delete!: boolean;

  @Field(() => Boolean, { description: 'Accept it.' })
  accept!: boolean;

  @Field(() => Boolean, { description: 'Decline it.' })
  decline!: boolean;
}

@Auth('PUBLIC')
@InputType({ description: 'Which invitations a list holds. Conditions add up.' })
export class InvitationFilterInput {
  @Field(() => InvitationStatus, { nullable: true, description: 'Those that stand there now.' })
  status?: InvitationStatus | null;

  @Field(() => String, { nullable: true, description: 'Those for this address, whatever its case.' })
  email?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those of this user.' })
  inviterId?: string | null;
}

/** What is said of one invitation as of many. */
@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'How to invite.' })
class InvitationSettingsInput {
  @Field(() => String, { nullable: true, description: 'The same key gives the same answer; at most 128 characters.' })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'Where to.' })
  organizationId!: string;

  @Field(() => [ID], {
    defaultValue: [],
    description: 'Roles for users, of the tenant or the organization: given on accepting. None gives no role.',
  })
  roleIds!: string[];

  @Field(() => DateTime, { nullable: true, description: 'Until when it can be accepted: at most 90 days from now.' })
  expiresAt?: Date | null;

  @Field(() => Int, { nullable: true, description: 'Instead of expiresAt: 1 to 90 days; 7 when both are absent.' })
  expiresInDays?: number | null;

  @Field(() => MailLocale, { defaultValue: MailLocale.EN, description: 'The language of the mail.' })
  locale!: MailLocale;

  @Field(() => String, { nullable: true, description: 'A few words for the mail, at most 1,000 characters.' })
  message?: string | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description: 'Whether it is mailed, where a mail server is configured; else hand `acceptLink` over yourself.',
  })
  isMailed!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'The page that the link leads to, of this site or an origin that the operator admits, without a fragment. The token is added as `#token=…`. /invitations when absent.',
  })
  acceptUrl?: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Whom to invite.' })
export class OrganizationInvitationCreateInput extends InvitationSettingsInput {
  @Field(() => String, { description: 'The address of the person: only who has it, verified, can accept.' })
  email!: string;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Several people to invite alike.' })
export class OrganizationInvitationsCreateInput extends InvitationSettingsInput {
  @Field(() => [String], { description: 'The addresses, at most 100. Each has an outcome of its own.' })
  emails!: string[];
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'An invitation to give a new link.' })
export class OrganizationInvitationResendInput {
  @Field(() => ID, { description: 'Which invitation; a pending one.' })
  id!: string;

  @Field(() => DateTime, { nullable: true, description: 'Until when it can be accepted from now on.' })
  expiresAt?: Date | null;

  @Field(() => Int, { nullable: true, description: 'Instead of expiresAt: 1 to 90 days. Absent: it stays as it is.' })
  expiresInDays?: number | null;

  @Field(() => Boolean, { defaultValue: true, description: 'Whether it is mailed.' })
  isMailed!: boolean;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'An invitation.' })
export class OrganizationInvitationIdInput {
  @Field(() => ID, { description: 'Which one.' })
  id!: string;
}

@Auth('SIGNED_IN')
@InputType({ description: 'An invitation to answer: one of the two.' })
export class OrganizationInvitationAnswerInput {
  @Field(() => ID, { nullable: true, description: 'Its id, as `viewerInvitations` has it.' })
  id?: string | null;

  @Field(() => String, { nullable: true, description: 'The token of its link.' })
  token?: string | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of an invitation.', simpleResolvers: true })
export class InvitationPayload {
  @Field(() => InvitationType, { nullable: true, description: 'The invitation as it is now.' })
  invitation!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'An invitation that was made, or has a new link.', simpleResolvers: true })
export class InvitationLinkPayload {
  @Field(() => InvitationType, { nullable: true, description: 'The invitation.' })
  invitation!: unknown;

  @Field(() => String, {
    nullable: true,
    description:
      'The link for the invited person. It is not shown again; null when the idempotency key was used before.',
  })
  acceptLink!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of one address.', simpleResolvers: true })
export class InvitationOutcome {
  @Field(() => String, { description: 'The address, as it was given.' })
  email!: string;

  @Field(() => InvitationType, { nullable: true, description: 'The invitation, if there is one.' })
  invitation!: unknown;

  @Field(() => String, {
    nullable: true,
    description:
      'The link for the invited person. It is not shown again; null when the idempotency key was used before.',
  })
  acceptLink!: string | null;

  @Field(() => [UserError], { description: 'Why this person was not invited; empty when they were.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of inviting several people.', simpleResolvers: true })
export class InvitationsPayload {
  @Field(() => [InvitationOutcome], { description: 'One for each address, in their order; empty when none was read.' })
  outcomes!: InvitationOutcome[];

  @Field(() => [UserError], { description: 'Why nobody was invited; empty when each address has its outcome.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of deleting an invitation.', simpleResolvers: true })
export class InvitationDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The invitation that is gone.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
