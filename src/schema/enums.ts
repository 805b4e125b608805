import { EventOrder } from '../entities/event-order.js';
import { MemberOrder } from '../entities/member-order.js';
import { OrganizationOrder } from '../entities/organization-order.js';
import * as stored from '../entities/enums.js';
import { registerEnum as register } from './register-enum.js';

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
  PIPELINE: 'A pipeline, of what a source says of the person.',
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
  ANONYMOUS: 'Somebody who is not signed in: who enrolls.',
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
register(stored.FlowStatus, 'EnrollmentFlowStatus', 'Where an enrollment flow stands.', {
  ACTIVE: 'It runs.',
  SUSPENDED: 'Nobody can start it; petitions that were begun go on as it allows.',
  TEMPLATE: 'It is there to copy from, and never runs.',
});
register(
  stored.FlowAuthorization,
  'EnrollmentFlowAuthorization',
  'Who may start an enrollment flow. Administrators of the tenant always may.',
  {
    NONE: 'Anybody, also without signing in.',
    SIGNED_IN: 'Whoever is signed in, and applications.',
    TENANT_ADMINISTRATOR: 'Administrators of the tenant alone.',
    ORGANIZATION_ADMINISTRATOR: 'Administrators of one organization.',
    ANY_ADMINISTRATOR: 'Administrators of any organization.',
    ROLE_HOLDER: 'Who holds a role in any organization.',
    TENANT_MEMBER: 'Members of any organization.',
    ORGANIZATION_MEMBER: 'Members of one organization.',
  },
);
register(stored.MatchPolicy, 'EnrollmentMatch', 'How the person of a petition is found among those who are known.', {
  NONE: 'Not at all, before an address is proven or an account is signed in with.',
  ADVISORY: 'People who look alike are shown to who decides.',
  SELF: 'The petitioner is the person.',
  SELECT: 'The petitioner chooses the person.',
  EXTERNAL: 'A match server is asked.',
});
register(
  stored.DuplicateMode,
  'EnrollmentDuplicateMode',
  'What becomes of a petition for somebody who turns out to be known.',
  {
    FLAG: 'It ends as DUPLICATE.',
    MERGE: 'What it gave fills what is missing of the person.',
    NEW_ROLE: 'The person gets the membership and the roles, and nothing else changes.',
    NEW_ROLE_OTHER_ORGANIZATION: 'As NEW_ROLE; who is a member of that organization already is a duplicate.',
  },
);
register(stored.ConfirmationMode, 'EnrollmentConfirmation', 'How the enrollee proves an address.', {
  NONE: 'Not at all.',
  REVIEW: 'By a mailed link, whose page asks to accept or decline.',
  AUTOMATIC: 'By a mailed link, whose page accepts at once.',
  SKIP_IF_VERIFIED: 'As REVIEW, unless the address is proven already.',
});
register(stored.TermsMode, 'EnrollmentTermsMode', 'What becomes of the active terms in an enrollment.', {
  EXPLICIT: 'Each must be agreed to.',
  IMPLIED: 'They are shown, and going on agrees to them.',
  IGNORE: 'Nothing.',
});
register(stored.DecisionDemand, 'EnrollmentDecisionDemand', 'For which decisions something is asked of an approver.', {
  ALWAYS: 'For both.',
  APPROVAL: 'For an approval.',
  DENIAL: 'For a denial.',
  NEVER: 'For none.',
});
register(stored.ApprovalRule, 'EnrollmentApprovalRule', 'How many of the approvers must approve.', {
  ANY: 'One.',
  ALL: 'All of them.',
  N_OF_M: 'As many as `approvalCount` says.',
});
register(stored.SourceMode, 'EnrollmentSourceMode', 'In which step of an enrollment a source is asked.', {
  AUTHENTICATE: 'In SOURCES of flows that are not for administrators: the petitioner signs in there.',
  CLAIM: 'In SOURCES, after AUTHENTICATE: the petitioner proves an address, which the source must then know.',
  IDENTIFY: 'In COLLECT_IDENTIFIER, after the confirmation.',
  SEARCH: 'In CHECK_ELIGIBILITY, by proven addresses; finding nothing is fine.',
  SEARCH_REQUIRED: 'In CHECK_ELIGIBILITY, by proven addresses; finding nothing denies.',
  SELECT: 'In SOURCES of flows of administrators, who choose a record.',
  NONE: 'Never.',
});
register(stored.Enablement, 'EnrollmentEnablement', 'Whether something must, may or cannot be given.', {
  REQUIRED: 'It must.',
  OPTIONAL: 'It may.',
  NOT_PERMITTED: 'It cannot.',
});
register(stored.AttributeType, 'EnrollmentAttributeType', 'What kind of value an attribute takes.', {
  TEXT: 'Text.',
  NUMBER: 'A number.',
  DATE: 'A day: 2026-11-21.',
  CHOICE: 'One of the choices, or a list of them.',
  EMAIL: 'An email address.',
  IDENTIFIER: 'An identifier: text without spaces.',
  ADDRESS: 'A postal address.',
  FILE: 'A reference to a file that is kept elsewhere.',
});
register(stored.AttributeVisibility, 'EnrollmentAttributeVisibility', 'Who sees the value of an attribute.', {
  PARTIES: 'Everybody who sees the petition.',
  APPROVERS: 'Who decides about it, and administrators.',
});
register(
  stored.AttributeTarget,
  'EnrollmentAttributeTarget',
  'Where the value of an attribute goes when the petition is finalized.',
  {
    NONE: 'Nowhere: it stays in the petition.',
    USER_EMAIL: "The person's address.",
    USER_GIVEN_NAME: "The person's given name.",
    USER_FAMILY_NAME: "The person's family name.",
    USER_ATTRIBUTE: 'An attribute of the person.',
    USER_IDENTIFIER: 'An identifier of the person.',
    MEMBERSHIP_ATTRIBUTE: 'An attribute of the membership.',
  },
);
register(
  stored.AttributeDefaultSource,
  'EnrollmentAttributeDefaultSource',
  "What of the caller's account an attribute begins with.",
  { EMAIL: 'The address.', GIVEN_NAME: 'The given name.', FAMILY_NAME: 'The family name.' },
);
register(stored.PetitionStep, 'PetitionStep', 'The steps of an enrollment, in their order.', {
  START: 'The petition is begun.',
  SELECT_ENROLLEE: 'It is settled who is enrolled.',
  SOURCES: 'Sources are asked by the petitioner.',
  ATTRIBUTES: 'The attributes are given.',
  DUPLICATE_CHECK: 'A match server is asked who it is.',
  PETITIONER_TERMS: 'Terms are agreed to before any mail, where everybody may start.',
  SEND_CONFIRMATION: 'A link is mailed.',
  WAIT_FOR_CONFIRMATION: 'The enrollee is to confirm.',
  COLLECT_IDENTIFIER: 'Whoever confirmed is recognized.',
  CHECK_ELIGIBILITY: 'Sources are searched by proven addresses.',
  TERMS: 'Terms are agreed to, where it is known who may start.',
  AUTHENTICATORS: 'Second factors are set up.',
  VETTING: 'The outcome of vetting is to come.',
  NOTIFY_APPROVERS: 'The approvers are told.',
  WAIT_FOR_APPROVAL: 'The approvers are to decide.',
  FINALIZE: 'The person and the membership are made.',
  PROVISION: 'Whoever provisions is told.',
  REDIRECT: 'The enrollee is sent on.',
  DONE: 'There is none left.',
});
register(stored.PetitionParty, 'PetitionParty', 'What somebody is to a petition.', {
  PETITIONER: 'Who began it.',
  ENROLLEE: 'Who is enrolled.',
  APPROVER: 'Who decides about it.',
  ADMINISTRATOR: 'Who administers its organization, or the tenant.',
  SYSTEM: 'Vestibule itself, its jobs and its sources.',
});
register(stored.PetitionMailKind, 'PetitionMailKind', 'What a mail of an enrollment is about.', {
  CONFIRMATION: 'The link that proves an address.',
  CONFIRMATION_REMINDER: 'That link again.',
  EMAIL_PROOF: 'To the petitioner: the link that proves the address which a source is to be asked about.',
  APPROVAL_REQUESTED: 'To the approvers: a petition waits for them.',
  APPROVAL_REMINDER: 'To the approvers: it still does.',
  APPROVAL_ESCALATED: 'To the administrators above: nobody has decided.',
  APPROVED: 'To the enrollee: it was approved.',
  DENIED: 'To the enrollee: it was denied.',
  FINALIZED: 'To the enrollee: they are enrolled.',
  EXPIRED: 'To the enrollee: the petition has expired.',
  STATUS_CHANGED: 'To who is told of petitions: one has begun, or stands elsewhere.',
});
register(stored.FlowTemplateName, 'EnrollmentFlowTemplateName', 'The flows that come with Vestibule, to copy from.', {
  SELF_SIGN_UP: 'Anybody asks to become a member, proves their address, and is approved.',
  INVITATION: 'An administrator enters somebody, who confirms by mail and agrees to the terms.',
  CONSCRIPTION: 'An administrator enters somebody, another one approves; the person need do nothing.',
  ADDITIONAL_ROLE: 'A member asks for roles, or for another organization, and is approved.',
  ACCOUNT_LINKING: 'A member signs in with another account, which is linked to them.',
  REFRESH: 'A member is looked up again in the sources, which fill what is missing.',
});
register(stored.PetitionStatus, 'PetitionStatus', 'Where a petition stands.', {
  CREATED: 'It has begun.',
  PENDING_CONFIRMATION: 'The enrollee was mailed a link to confirm.',
  CONFIRMED: 'The enrollee has confirmed.',
  PENDING_VETTING: 'It waits for the outcome of vetting.',
  PENDING_APPROVAL: 'It waits for its approvers.',
  APPROVED: 'It was approved, and is to be finalized.',
  DENIED: 'It was denied. Final.',
  DECLINED: 'The enrollee said no. Final.',
  DUPLICATE: 'The person is enrolled already. Final.',
  FINALIZED: 'The person is enrolled. Final.',
  CANCELED: 'It was given up. Final.',
  EXPIRED: 'It was not finished in time. Final.',
});
register(stored.PetitionAction, 'PetitionAction', 'What the history of a petition tells.', {
  CREATED: 'The petition was started.',
  ATTRIBUTES_UPDATED: 'The attributes were given.',
  IDENTITY_LINKED: 'The account of the enrollee was chosen, or attached.',
  IDENTITY_NOT_LINKED: 'A record of a source was not linked: the names differ.',
  IDENTITY_RELINKED: 'The enrollee is known: the petition goes on for them.',
  SOURCE_RECORD_LINKED: 'A record of a source was linked.',
  SOURCE_CHECKED: 'A source was asked.',
  EMAIL_GIVEN: 'The petitioner gave the address that a source is to be asked about.',
  EMAIL_PROVEN: 'The petitioner proved that address by the link that was mailed to it.',
  IDENTIFIER_AUTHENTICATED: 'The enrollee signed in.',
  IDENTIFIERS_ASSIGNED: 'The person was given identifiers.',
  ACCOUNTS_REQUESTED: 'Accounts in other systems were asked for.',
  MATCH_RESULT: 'The match server answered.',
  MATCH_CHOSEN: 'It was chosen which of the people whom the match server named it is, or none of them.',
  CONFIRMATION_SENT: 'The link to confirm was mailed.',
  CONFIRMATION_VIEWED: 'The link to confirm was opened.',
  CONFIRMATION_EXPIRED: 'The link to confirm was opened too late.',
  CONFIRMED: 'The enrollee confirmed.',
  ELIGIBILITY_FAILED: 'A source that must know the person does not.',
  FLAGGED_DUPLICATE: 'The person is enrolled already.',
  TERMS_AGREED: 'The terms were agreed to.',
  TERMS_IMPLIED: 'The terms count as agreed to by going on.',
  AUTHENTICATORS_ESTABLISHED: 'The second factors are set up.',
  VETTING_REQUESTED: 'Vetting was asked for.',
  VETTING_COMPLETED: 'Vetting is over.',
  NOTIFICATION_SENT: 'People were told.',
  APPROVAL_RECORDED: 'An approver approved; others are waited for.',
  APPROVED: 'The petition was approved.',
  DENIED: 'The petition was denied.',
  PROVISIONED: 'The person can be provisioned.',
  COMMENT_ADDED: 'An approver or administrator left a private comment.',
  STATUS_UPDATED: 'The status is another one.',
  REMINDED: 'Who must act was reminded.',
  ESCALATED: 'The administrators were told that nobody has decided.',
  MERGED: 'What the petition gave was merged into a known person.',
  MERGE_UNDONE: 'The merge was undone.',
  STEP_FAILED: 'A step could not be done; the comment says why.',
});
register(stored.VettingStatus, 'VettingStatus', 'What came of vetting.', {
  REQUESTED: 'It was asked for.',
  PENDING_RESULT: 'It is under way.',
  PENDING_MANUAL: 'Somebody must look at it.',
  PASSED: 'It was passed.',
  FAILED: 'It was not passed.',
  ERROR: 'It could not be done.',
  CANCELED: 'It was given up.',
});
