import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { RoleKind } from '../entities/enums.js';
import { connectionTypes } from './connection-types.js';
import { Node } from './node.js';
import { UserError } from './payload.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('SIGNED_IN')
@ObjectType('Permission', {
  implements: Node,
  description: "Something that roles can grant: a word of the tenant's, which tokens name as a scope.",
  simpleResolvers: true,
})
export class PermissionType extends Node {
  @Field(() => String, { description: 'What programs read: a scope of OAuth.' })
  name!: string;

  @Field(() => String, { description: 'What whoever has it may do.' })
  description!: string;

  @Field(() => Boolean, { description: 'Whether it comes with Vestibule.' })
  isBuiltIn!: boolean;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => Int, {
    description: 'How often it was changed: give it as `expectedVersion` to change what you have seen.',
  })
  version!: number;
}

export const PermissionConnection = connectionTypes(() => PermissionType, 'Permission', 'permissions');

@Auth('ORGANIZATION_MEMBER')
@ObjectType('Role', {
  implements: Node,
  description:
    "A role of the tenant's organization template, which everybody who is signed in sees; or of one organization, for its members.",
  simpleResolvers: true,
})
export class RoleType extends Node {
  @Field(() => String, { description: 'Its name: `administrator` and `member` are built in.' })
  name!: string;
}

export const RoleConnection = connectionTypes(() => RoleType, 'Role', 'roles');

@Auth('PUBLIC')
@ObjectType({ description: 'What the viewer may do with a role.', simpleResolvers: true })
export class RolePermissions {
  @Field(() => Boolean, { description: 'Edit its name or description, and the permissions that it grants.' })
  update!: boolean;

  @Field(() => Boolean, { description: 'Delete it.' })
  delete!: boolean;
}

@Auth('PUBLIC')
@InputType({ description: 'Which permissions a list holds.' })
export class PermissionFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name or of the description.' })
  search?: string | null;
}

@Auth('PUBLIC')
@InputType({ description: 'Which roles a list holds. Conditions add up.' })
export class RoleFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name or of the description.' })
  search?: string | null;

  @Field(() => RoleKind, { nullable: true, description: 'Those for users, or those for applications.' })
  kind?: RoleKind | null;

  @Field(() => ID, {
    nullable: true,
    description: "This organization's own roles, for its members. Absent: those of the tenant's template.",
  })
  organizationId?: string | null;
}

@Auth('PUBLIC')
@InputType({ description: 'Which of the roles that can be given in an organization a list holds. Conditions add up.' })
export class OrganizationRoleFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name or of the description.' })
  search?: string | null;

  @Field(() => RoleKind, { nullable: true, description: 'Those for users, or those for applications.' })
  kind?: RoleKind | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'A new permission.' })
export class PermissionCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key gives the same answer, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => String, {
    description:
      'A scope of OAuth: at most 128 visible ASCII characters but for " and \\. What OpenID and Vestibule name their own scopes is reserved.',
  })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What whoever has it may do, at most 256 characters.' })
  description?: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'Changes of a permission. What is absent stays; null clears.' })
export class PermissionUpdateInput {
  @Field(() => ID, { description: 'Which permission. The one that is built in stays as it is.' })
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuses with STALE_VERSION when the permission was changed since.',
  })
  expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'As when it is made; it cannot be cleared.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 256 characters.' })
  description?: string | null;
}

@Auth('TENANT_ADMINISTRATOR')
@InputType({ description: 'The permission to delete.' })
export class PermissionDeleteInput {
  @Field(() => ID, { description: 'Which permission. The one that is built in stays.' })
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Refuses with STALE_VERSION when the permission was changed since.',
  })
  expectedVersion?: number | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'A new role.' })
export class RoleCreateInput {
  @Field(() => String, { nullable: true, description: 'The same key gives the same answer, however often it is sent.' })
  idempotencyKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "Whose own role it is. Absent: one of the tenant's template, for administrators of the tenant.",
  })
  organizationId?: string | null;

  @Field(() => String, {
    description: 'At most 128 characters. No two roles of the template have the same, nor two of one organization.',
  })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for, at most 256 characters.' })
  description?: string | null;

  @Field(() => RoleKind, { defaultValue: RoleKind.USER, description: 'Whom it is for: that stays.' })
  kind!: RoleKind;

  @Field(() => [ID], {
    nullable: true,
    description: 'What it grants, at most 250. `organization:administer` is for roles of kind APPLICATION.',
  })
  permissionIds?: string[] | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Changes of a role. What is absent stays; null clears.' })
export class RoleUpdateInput {
  @Field(() => ID, { description: 'Which role.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the role was changed since.' })
  expectedVersion?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'At most 128 characters; it cannot be cleared. Roles that are built in keep theirs.',
  })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 256 characters.' })
  description?: string | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'The role to delete.' })
export class RoleDeleteInput {
  @Field(() => ID, { description: 'Which role. Those that are built in stay.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the role was changed since.' })
  expectedVersion?: number | null;
}

@Auth('ORGANIZATION_ADMINISTRATOR')
@InputType({ description: 'Permissions of a role.' })
export class RolePermissionsInput {
  @Field(() => ID, { description: 'Which role.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Refuses with STALE_VERSION when the role was changed since.' })
  expectedVersion?: number | null;

  @Field(() => [ID], { description: 'Which permissions, at most 250. One that is unknown changes none.' })
  permissionIds!: string[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a permission.', simpleResolvers: true })
export class PermissionPayload {
  @Field(() => PermissionType, { nullable: true, description: 'The permission as it is now.' })
  permission!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class PermissionDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a change of a role.', simpleResolvers: true })
export class RolePayload {
  @Field(() => RoleType, { nullable: true, description: 'The role as it is now.' })
  role!: unknown;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@Auth('PUBLIC')
@ObjectType({ description: 'What came of a deletion.', simpleResolvers: true })
export class RoleDeletePayload {
  @Field(() => ID, { nullable: true, description: 'The id of what was deleted.' })
  deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was deleted; empty when it was.' })
  userErrors!: UserError[];
}
