import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ApplicationKind, ApplicationStatus } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('TENANT_ADMINISTRATOR')
@ObjectType('ApplicationSecret', {
  implements: Node,
  description: 'A secret of an application, which itself is shown when it is made and never again.',
  simpleResolvers: true,
})
export class ApplicationSecretType extends Node {
  @Field(() => String, { description: 'Its last characters, to tell it from others.' })
  hint!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'Until when it serves; null: until it is deleted.' })
  expiresAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it last served, to the minute; null: never.' })
  lastUsedAt!: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@ObjectType('Application', {
  implements: Node,
  description:
    'A client of the tenant: a machine that acts for itself, or something that signs people in. Administrators of the organizations that it is in see what it is.',
  simpleResolvers: true,
})
export class ApplicationType extends Node {
  @Field(() => String, { description: 'What people call it.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description!: string | null;

  @Field(() => ApplicationKind, { description: 'What it is.' })
  kind!: ApplicationKind;

  @Field(() => ApplicationStatus, { description: 'Whether it may be used.' })
  status!: ApplicationStatus;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether its own tokens make it an administrator of the tenant.',
  })
  isTenantAdministrator!: boolean;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], { nullable: true, description: 'Where people may be sent after they signed in.' })
  redirectUris!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], { nullable: true, description: 'Where people may be sent after they signed out.' })
  postLogoutRedirectUris!: string[];

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt!: string;

  @Field(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const ApplicationConnection = connectionTypes(() => ApplicationType, 'Application', 'applications');

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Which applications a list holds. Conditions add up.' })
export class ApplicationFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name or of the description.' })
  search?: string | null;

  @Field(() => ApplicationKind, { nullable: true, description: 'Those of this kind.' })
  kind?: ApplicationKind | null;

  @Field(() => ApplicationStatus, { nullable: true, description: 'Those that stand so.' })
  status?: ApplicationStatus | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A new application.' })
export class ApplicationCreateInput {
  @Field(() => String, {
    nullable: true,
    description:
      'The same key makes one application, however often it is sent. Its secret is in the first answer alone.',
  })
  idempotencyKey?: string | null;

  @Field(() => String, { description: 'At most 128 characters.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for, at most 256 characters.' })
  description?: string | null;

  @Field(() => ApplicationKind, { description: 'What it is: that stays.' })
  kind!: ApplicationKind;

  @Field(() => [String], {
    nullable: true,
    description:
      'Where people may be sent after they signed in: https, http on a loopback address, or com.example.app:/path. Needed unless it is a MACHINE, which has none.',
  })
  redirectUris?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Where people may be sent after they signed out.' })
  postLogoutRedirectUris?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether its own tokens make it an administrator of the tenant: of kind MACHINE alone.',
  })
  isTenantAdministrator?: boolean | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Changes of an application. What is absent stays; null clears.' })
export class ApplicationUpdateInput {
  @Field(() => ID, { description: 'Which application.' })
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuses with STALE_VERSION when the application was changed since.',
  })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'At most 128 characters; it cannot be cleared.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 256 characters.' })
  description?: string | null;

  @Field(() => [String], { nullable: true, description: 'All of them from now on.' })
  redirectUris?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'All of them from now on.' })
  postLogoutRedirectUris?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Of kind MACHINE alone.' })
  isTenantAdministrator?: boolean | null;

  @Field(() => ApplicationStatus, { nullable: true, description: 'Enables or disables it.' })
  status?: ApplicationStatus | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The application to delete.' })
export class ApplicationDeleteInput {
  @Field(() => ID, { description: 'Which application.' })
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuses with STALE_VERSION when the application was changed since.',
  })
  expectedVersion?: number | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'One more secret of an application.' })
export class ApplicationSecretCreateInput {
  @Field(() => String, {
    nullable: true,
    description: 'The same key makes one secret, however often it is sent. It is in the first answer alone.',
  })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'Which application: of kind MACHINE or WEB, with fewer than five secrets.' })
  id!: string;

  @Field(() => DateTime, { nullable: true, description: 'Until when it serves; absent: until it is deleted.' })
  expiresAt?: Date | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The secret to delete.' })
export class ApplicationSecretDeleteInput {
  @Field(() => ID, { description: 'Which secret.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of an application.', simpleResolvers: true })
export class ApplicationPayload {
  @Field(() => ApplicationType, { nullable: true, description: 'The application as it is now.' })
  application!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'A new application with its first secret.', simpleResolvers: true })
export class ApplicationCreatePayload {
  @Field(() => ApplicationType, { nullable: true, description: 'The application.' })
  application!: unknown;

  @Field(() => String, {
    nullable: true,
    description:
      'What it proves itself by: `vas_…`. It is shown here and never again; null where its kind has none, and when the idempotency key was used before.',
  })
  secret!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was made; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'A new secret of an application.', simpleResolvers: true })
export class ApplicationSecretCreatePayload {
  @Field(() => ApplicationType, { nullable: true, description: 'The application as it is now.' })
  application!: unknown;

  @Field(() => ApplicationSecretType, { nullable: true, description: 'What is kept of the secret.' })
  applicationSecret!: unknown;

  @Field(() => String, {
    nullable: true,
    description:
      'The secret: `vas_…`. It is shown here and never again; null when the idempotency key was used before.',
  })
  secret!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was made; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class ApplicationDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of the deletion of a secret.', simpleResolvers: true })
export class ApplicationSecretDeletePayload {
  @Field(() => ApplicationType, { nullable: true, description: 'The application as it is now.' })
  application!: unknown;

  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}
