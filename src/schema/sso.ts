import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { LinkCase, LoginIntent, SessionTransport } from '../entities/enums.js';
import { ApplicationType } from './application.js';
import { InvitationPayload } from './invitation.js';
import { OrganizationType } from './organization.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';
import { IdentityType, SessionType, UserType } from './user.js';

/** What a client may begin. Logging out begins on the browser's own route. */
export const SsoIntent = { SIGN_IN: LoginIntent.SIGN_IN, LINK: LoginIntent.LINK } as const;
registerEnumType(SsoIntent, {
  name: 'SsoIntent',
  description: 'What a trip to the provider is for.',
  valuesConfig: {
    SIGN_IN: { description: 'To sign in; finish with `ssoComplete`.' },
    LINK: { description: 'To link another account to yours; finish with `identityLink`.' },
  },
});

@Auth('PUBLIC')
@InputType({ description: 'A trip to a provider, begun by a single-page or native client.' })
export class SsoBeginInput {
  @Field(() => String, { description: 'The slug of the connection.' })
  connection!: string;

  @Field(() => SsoIntent, { defaultValue: LoginIntent.SIGN_IN, description: 'What it is for.' })
  intent!: LoginIntent;

  @Field(() => String, { description: "Where the provider sends its answer: one of the connection's `redirectUris`." })
  redirectUri!: string;

  @Field(() => String, { nullable: true, description: 'A path that comes back when it is finished.' })
  returnTo?: string | null;

  @Field(() => String, { nullable: true, description: 'Whom the provider is to offer, at most 256 characters.' })
  loginHint?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The token of an invitation, for SIGN_IN: it is accepted if it is for the person who signs in.',
  })
  invitation?: string | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'Where to send the person.', simpleResolvers: true })
export class SsoBeginPayload {
  @Field(() => String, { nullable: true, description: "The provider's address to open." })
  authorizationUrl!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A secret of this client: keep it, and give it back to finish. Nobody else can finish.',
  })
  binding!: string | null;

  @Field(() => [UserError], { description: 'Why it could not begin.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@InputType({ description: "The provider's answer." })
export class SsoCompleteInput {
  @Field(() => String, { description: 'The secret that `ssoBegin` gave.' })
  binding!: string;

  @Field(() => String, { description: 'The address that the provider sent the browser to, whole.' })
  callbackUrl!: string;

  @Field(() => SessionTransport, {
    defaultValue: SessionTransport.COOKIE,
    description: 'COOKIE for browsers on this site; TOKEN for native clients, which keep the token safe themselves.',
  })
  transport!: SessionTransport;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What a sign-in came under in the decision table.', simpleResolvers: true })
export class LinkResult {
  @Field(() => LinkCase, {
    nullable: true,
    description: 'The row that says most: what the organization came under, or why the user was refused.',
  })
  case!: LinkCase | null;

  @Field(() => [LinkCase], { description: 'Every row that applied.' })
  cases!: LinkCase[];

  @Field(() => String, {
    nullable: true,
    description: 'Why the person is not let in (ACR_TOO_LOW, LINK_REQUIRED, …); null when they are.',
  })
  refusal!: string | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a sign-in.', simpleResolvers: true })
export class SsoCompletePayload {
  @Field(() => LinkResult, { nullable: true, description: 'What it came under.' })
  result!: LinkResult | null;

  @Field(() => UserType, { nullable: true, description: 'Who signed in.' })
  user!: unknown;

  @Field(() => OrganizationType, { nullable: true, description: 'The organization of this sign-in.' })
  organization!: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'The token of the session, for transport TOKEN alone. It is not shown again.',
  })
  token!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When the session ends by itself.' })
  expiresAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'The path that was given at the beginning.' })
  returnTo!: string | null;

  @Field(() => InvitationPayload, {
    nullable: true,
    description: 'What came of the invitation that was given at the beginning; null when none was.',
  })
  invitation!: InvitationPayload | null;

  @Field(() => [UserError], { description: 'Why there is no session.' })
  userErrors!: UserError[];
}

@Auth('SIGNED_IN')
@InputType({ description: "The provider's answer to a trip with intent LINK." })
export class IdentityLinkInput {
  @Field(() => String, { description: 'The secret that `ssoBegin` gave.' })
  binding!: string;

  @Field(() => String, { description: 'The address that the provider sent the browser to, whole.' })
  callbackUrl!: string;
}

@Auth('SELF')
@InputType({ description: 'A provider account to take from its user.' })
export class IdentityUnlinkInput {
  @Field(() => ID, { description: 'Which identity.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of linking.', simpleResolvers: true })
export class IdentityPayload {
  @Field(() => IdentityType, { nullable: true, description: 'The provider account.' })
  identity!: unknown;

  @Field(() => UserType, { nullable: true, description: 'The user whose it is, or was.' })
  user!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('SELF')
@InputType({ description: 'The session to end.' })
export class SessionEndInput {
  @Field(() => ID, { description: 'Which session; your own is `viewer.session`.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of ending a session.', simpleResolvers: true })
export class SessionEndPayload {
  @Field(() => ID, { nullable: true, description: 'The session that ended.' })
  endedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('TENANT_ADMINISTRATOR')
@ObjectType({ description: 'What a sign-in with given claims would do. Nothing was written.', simpleResolvers: true })
export class SsoPreview {
  @Field(() => LinkResult, { description: 'What it would come under.' })
  result!: LinkResult;

  @Field(() => UserType, { nullable: true, description: 'The user who would sign in, if there is one already.' })
  user!: unknown;

  @Field(() => Boolean, { description: 'Whether a user would be created.' })
  createsUser!: boolean;

  @Field(() => OrganizationType, {
    nullable: true,
    description: 'The organization of the sign-in, if there is one already.',
  })
  organization!: unknown;

  @Field(() => Boolean, { description: 'Whether an organization would be created.' })
  createsOrganization!: boolean;

  @Field(() => [OrganizationType], { description: 'The organizations that the user would leave.' })
  leaves!: unknown[];
}

@Auth('SIGNED_IN')
@ObjectType('Viewer', { description: 'Who is calling.', simpleResolvers: true })
export class ViewerType {
  @Field(() => UserType, { nullable: true, description: 'The person.' })
  user!: unknown;

  @Field(() => ApplicationType, { nullable: true, description: 'The application that calls for itself.' })
  application!: unknown;

  @Field(() => SessionType, { nullable: true, description: 'The session of this call.' })
  session!: unknown;

  @Field(() => OrganizationType, {
    nullable: true,
    description: 'The organization of the last sign-in, or that the access token is for.',
  })
  organization!: unknown;
}
