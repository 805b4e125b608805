import { registerEnumType } from 'type-graphql';
import { EventOrder } from '../entities/event-order.js';
import { MemberOrder } from '../entities/member-order.js';
import { OrganizationOrder } from '../entities/organization-order.js';
import * as stored from '../entities/enums.js';

function register<Values extends Record<string, string>>(
  values: Values,
  name: string,
  description: string,
  descriptions: Record<keyof Values, string>,
): void {
  registerEnumType(values, {
    name,
    description,
    valuesConfig: Object.fromEntries(
      Object.entries(descriptions).map(([value, text]) => [value, { description: text }]),
    ) as never,
  });
}

register(stored.UserStatus, 'UserStatus', 'Where an account stands.', {
  ACTIVE: 'May sign in.',
  PENDING: 'Waits for approval; may not sign in.',
  SUSPENDED: 'May not sign in.',
});
register(stored.OrganizationStatus, 'OrganizationStatus', 'Where an organization stands.', {
  ACTIVE: 'Takes new members.',
  SUSPENDED: 'Takes no new members; sign-ins that name it are refused.',
  ARCHIVED: 'Is kept for the record; sign-ins that name it are refused.',
});
register(stored.NameStatus, 'NameStatus', 'How sure the name of an organization is.', {
  PENDING: 'A default name, to be completed.',
  RESOLVED: 'Given by the provider or by a registry.',
  CONFIRMED: 'Given by a person; no sign-in overwrites it.',
});
register(stored.NameSource, 'NameSource', 'Who gave an organization its name.', {
  CLAIM: 'The provider, in a claim.',
  LOOKUP: 'The registry of organizations.',
  DEFAULT: "The connection's default.",
  ADMINISTRATOR: 'An administrator.',
  FIRST_MEMBER: 'The member whose sign-in made the organization.',
});
register(stored.IdentifierScheme, 'IdentifierScheme', 'The registry of an identifier.', {
  SIRET: 'A French establishment: 14 digits.',
  GROUP: 'A group of a marketplace.',
  DOMAIN: 'A domain name.',
  OTHER: 'Anything else.',
});
register(stored.MembershipSource, 'MembershipSource', 'Where a membership came from.', {
  SSO: 'A sign-in; the next one may move it.',
  JIT_CONNECTION: 'A rule about the connection of the first sign-in.',
  JIT_DOMAIN: 'A rule about the domain of the email address.',
  ENROLLMENT: 'A petition.',
  INVITATION: 'An invitation.',
  SCIM: 'A directory.',
  ADMIN: 'An administrator.',
});
register(stored.InvitationStatus, 'InvitationStatus', 'Where an invitation stands. All but PENDING are final.', {
  PENDING: 'It waits for its answer.',
  ACCEPTED: 'The person is a member through it.',
  DECLINED: 'The person said no.',
  REVOKED: 'An administrator took it back.',
  EXPIRED: 'Nobody answered in time.',
});
register(stored.InvitationMailStatus, 'InvitationMailStatus', 'Whether the mail of an invitation went out.', {
  NONE: 'There is none: it was not asked for, or no mail server is configured.',
  WAITING: 'It is to be sent, for the first time or again.',
  SENT: 'The mail server took it.',
  FAILED: 'It was not delivered: the mail server refused it for good, or attempts ran out.',
});
register(stored.MailLocale, 'MailLocale', 'The language of a mail.', { EN: 'English.', FR: 'French.' });
register(stored.MfaRule, 'MfaRule', 'What an organization that requires a second factor asks for.', {
  FACTOR_CONFIGURED: 'That the person has a second factor.',
  FACTOR_USED: 'That the person used a second factor at this sign-in.',
});
register(stored.LogoKind, 'LogoKind', 'The pictures of an organization.', {
  LIGHT: 'On a light background.',
  DARK: 'On a dark background.',
  FAVICON: 'In the tab of a browser.',
});
register(stored.ConnectionPreset, 'ConnectionPreset', 'What kind of provider a connection leads to.', {
  PROCONNECT: "ProConnect, the French public sector's federation.",
  OIDC: 'Any OpenID provider.',
  MARKETPLACE: 'A marketplace.',
});
register(stored.ConnectionStatus, 'ConnectionStatus', 'Whether people may sign in through a connection.', {
  ENABLED: 'They may.',
  DISABLED: 'They may not; sessions that were opened through it go on.',
});
register(
  stored.ClientAuthentication,
  'ClientAuthentication',
  "How Vestibule proves itself at the provider's token endpoint.",
  {
    CLIENT_SECRET_POST: 'The secret in the body.',
    CLIENT_SECRET_BASIC: 'The secret in the Authorization header.',
    PRIVATE_KEY_JWT: 'A JWT signed with a private key; the client secret is that key as a JWK.',
    NONE: 'Not at all: a public client, by PKCE alone.',
  },
);
register(stored.EmailTrust, 'EmailTrust', 'Whose word makes an email address good enough to match an account by.', {
  NONE: "Nobody's.",
  CLAIM: "The provider's, where email_verified is true.",
  PROVIDER: "The provider's, always: the operator of this connection vouches for it.",
});
register(stored.OrganizationAuthority, 'OrganizationAuthority', "What the provider's organization claim does.", {
  AUTHORITATIVE: 'It decides: the membership that came from this connection is moved there.',
  ADDITIVE: 'It adds a membership beside others.',
  IGNORE: 'Nothing.',
});
register(
  stored.MissingOrganization,
  'MissingOrganization',
  'What a sign-in without a usable organization identifier leads to.',
  {
    KEEP: 'The person signs in; memberships stay.',
    REFUSE: 'The sign-in is refused.',
  },
);
register(
  stored.CompletionPolicy,
  'CompletionPolicy',
  'Who may complete the name of an organization that a sign-in made.',
  {
    ADMINISTRATOR: 'Its administrators.',
    FIRST_MEMBER_ONCE: 'The member whose sign-in made it, once; and its administrators.',
  },
);
register(stored.SessionTransport, 'SessionTransport', "How a session's token travels.", {
  COOKIE: 'In a cookie that scripts cannot read.',
  TOKEN: 'In the Authorization header, by the client.',
});
register(
  stored.LinkCase,
  'LinkCase',
  'A row of the decision table of sign-ins. Users are U1 to U7, organizations O1 to O12, just-in-time rules J1 and J2.',
  {
    U1_KNOWN: 'The provider account is linked to this user.',
    U2_SUSPENDED: 'Refused: the user is suspended.',
    U2_PENDING: 'Refused: the user waits for approval.',
    U3_LINKED: 'The provider account was linked to the user with the same, trusted address.',
    U4_LINK_REQUIRED:
      'Refused: an account has that address, but its owner did not prove it here, or has another account at this provider.',
    U5_LINK_REQUIRED: "Refused: an account has that address, and the provider's word about addresses is not trusted.",
    U6_EMAIL_UPDATED: 'The address follows the provider.',
    U6_EMAIL_KEPT: 'The provider reports another address that is not trusted: the old one stays.',
    U6_EMAIL_CONFLICT: "The provider reports another user's address: the old one stays.",
    U7_CREATED: 'The user was created.',
    U7_CREATED_PENDING: 'The user was created and waits for approval.',
    U7_ACCOUNT_UNKNOWN: 'Refused: nobody is known, and this connection creates no users.',
    O1_JOINED: 'The user joined the organization, which existed.',
    O2_SAME: 'The user was in that organization already.',
    O3_MOVED: 'The user moved to another organization.',
    O4_CREATED: 'The organization was created, and the user joined it.',
    O5_CREATED_AND_MOVED: 'The organization was created, and the user moved there.',
    O6_NOT_CREATED: 'The organization is not known, and this connection creates none.',
    O7_ORGANIZATION_SUSPENDED: 'Refused: the organization is suspended or archived.',
    O8_MISSING_KEPT: 'The provider named no organization: nothing changed.',
    O8_MISSING_REFUSED: 'Refused: the provider named no organization.',
    O9_INVALID_KEPT: 'The identifier is not valid: nothing changed.',
    O9_INVALID_REFUSED: 'Refused: the identifier is not valid.',
    O10_NEEDS_ADMINISTRATOR: 'The organization that the user left has no administrator any more.',
    O11_JOINED: 'Another sign-in created the organization at the same moment; the user joined it.',
    O11_MOVED: 'Another sign-in created the organization at the same moment; the user moved there.',
    O12_ADDED: 'The user joined the organization beside others.',
    O12_CREATED_AND_ADDED: 'The organization was created, and the user joined it beside others.',
    O12_SAME: 'The user was in that organization already; it is the active one of this session.',
    O12_IGNORED: 'This connection says nothing about organizations.',
    J1_CONNECTION: 'On top: just-in-time rules about the connection led to organizations.',
    J2_DOMAIN: 'On top: just-in-time rules about the domain of the address led to organizations.',
  },
);
register(stored.JitReason, 'JitReason', 'Why a just-in-time rule that is about a person does nothing for them.', {
  UNPROVEN: 'The domain is not proven.',
  PUBLIC_DOMAIN: 'Anybody can have an address at the domain.',
  CONNECTION_FIRST: 'There is a rule about the connection: rules about domains do not count then.',
  ACCOUNT_EXISTS: 'The account was there before: rules about domains are for new ones.',
  EMAIL_UNVERIFIED: 'The address is not verified.',
  LESS_SPECIFIC: 'A proven rule about the domain is more specific.',
  ORGANIZATION_INACTIVE: 'The organization is suspended or archived.',
});
register(MemberOrder, 'MemberOrder', 'How a list of members is sorted.', {
  JOINED_AT: 'The oldest membership first.',
  NAME: 'By given and family name, without regard to case and accents.',
});
register(stored.FactorKind, 'FactorKind', 'What a second factor is.', {
  TOTP: 'An authenticator app: codes that change with time.',
  PASSKEY: 'A passkey or security key, which asks for its person.',
  PROVIDER: 'One that an identity provider asked for at a sign-in, as it says by amr or acr.',
  ASSERTED: 'One that a directory or an administrator vouches for. It counts as configured, and cannot be shown.',
});
register(OrganizationOrder, 'OrganizationOrder', 'How a list of organizations is sorted.', {
  CREATED_AT: 'The oldest first.',
  NAME: 'By name, without regard to case and accents.',
});
register(stored.AbsenceReason, 'AbsenceReason', 'Why a user is no member of an organization.', {
  NEVER_MEMBER: 'No event tells of a membership.',
  LEFT: 'They left.',
  REMOVED: 'Somebody removed them.',
  MOVED: 'A sign-in named another organization.',
  ORGANIZATION_DELETED: 'The organization was deleted.',
  USER_DELETED: 'The person was deleted.',
  UNKNOWN: 'No event tells how the membership ended.',
});
register(stored.ActorKind, 'ActorKind', 'Who acted.', {
  USER: 'A person who is signed in.',
  SIGN_IN: 'A person who was signing in.',
  PROVIDER: 'An identity provider.',
  SYSTEM: 'Vestibule by itself.',
  OPERATOR: 'Whoever runs Vestibule, at the command line.',
  APPLICATION: 'An application, for itself.',
});
register(stored.EventCause, 'EventCause', 'What brought an event about; `via` says which one.', {
  MUTATION: 'Something that a person asked of the API: a mutation, a logout, an export.',
  SIGN_IN: 'A sign-in.',
  PROVIDER: 'A call from an identity provider.',
  JOB: 'A job.',
  COMMAND: 'A command.',
});
register(EventOrder, 'EventOrder', 'How a list of events is sorted.', {
  NEWEST: 'The newest first.',
  OLDEST: 'The oldest first.',
});
register(stored.WebhookEndpointStatus, 'WebhookEndpointStatus', 'Whether events are sent to an endpoint.', {
  ENABLED: 'They are.',
  DISABLED: 'They are not. What happens meanwhile can be replayed.',
});
register(stored.WebhookDisabledReason, 'WebhookDisabledReason', 'Why nothing is sent to an endpoint any more.', {
  MANUAL: 'An administrator disabled it.',
  FAILURES: 'It has taken nothing for as long as deliveries are tried.',
  GONE: 'It answered that it is gone (410).',
});
register(stored.WebhookDeliveryStatus, 'WebhookDeliveryStatus', 'Where the delivery of an event stands.', {
  PENDING: 'It is to be sent, for the first time or again.',
  DELIVERED: 'The receiver took it.',
  FAILED: 'It was given up after the last attempt.',
  CANCELED: 'The endpoint was disabled before it was taken.',
});
register(stored.RoleKind, 'RoleKind', 'Whom a role is for.', {
  USER: 'Members of organizations.',
  APPLICATION: 'Applications in organizations.',
});
register(stored.ApplicationKind, 'ApplicationKind', 'What an application is.', {
  MACHINE: 'A program that acts for itself, with a secret; it alone can be in organizations.',
  WEB: 'Signs people in, on a server that keeps a secret.',
  BROWSER: 'Signs people in, in a page: it has no secret and uses PKCE.',
  NATIVE: 'Signs people in, on their device: it has no secret and uses PKCE.',
});
register(stored.ApplicationStatus, 'ApplicationStatus', 'Whether an application may be used.', {
  ENABLED: 'It may.',
  DISABLED: 'It may not: its secrets and tokens are refused.',
});
