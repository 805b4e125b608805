import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('TENANT_ADMINISTRATOR')
@ObjectType('ScimToken', {
  implements: Node,
  description: 'What the directory of a connection writes by: the token itself is shown once.',
  simpleResolvers: true,
})
export class ScimTokenType extends Node {
  @Field(() => String, { description: 'What it is for.' })
  name!: string;

  @Field(() => String, { description: 'Its last four characters, to tell it from others.' })
  hint!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'How long it is good; null: until it is deleted.' })
  expiresAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was last used, to the minute; null: never.' })
  lastUsedAt!: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@ObjectType('ScimGroup', {
  implements: Node,
  description: 'A group of the directory of a connection. Its mappings make its users members of organizations.',
  simpleResolvers: true,
})
export class ScimGroupType extends Node {
  @Field(() => String, { description: 'Its name in the directory.' })
  displayName!: string;

  @Field(() => String, { nullable: true, description: 'Its key in the directory.' })
  externalId!: string | null;

  @Field(() => DateTime, { description: 'When the directory added it.' })
  createdAt!: string;

  @Field(() => DateTime, { description: 'When the directory last changed it.' })
  updatedAt!: string;

  @Field(() => Int, { description: 'How often the directory changed it.' })
  version!: number;
}

export const ScimGroupConnection = connectionTypes(() => ScimGroupType, 'ScimGroup', 'groups of directories');

@Auth('PUBLIC')
@ObjectType('ScimGroupMapping', { description: 'What the users of a group are made.' })
export class ScimGroupMappingType {
  @Field(() => DateTime, { simple: true, description: 'Since when.' })
  createdAt!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A new token for the directory of a connection.' })
export class ConnectionScimTokenCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key gives the same answer, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => ID, { description: 'Which connection.' })
  id!: string;

  @Field(() => String, { description: 'What it is for; at most 128 characters.' })
  name!: string;

  @Field(() => DateTime, { nullable: true, description: 'How long it is good; absent: until it is deleted.' })
  expiresAt?: Date | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A token of a directory.' })
export class ScimTokenIdInput {
  @Field(() => ID, { description: 'Which token.' })
  id!: string;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A group, and what its users are made.' })
export class ScimGroupMappingInput {
  @Field(() => ID, { description: 'Which group.' })
  id!: string;

  @Field(() => ID, { description: 'The organization that its users are members of.' })
  organizationId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The role that they have there: one of the tenant or of the organization. Absent: `member`.',
  })
  roleId?: string | null;
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of making a token.', simpleResolvers: true })
export class ScimTokenPayload {
  @Field(() => ScimTokenType, { nullable: true, description: 'The token, without itself.' })
  scimToken!: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'The token itself. Keep it: it is not shown again, nor when the idempotency key is used again.',
  })
  token!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was made; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of deleting a token.', simpleResolvers: true })
export class ScimTokenDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of the token that is gone.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of mapping a group.', simpleResolvers: true })
export class ScimGroupPayload {
  @Field(() => ScimGroupType, { nullable: true, description: 'The group as it is now.' })
  scimGroup!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
