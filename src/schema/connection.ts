import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import {
  ClientAuthentication,
  CompletionPolicy,
  ConnectionPreset,
  ConnectionStatus,
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  OrganizationAuthority,
} from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime, JSONObject } from './scalars.js';

@Auth('PUBLIC')
@ObjectType('Connection', {
  implements: Node,
  description: 'A configured identity provider. Everybody sees the name of those that are enabled.',
  simpleResolvers: true,
})
export class ConnectionType extends Node {
  @Field(() => String, { description: 'The name in addresses: /auth/<slug>/login.' })
  slug!: string;

  @Field(() => String, { description: 'What people call it.' })
  name!: string;

  @Field(() => ConnectionPreset, { description: 'What kind of provider it is.' })
  preset!: ConnectionPreset;

  @Field(() => ConnectionStatus, { description: 'Whether people may sign in through it.' })
  status!: ConnectionStatus;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => String, { nullable: true, description: 'The address of the provider, as its discovery document says.' })
  issuer!: string;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => String, { nullable: true, description: 'The name of this client there.' })
  clientId!: string;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => ClientAuthentication, { nullable: true, description: 'How this client proves itself.' })
  clientAuthentication!: ClientAuthentication;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => String, { nullable: true, description: 'How ID tokens must be signed.' })
  idTokenAlgorithm!: string;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => String, { nullable: true, description: 'How userinfo must be signed; null: it is plain JSON.' })
  userinfoAlgorithm!: string | null;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], { nullable: true, description: 'What is asked for.' })
  scopes!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether a PKCE challenge is sent.' })
  usesPkce!: boolean;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], {
    nullable: true,
    description: 'The assurances (acr) of which a sign-in must have one; empty: any.',
  })
  requiredAcr!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], {
    nullable: true,
    description: 'The means (amr) of which a sign-in must have used one; empty: any.',
  })
  requiredAmr!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], {
    nullable: true,
    description: 'Assurances (acr) that take a second factor at this provider, beside those that are known to.',
  })
  mfaAcr!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], {
    nullable: true,
    description: "Pages of single-page and native clients that may receive the provider's answer; compared exactly.",
  })
  redirectUris!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => JSONObject, {
    nullable: true,
    description:
      'The claim that each property is read from: email, emailVerified, givenName, familyName, organizationIdentifier, organizationName, idp, roles. What is absent is read as at ProConnect.',
  })
  claimNames!: Record<string, string>;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether unknown people get an account.' })
  createUsers!: boolean;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether unknown organizations are made.' })
  createOrganizations!: boolean;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, { nullable: true, description: 'Whether new accounts wait for approval.' })
  moderatedSignup!: boolean;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => EmailTrust, {
    nullable: true,
    description: 'Whose word makes an address good enough to match an account by.',
  })
  emailTrust!: EmailTrust;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], {
    nullable: true,
    description: 'The domains about which the provider is believed; empty: all.',
  })
  emailDomains!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => OrganizationAuthority, { nullable: true, description: 'What the organization claim does.' })
  organizationAuthority!: OrganizationAuthority;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => IdentifierScheme, { nullable: true, description: 'The registry of the organization claim.' })
  organizationScheme!: IdentifierScheme;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => [String], {
    nullable: true,
    description: 'The identity providers (idp_id) that are admitted behind a federation; empty: all.',
  })
  allowedIdps!: string[];

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => MissingOrganization, {
    nullable: true,
    description: 'What a sign-in without a usable identifier leads to.',
  })
  missingOrganization!: MissingOrganization;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => CompletionPolicy, {
    nullable: true,
    description: 'Who may complete the name of an organization that a sign-in made.',
  })
  completion!: CompletionPolicy;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => String, {
    nullable: true,
    description:
      'The name of an organization of which nothing better is known; `{identifier}` stands for its identifier.',
  })
  defaultOrganizationName!: string;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether a person whose claims prove that they lead the organization joins it as administrator.',
  })
  grantsAdministratorToLeader!: boolean;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Int, { nullable: true, description: 'How long sessions last, in minutes, 5 to 43200.' })
  sessionMinutes!: number;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => DateTime, { nullable: true, description: 'When it was made.' })
  createdAt!: string;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => DateTime, { nullable: true, description: 'When it was last changed.' })
  updatedAt!: string;

  @Auth('TENANT_ADMINISTRATOR')
  @Field(() => Int, { nullable: true, description: 'How often it was changed.' })
  version!: number;
}

export const ConnectionConnection = connectionTypes(() => ConnectionType, 'Connection', 'connections');

@Auth('TENANT_ADMINISTRATOR')
@InputType({
  description:
    'The settings of a connection. What is absent stays, or comes from the preset when the connection is made.',
})
export class ConnectionSettingsInput {
  @Field(() => String, { nullable: true, description: 'What people call it; at most 128 characters.' })
  name?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The secret of this client, or its private key as a JWK. It is sealed and never shown again; null clears it.',
  })
  clientSecret?: string | null;

  @Field(() => String, { nullable: true, description: 'The address of the provider, as its discovery document says.' })
  issuer?: string | null;

  @Field(() => String, { nullable: true, description: 'The name of this client there.' })
  clientId?: string | null;

  @Field(() => ClientAuthentication, { nullable: true, description: 'How this client proves itself.' })
  clientAuthentication?: ClientAuthentication | null;

  @Field(() => String, { nullable: true, description: 'How ID tokens must be signed.' })
  idTokenAlgorithm?: string | null;

  @Field(() => String, { nullable: true, description: 'How userinfo must be signed; null: it is plain JSON.' })
  userinfoAlgorithm?: string | null;

  @Field(() => [String], { nullable: true, description: 'What is asked for.' })
  scopes?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether a PKCE challenge is sent.' })
  usesPkce?: boolean | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The assurances (acr) of which a sign-in must have one; empty: any.',
  })
  requiredAcr?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The means (amr) of which a sign-in must have used one; empty: any.',
  })
  requiredAmr?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Assurances (acr) that take a second factor at this provider, beside those that are known to.',
  })
  mfaAcr?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: "Pages of single-page and native clients that may receive the provider's answer; compared exactly.",
  })
  redirectUris?: string[] | null;

  @Field(() => JSONObject, {
    nullable: true,
    description:
      'The claim that each property is read from: email, emailVerified, givenName, familyName, organizationIdentifier, organizationName, idp, roles. What is absent is read as at ProConnect.',
  })
  claimNames?: Record<string, string> | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether unknown people get an account.' })
  createUsers?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether unknown organizations are made.' })
  createOrganizations?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether new accounts wait for approval.' })
  moderatedSignup?: boolean | null;

  @Field(() => EmailTrust, {
    nullable: true,
    description: 'Whose word makes an address good enough to match an account by.',
  })
  emailTrust?: EmailTrust | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The domains about which the provider is believed; empty: all.',
  })
  emailDomains?: string[] | null;

  @Field(() => OrganizationAuthority, { nullable: true, description: 'What the organization claim does.' })
  organizationAuthority?: OrganizationAuthority | null;

  @Field(() => IdentifierScheme, { nullable: true, description: 'The registry of the organization claim.' })
  organizationScheme?: IdentifierScheme | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The identity providers (idp_id) that are admitted behind a federation; empty: all.',
  })
  allowedIdps?: string[] | null;

  @Field(() => MissingOrganization, {
    nullable: true,
    description: 'What a sign-in without a usable identifier leads to.',
  })
  missingOrganization?: MissingOrganization | null;

  @Field(() => CompletionPolicy, {
    nullable: true,
    description: 'Who may complete the name of an organization that a sign-in made.',
  })
  completion?: CompletionPolicy | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The name of an organization of which nothing better is known; `{identifier}` stands for its identifier.',
  })
  defaultOrganizationName?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether a person whose claims prove that they lead the organization joins it as administrator.',
  })
  grantsAdministratorToLeader?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'How long sessions last, in minutes, 5 to 43200.' })
  sessionMinutes?: number | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A new connection.' })
export class ConnectionCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key gives the same answer, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => String, {
    description: 'The name in addresses: lower-case letters, digits and hyphens. It never changes.',
  })
  slug!: string;

  @Field(() => ConnectionPreset, { description: 'What kind of provider it is.' })
  preset!: ConnectionPreset;

  @Field(() => ConnectionSettingsInput, { description: 'Its settings: `issuer` and `clientId` are needed.' })
  settings!: ConnectionSettingsInput;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Changes of a connection.' })
export class ConnectionUpdateInput {
  @Field(() => ID, { description: 'Which connection.' })
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuses with STALE_VERSION when the connection was changed since.',
  })
  expectedVersion?: number | null;

  @Field(() => ConnectionSettingsInput, { description: 'The settings to change.' })
  settings!: ConnectionSettingsInput;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A connection.' })
export class ConnectionIdInput {
  @Field(() => ID, { description: 'Which connection.' })
  id!: string;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a connection.', simpleResolvers: true })
export class ConnectionPayload {
  @Field(() => ConnectionType, { nullable: true, description: 'The connection as it is now.' })
  connection!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: "What the provider's discovery document says.", simpleResolvers: true })
export class ConnectionTestPayload {
  @Field(() => String, { nullable: true, description: 'The issuer, if it could be read.' })
  issuer!: string | null;

  @Field(() => [String], { description: "What the provider does not support of the connection's settings." })
  warnings!: string[];

  @Field(() => [UserError], { description: 'Why the provider cannot be used; empty when it can.' })
  userErrors!: UserError[];
}
