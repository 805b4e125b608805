/** One operation of a management API over REST, and what does the same here: `Query.field`, `Mutation.field`, `Type.field`. */
export interface ManagementOperation {
  /** Method and path, as such APIs have them. */
  rest: string;
  /** What it does. */
  does: string;
  here: string[];
  /** Where the two differ. */
  note?: string;
}

export interface ManagementSubject {
  title: string;
  operations: ManagementOperation[];
}

/** What administrators of an identity platform can do over its REST API, by subject: nothing of it may be missing here. */
export const MANAGEMENT_OPERATIONS: ManagementSubject[] = [
  {
    title: 'Organizations',
    operations: [
      {
        rest: 'GET /organizations',
        does: 'lists and searches them',
        here: ['Query.organizations'],
        note: '`filter.search` reads name, slug and identifiers.',
      },
      { rest: 'POST /organizations', does: 'makes one', here: ['Mutation.organizationCreate'] },
      { rest: 'GET /organizations/:id', does: 'reads one', here: ['Query.organization', 'Query.node'] },
      {
        rest: 'PATCH /organizations/:id',
        does: 'edits one',
        here: ['Mutation.organizationUpdate', 'Mutation.organizationCustomDataPatch'],
        note: 'What is absent stays, null clears.',
      },
      { rest: 'DELETE /organizations/:id', does: 'deletes one', here: ['Mutation.organizationDelete'] },
    ],
  },
  {
    title: 'Members',
    operations: [
      { rest: 'GET /organizations/:id/users', does: 'lists and searches members', here: ['Organization.members'] },
      { rest: 'POST /organizations/:id/users', does: 'adds members', here: ['Mutation.organizationMembersAdd'] },
      {
        rest: 'PUT /organizations/:id/users',
        does: 'replaces the members',
        here: ['Mutation.organizationMembersReplace'],
        note: 'Those who stay keep their roles and since when they are members.',
      },
      {
        rest: 'DELETE /organizations/:id/users/:userId',
        does: 'removes a member',
        here: ['Mutation.organizationMemberRemove', 'Mutation.organizationMembersRemove', 'Mutation.organizationLeave'],
      },
      {
        rest: 'POST /organizations/:id/users/roles',
        does: 'gives roles to many members',
        here: ['Mutation.organizationMembersAssignRoles'],
      },
      {
        rest: 'GET /organizations/:id/users/:userId/roles',
        does: "reads a member's roles",
        here: ['Membership.roles'],
      },
      {
        rest: 'POST /organizations/:id/users/:userId/roles',
        does: 'gives roles to a member',
        here: ['Mutation.organizationMemberRolesAdd'],
      },
      {
        rest: 'PUT /organizations/:id/users/:userId/roles',
        does: "replaces a member's roles",
        here: ['Mutation.organizationMemberRolesSet'],
      },
      {
        rest: 'DELETE /organizations/:id/users/:userId/roles/:roleId',
        does: 'takes a role from a member',
        here: ['Mutation.organizationMemberRoleRemove'],
      },
      {
        rest: 'GET /organizations/:id/users/:userId/scopes',
        does: "reads a member's permissions",
        here: ['Membership.permissions'],
      },
      { rest: 'GET /users/:userId/organizations', does: "reads a user's organizations", here: ['User.memberships'] },
    ],
  },
  {
    title: 'Applications',
    operations: [
      {
        rest: 'GET /organizations/:id/applications',
        does: 'lists the applications of an organization',
        here: ['Organization.applications'],
      },
      {
        rest: 'POST /organizations/:id/applications',
        does: 'adds applications',
        here: ['Mutation.organizationApplicationsAdd'],
      },
      {
        rest: 'PUT /organizations/:id/applications',
        does: 'replaces the applications',
        here: ['Mutation.organizationApplicationsReplace'],
      },
      {
        rest: 'DELETE /organizations/:id/applications/:applicationId',
        does: 'removes an application',
        here: ['Mutation.organizationApplicationsRemove'],
      },
      {
        rest: 'POST /organizations/:id/applications/roles',
        does: 'gives roles to many applications',
        here: ['Mutation.organizationApplicationsAssignRoles'],
      },
      {
        rest: 'GET /organizations/:id/applications/:applicationId/roles',
        does: "reads an application's roles",
        here: ['OrganizationApplication.roles'],
      },
      {
        rest: 'POST /organizations/:id/applications/:applicationId/roles',
        does: 'gives roles to an application',
        here: ['Mutation.organizationApplicationRolesAdd'],
      },
      {
        rest: 'PUT /organizations/:id/applications/:applicationId/roles',
        does: "replaces an application's roles",
        here: ['Mutation.organizationApplicationRolesSet'],
      },
      {
        rest: 'DELETE /organizations/:id/applications/:applicationId/roles/:roleId',
        does: 'takes a role from an application',
        here: ['Mutation.organizationApplicationRolesRemove'],
      },
      {
        rest: 'GET /applications/:id/organizations',
        does: "reads an application's organizations",
        here: ['Application.organizations'],
      },
    ],
  },
  {
    title: 'Just-in-time joining',
    operations: [
      {
        rest: 'GET /organizations/:id/jit/email-domains',
        does: 'reads the domains',
        here: ['OrganizationJit.emailDomains'],
      },
      {
        rest: 'POST /organizations/:id/jit/email-domains',
        does: 'adds a domain',
        here: ['Mutation.organizationJitEmailDomainsAdd'],
        note: 'A domain counts once it is proven: `organizationJitEmailDomainVerify`.',
      },
      {
        rest: 'PUT /organizations/:id/jit/email-domains',
        does: 'replaces the domains',
        here: ['Mutation.organizationJitEmailDomainsSet'],
      },
      {
        rest: 'DELETE /organizations/:id/jit/email-domains/:emailDomain',
        does: 'removes a domain',
        here: ['Mutation.organizationJitEmailDomainsRemove'],
      },
      {
        rest: 'GET /organizations/:id/jit/sso-connectors',
        does: 'reads the connections',
        here: ['OrganizationJit.connections'],
      },
      {
        rest: 'POST /organizations/:id/jit/sso-connectors',
        does: 'adds connections',
        here: ['Mutation.organizationJitConnectionsAdd'],
      },
      {
        rest: 'PUT /organizations/:id/jit/sso-connectors',
        does: 'replaces the connections',
        here: ['Mutation.organizationJitConnectionsSet'],
      },
      {
        rest: 'DELETE /organizations/:id/jit/sso-connectors/:id',
        does: 'removes a connection',
        here: ['Mutation.organizationJitConnectionsRemove'],
      },
      { rest: 'GET /organizations/:id/jit/roles', does: 'reads the default roles', here: ['OrganizationJit.roles'] },
      {
        rest: 'POST /organizations/:id/jit/roles',
        does: 'adds default roles',
        here: ['Mutation.organizationJitRolesAdd'],
      },
      {
        rest: 'PUT /organizations/:id/jit/roles',
        does: 'replaces the default roles',
        here: ['Mutation.organizationJitRolesSet'],
      },
      {
        rest: 'DELETE /organizations/:id/jit/roles/:id',
        does: 'removes a default role',
        here: ['Mutation.organizationJitRolesRemove'],
      },
    ],
  },
  {
    title: 'Roles and permissions',
    operations: [
      {
        rest: 'GET /organization-roles',
        does: 'lists the roles',
        here: ['Query.roles', 'Organization.roles'],
        note: 'An organization may have roles of its own.',
      },
      { rest: 'POST /organization-roles', does: 'makes a role', here: ['Mutation.roleCreate'] },
      { rest: 'GET /organization-roles/:id', does: 'reads a role', here: ['Query.role'] },
      { rest: 'PATCH /organization-roles/:id', does: 'edits a role', here: ['Mutation.roleUpdate'] },
      { rest: 'DELETE /organization-roles/:id', does: 'deletes a role', here: ['Mutation.roleDelete'] },
      { rest: 'GET /organization-roles/:id/scopes', does: 'reads its permissions', here: ['Role.permissions'] },
      {
        rest: 'POST /organization-roles/:id/scopes',
        does: 'gives it permissions',
        here: ['Mutation.rolePermissionsAdd'],
      },
      {
        rest: 'PUT /organization-roles/:id/scopes',
        does: 'replaces its permissions',
        here: ['Mutation.rolePermissionsSet'],
      },
      {
        rest: 'DELETE /organization-roles/:id/scopes/:id',
        does: 'takes a permission from it',
        here: ['Mutation.rolePermissionsRemove'],
      },
      {
        rest: 'GET, POST, PUT, DELETE /organization-roles/:id/resource-scopes[/:id]',
        does: 'the same for permissions of an API',
        here: [
          'Role.permissions',
          'Mutation.rolePermissionsAdd',
          'Mutation.rolePermissionsSet',
          'Mutation.rolePermissionsRemove',
        ],
        note: 'There is one kind of permission: it is named as the API names its scope.',
      },
      { rest: 'GET /organization-scopes', does: 'lists the permissions', here: ['Query.permissions'] },
      { rest: 'POST /organization-scopes', does: 'makes a permission', here: ['Mutation.permissionCreate'] },
      { rest: 'GET /organization-scopes/:id', does: 'reads a permission', here: ['Query.permission'] },
      { rest: 'PATCH /organization-scopes/:id', does: 'edits a permission', here: ['Mutation.permissionUpdate'] },
      { rest: 'DELETE /organization-scopes/:id', does: 'deletes a permission', here: ['Mutation.permissionDelete'] },
    ],
  },
  {
    title: 'Invitations',
    operations: [
      {
        rest: 'GET /organization-invitations',
        does: 'lists invitations',
        here: ['Query.organizationInvitations', 'Organization.invitations', 'Query.viewerInvitations'],
      },
      { rest: 'GET /organization-invitations/:id', does: 'reads one', here: ['Query.organizationInvitation'] },
      {
        rest: 'DELETE /organization-invitations/:id',
        does: 'deletes one',
        here: ['Mutation.organizationInvitationDelete'],
      },
      {
        rest: 'POST /organization-invitations',
        does: 'invites somebody',
        here: ['Mutation.organizationInvitationCreate', 'Mutation.organizationInvitationsCreate'],
      },
      {
        rest: 'POST /organization-invitations/:id/message',
        does: 'mails it again',
        here: ['Mutation.organizationInvitationResend'],
      },
      {
        rest: 'PUT /organization-invitations/:id/status',
        does: 'accepts or revokes it',
        here: [
          'Mutation.organizationInvitationAccept',
          'Mutation.organizationInvitationDecline',
          'Mutation.organizationInvitationRevoke',
        ],
      },
    ],
  },
];
