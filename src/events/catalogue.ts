/** Every type of event, once: what a reader of the audit log may meet. */
export const EVENT_TYPES = {
  'connection.created': 'A connection was configured.',
  'connection.updated': 'The configuration of a connection changed.',
  'identity.linked': 'A provider account was linked to a user.',
  'identity.unlinked': 'A provider account was taken from a user.',
  'membership.added': 'A user became a member of an organization.',
  'membership.moved': 'A sign-in moved a membership from one organization to another.',
  'membership.role_granted': 'A member was given a role.',
  'organization.created': 'An organization was made.',
  'organization.deleted': 'An organization was deleted.',
  'organization.needs_administrator': 'The last administrator of an organization left it.',
  'organization.requested': 'A sign-in named an organization that it may not create.',
  'organization.updated': 'An organization was edited.',
  'session.ended': 'A session was ended before its time.',
  'tenant.created': 'A tenant was made.',
  'user.approved': 'A pending user was let in.',
  'user.created': 'A user was made.',
  'user.email_conflict': "The provider reported an address that is another user's.",
  'user.invalid_organization_identifier': 'The provider reported an organization identifier that is not one.',
  'user.resumed': 'A suspended user was let in again.',
  'user.sign_in_refused': 'A known person was not let in.',
  'user.signed_in': 'A person signed in.',
  'user.suspended': 'A user was suspended.',
  'user.tenant_administrator_granted': 'A user was made administrator of the tenant.',
  'user.updated': 'The profile of a user changed.',
} as const;

export type EventType = keyof typeof EVENT_TYPES;
