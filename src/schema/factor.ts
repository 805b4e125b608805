import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { FactorKind } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { OrganizationType } from './organization.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONObject } from './scalars.js';
import { SessionType, UserType } from './user.js';

@Auth('SELF')
@ObjectType('Factor', {
  implements: Node,
  description: 'A second factor of a user. Nothing that it could be shown with is ever given.',
  simpleResolvers: true,
})
export class FactorType extends Node {
  @Field(() => FactorKind, { description: 'What it is.' })
  kind!: FactorKind;

  @Field(() => String, { nullable: true, description: 'What the person calls it.' })
  name!: string | null;

  @Field(() => Boolean, { description: 'Whether its kind counts in the tenant.' })
  isEnabled!: boolean;

  @Field(() => DateTime, { description: 'Since when.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was last shown.' })
  lastUsedAt!: string | null;
}

export const FactorConnection = connectionTypes(() => FactorType, 'Factor', 'second factors');

@Auth('SIGNED_IN')
@InputType({ description: 'A code of the authenticator app that is being set up.' })
export class FactorTotpConfirmInput {
  @Field(() => String, { description: 'Six digits; spaces are ignored.' })
  code!: string;

  @Field(() => String, { nullable: true, description: 'What you call it: at most 128 characters.' })
  name?: string | null;
}

@Auth('SIGNED_IN')
@InputType({ description: 'The passkey that the browser made.' })
export class FactorPasskeyConfirmInput {
  @Field(() => JSONObject, { description: 'What `navigator.credentials.create` gave, by its `toJSON()`.' })
  response!: Record<string, unknown>;

  @Field(() => String, { nullable: true, description: 'What you call it: at most 128 characters.' })
  name?: string | null;
}

@Auth('SIGNED_IN')
@InputType({ description: 'What shows a second factor: one of the two.' })
export class FactorProveInput {
  @Field(() => String, { nullable: true, description: 'A code of an authenticator app: six digits.' })
  code?: string | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'What `navigator.credentials.get` gave for the options of factorProveBegin, by its `toJSON()`.',
  })
  response?: Record<string, unknown> | null;
}

@Auth('SELF')
@InputType({ description: 'A factor, and what to call it.' })
export class FactorRenameInput {
  @Field(() => ID, { description: 'Which factor.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'At most 128 characters; null clears.' })
  name!: string | null;
}

@Auth('SELF')
@InputType({ description: 'A factor to remove.' })
export class FactorRemoveInput {
  @Field(() => ID, { description: 'Which factor.' })
  id!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Whose second factors.' })
export class UserFactorInput {
  @Field(() => ID, { description: 'Which user.' })
  userId!: string;
}

@Auth('SIGNED_IN')
@InputType({ description: 'The organization to work in.' })
export class OrganizationEnterInput {
  @Field(() => ID, { description: 'Which organization: one of yours.' })
  organizationId!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'An authenticator app that is being set up.', simpleResolvers: true })
export class FactorTotpBeginPayload {
  @Field(() => String, { nullable: true, description: 'The `otpauth:` address to show as a QR code.' })
  uri!: string | null;

  @Field(() => String, { nullable: true, description: 'The secret in base32, to type. It is not shown again.' })
  secret!: string | null;

  @Field(() => [UserError], { description: 'Why it could not begin.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What a browser is to be asked for a passkey.', simpleResolvers: true })
export class FactorOptionsPayload {
  @Field(() => JSONObject, {
    nullable: true,
    description:
      'For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`; null where there is no passkey to show.',
  })
  options!: Record<string, unknown> | null;

  @Field(() => [UserError], { description: 'Why it could not begin.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a second factor.', simpleResolvers: true })
export class FactorPayload {
  @Field(() => FactorType, { nullable: true, description: 'The factor as it is now.' })
  factor!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of showing a second factor.', simpleResolvers: true })
export class FactorProvePayload {
  @Field(() => FactorType, { nullable: true, description: 'The factor that was shown.' })
  factor!: unknown;

  @Field(() => SessionType, { nullable: true, description: 'The session that it was shown in.' })
  session!: unknown;

  @Field(() => [UserError], { description: 'Why it was not taken.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of removing a second factor.', simpleResolvers: true })
export class FactorRemovePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was removed.' })
  removedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was removed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: "What came of a change of a user's second factors.", simpleResolvers: true })
export class UserFactorPayload {
  @Field(() => UserType, { nullable: true, description: 'The user.' })
  user!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of entering an organization.', simpleResolvers: true })
export class OrganizationEnterPayload {
  @Field(() => OrganizationType, { nullable: true, description: 'The organization that is active now.' })
  organization!: unknown;

  @Field(() => SessionType, { nullable: true, description: 'The session.' })
  session!: unknown;

  @Field(() => [UserError], { description: 'Why it was not entered.' })
  userErrors!: UserError[];
}
