import type { Viewer } from '../context.js';
import type {
  AnyNodeRow,
  ApplicationRow,
  ApproverDelegationRow,
  EnrollmentFlowRow,
  EventRow,
  FactorRow,
  IdentityRow,
  InvitationRow,
  MembershipRow,
  NoticeRow,
  OrganizationApplicationRow,
  OrganizationRow,
  PetitionRow,
  RoleRow,
  SessionRow,
  TermsRow,
  UserRow,
  WebhookDeliveryRow,
  WebhookEndpointRow,
} from '../database/loaders/rows.js';
import { PetitionParty } from '../entities/enums.js';
import { Requirement } from '../schema/requirement.js';
import { deciderOf } from '../enrollment/approvals/decider.js';
import { partiesOf } from '../enrollment/petitions/parties.js';
import { administers, isUser } from './administers.js';
import { mayReadEvent, ownsOrigin } from './audit-access.js';
import type { GraphQLContext } from './graphql-context.js';
import { isInvitee } from './invitee.js';

type Answer = boolean | Promise<boolean>;
type Policy<Row> = (viewer: Viewer, row: Row, context: GraphQLContext) => Answer;

/** What an organization's subscribers are told of. */
interface ChangeRow {
  organizationUuid: string | null;
}

const toPlace = ({ petitionerUuid, enrolleeUuid, organizationUuid, ...row }: PetitionRow) => ({
  ...row,
  petitionerUserId: petitionerUuid,
  enrolleeUserId: enrolleeUuid,
  organizationId: organizationUuid,
});

const ownsRow = (viewer: Viewer, { userUuid }: { userUuid: string }) => isUser(viewer, userUuid);

/**
 * The policy table: for each type, who meets the requirements that are about an object. Administrators of the tenant
 * meet all of them but PETITION_APPROVER; what a type does not list, nobody else meets. The viewer is null where the
 * token of a petition will do: PETITION_PARTY reads the context instead.
 */
const POLICIES = {
  Organization: {
    ORGANIZATION_MEMBER: (viewer, { uuid }: OrganizationRow) => viewer.rolesByOrganization.has(uuid),
    ORGANIZATION_ADMINISTRATOR: (viewer, { uuid }: OrganizationRow) => administers(viewer, uuid),
  },
  User: {
    SELF: (viewer, { uuid }: UserRow) => isUser(viewer, uuid),
    ORGANIZATION_MEMBER: (viewer, user: UserRow, context) =>
      isUser(viewer, user.uuid) || anyOrganization(context, user, (id) => viewer.rolesByOrganization.has(id)),
    ORGANIZATION_ADMINISTRATOR: (viewer, user: UserRow, context) =>
      isUser(viewer, user.uuid) || anyOrganization(context, user, (id) => administers(viewer, id)),
  },
  Membership: {
    SELF: (viewer, row: MembershipRow) => ownsRow(viewer, row),
    ORGANIZATION_MEMBER: (viewer, row: MembershipRow) =>
      ownsRow(viewer, row) || viewer.rolesByOrganization.has(row.organizationUuid),
    ORGANIZATION_ADMINISTRATOR: (viewer, row: MembershipRow) =>
      ownsRow(viewer, row) || administers(viewer, row.organizationUuid),
  },
  Identity: { SELF: (viewer, row: IdentityRow) => ownsRow(viewer, row) },
  Session: { SELF: (viewer, row: SessionRow) => ownsRow(viewer, row) },
  Event: {
    SELF: (viewer, row: EventRow) => ownsOrigin(viewer, row),
    ORGANIZATION_ADMINISTRATOR: (viewer, row: EventRow) => mayReadEvent(viewer, row),
  },
  Factor: { SELF: (viewer, row: FactorRow) => ownsRow(viewer, row) },
  Notice: { SELF: (viewer, row: NoticeRow) => ownsRow(viewer, row) },
  WebhookEndpoint: {
    ORGANIZATION_ADMINISTRATOR: (viewer, row: WebhookEndpointRow) => administers(viewer, row.organizationUuid),
  },
  EnrollmentFlow: {
    ORGANIZATION_ADMINISTRATOR: (viewer, row: EnrollmentFlowRow) => administers(viewer, row.organizationUuid),
  },
  Terms: {
    ORGANIZATION_ADMINISTRATOR: (viewer, row: TermsRow) => administers(viewer, row.organizationUuid),
  },
  WebhookDelivery: {
    ORGANIZATION_ADMINISTRATOR: (viewer, row: WebhookDeliveryRow) => administers(viewer, row.organizationUuid),
  },
  Invitation: {
    // The invited person sees it; what is done with it is for those who administer the organization.
    SELF: (viewer, row: InvitationRow, context) =>
      administers(viewer, row.organizationUuid) || isInvitee({ ...context, viewer }, row),
    ORGANIZATION_ADMINISTRATOR: (viewer, row: InvitationRow) => administers(viewer, row.organizationUuid),
  },
  Role: {
    // One that was read with who holds it is seen by whoever sees that.
    ORGANIZATION_MEMBER: (viewer, { isHeld, organizationUuid }: RoleRow) =>
      isHeld === true || organizationUuid === null || viewer.rolesByOrganization.has(organizationUuid ?? ''),
    ORGANIZATION_ADMINISTRATOR: (viewer, { organizationUuid }: RoleRow) => administers(viewer, organizationUuid),
  },
  Application: {
    ORGANIZATION_ADMINISTRATOR: (viewer, application: ApplicationRow, context) =>
      viewer.applicationId === application.uuid || anyOrganizationOf(context, application, viewer),
  },
  OrganizationApplication: {
    ORGANIZATION_ADMINISTRATOR: (viewer, { applicationUuid, organizationUuid }: OrganizationApplicationRow) =>
      viewer.applicationId === applicationUuid || administers(viewer, organizationUuid),
  },
  ApproverDelegation: {
    // Those between whom it is, and who administers where it is limited to.
    SELF: (viewer, { userUuid, delegateUuid, organizationUuid }: ApproverDelegationRow) =>
      isUser(viewer, userUuid) || isUser(viewer, delegateUuid) || administers(viewer, organizationUuid),
  },
  Petition: {
    PETITION_PARTY: (_viewer, row: PetitionRow, context) =>
      partiesOf(context, toPlace(row), context.clock()).length > 0 || mayApprove(context, row),
    PETITION_APPROVER: (_viewer, row: PetitionRow, context) => mayApprove(context, row),
    ORGANIZATION_ADMINISTRATOR: (viewer, row: PetitionRow, context) =>
      administers(viewer, row.organizationUuid) || mayApprove(context, row),
  },
  PetitionChange: {
    PETITION_PARTY: (_viewer, { petition }: { petition?: PetitionRow }, context) =>
      meets(context, Requirement.PETITION_PARTY, 'Petition', petition),
  },
  OrganizationChange: {
    ORGANIZATION_MEMBER: (viewer, { organizationUuid }: ChangeRow) =>
      organizationUuid !== null && viewer.rolesByOrganization.has(organizationUuid),
  },
} as const satisfies Record<string, Partial<Record<Requirement, Policy<never>>>>;

const TABLE = POLICIES as Record<string, Partial<Record<Requirement, Policy<AnyNodeRow>>>>;

/** Whether the table answers this requirement about objects of this type: the schema does not build otherwise. */
export function isAnswered(type: string, requirement: Requirement): boolean {
  return isAboutNobody(requirement) || TABLE[type]?.[requirement] !== undefined;
}

/** Requirements that need no object to be decided. */
export function isAboutNobody(requirement: Requirement): boolean {
  return [Requirement.PUBLIC, Requirement.SIGNED_IN, Requirement.TENANT_ADMINISTRATOR].includes(requirement);
}

/**
 * Whether the caller may meet this requirement at all: they are signed in, or hold the token of a petition where that
 * will do.
 */
export function isKnown({ viewer, petitionTokenHash }: GraphQLContext, requirement: Requirement): boolean {
  return viewer !== null || (requirement === Requirement.PETITION_PARTY && petitionTokenHash !== null);
}

/** Whether the caller meets the requirement about this object. Decided at once where the viewer's own rights suffice. */
export function meets(context: GraphQLContext, requirement: Requirement, type: string, row: unknown): Answer {
  if (requirement === Requirement.PUBLIC) return true;
  if (!isKnown(context, requirement)) return false;
  const { viewer } = context;
  if (requirement === Requirement.SIGNED_IN) return true;
  if (viewer?.isTenantAdministrator && requirement !== Requirement.PETITION_APPROVER) return true;
  const policy = TABLE[type]?.[requirement];
  if (!policy || row === null || row === undefined) return false;
  const answer = policy(viewer as Viewer, row as AnyNodeRow, context);
  if (typeof answer === 'boolean') return answer;
  const key = `${requirement} ${(row as AnyNodeRow).id}`;
  const known = context.decisions.get(key);
  if (known) return known;
  context.decisions.set(key, answer);
  return answer;
}

/**
 * Whether the caller would meet the requirement if no organization kept them out for want of a second factor: they are
 * told so then, and not that there is nothing.
 */
export function isBarredFrom(context: GraphQLContext, requirement: Requirement, type: string, row: unknown): Answer {
  return context.viewer?.barredOrganizations.size ? meets(admitBarred(context), requirement, type, row) : false;
}

/** The context as it would be if no organization kept the caller out for want of a second factor. */
export function admitBarred(context: GraphQLContext): GraphQLContext {
  const { viewer } = context;
  if (!viewer?.barredOrganizations.size) return context;
  const rolesByOrganization = new Map([...viewer.rolesByOrganization, ...viewer.barredOrganizations]);
  return {
    ...context,
    viewer: { ...viewer, rolesByOrganization, barredOrganizations: new Map() },
    decisions: new Map(),
  };
}

/** All that the caller is to a petition. Who approves is read once for all petitions of the moment. */
export async function petitionPartiesOf(context: GraphQLContext, row: PetitionRow): Promise<PetitionParty[]> {
  const parties = partiesOf(context, toPlace(row), context.clock());
  return (await mayApprove(context, row)) ? [...parties, PetitionParty.APPROVER] : parties;
}

/** Whether the viewer may decide on this petition now, for themselves or for somebody who is away. */
function mayApprove({ loaders, tenant, viewer, clock, decisions }: GraphQLContext, row: PetitionRow): Answer {
  if (row.isApprovable) return true;
  const { uuid, approverKind } = row;
  const decider = approverKind && deciderOf(viewer);
  if (!decider) return false;
  // Several requirements and fields ask.
  const key = `APPROVER ${uuid}`;
  const known = decisions.get(key) ?? loaders.petitions.isApprovable(tenant.id, decider, clock(), uuid);
  decisions.set(key, known);
  return known;
}

/** Whether one of the user's organizations will do. The one that the row was read through needs no statement. */
function anyOrganization(
  { loaders, tenant }: GraphQLContext,
  user: UserRow,
  suits: (organizationId: string) => boolean,
): Answer {
  if (user.memberOf && suits(user.memberOf)) return true;
  return loaders.users.organizationIds(tenant.id, user.uuid).then((ids) => ids?.some(suits) ?? false);
}

/** Whether the viewer administers one of the organizations that the application is in. */
function anyOrganizationOf({ loaders, tenant }: GraphQLContext, application: ApplicationRow, viewer: Viewer): Answer {
  if (application.memberOf && administers(viewer, application.memberOf)) return true;
  const ids = loaders.applications.organizationIds(tenant.id, application.uuid);
  return ids.then((organizationIds) => organizationIds?.some((id) => administers(viewer, id)) ?? false);
}
