import 'reflect-metadata';
import {
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLSchema,
  isAbstractType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  specifiedDirectives,
} from 'graphql';
import { buildSchemaSync, type NonEmptyArray } from 'type-graphql';
import '../schema/enums.js';
import '../schema/source-enums.js';
import { protectSchema } from '../auth/protect.js';
import { readRequirement } from '../schema/read-requirement.js';
import { authDirective } from '../schema/requirement.js';
import { ApplicationResolver } from './application.js';
import { ApproverDelegationResolver } from './approver-delegation.js';
import { ConnectionResolver } from './connection.js';
import { EnrollmentFlowExplanationResolver } from './enrollment-flow-explanation.js';
import { EnrollmentFlowOfferResolver } from './enrollment-flow-offer.js';
import { EnrollmentFlowThemeResolver, PetitionThemeResolver } from './enrollment-theme.js';
import { EnrollmentFlowResolver, EnrollmentFlowVersionResolver } from './enrollment-flow.js';
import { EnrollmentMailResolver } from './enrollment-mail.js';
import { EventResolver, OrganizationEventsResolver, UserEventsResolver } from './event.js';
import { FactorResolver, MembershipFactorsResolver, UserFactorsResolver } from './factor.js';
import { FederationResolver } from './federation.js';
import { JitEmailDomainResolver, OrganizationJitResolver, OrganizationJitRulesResolver } from './jit.js';
import { MembersResolver } from './members.js';
import { InvitationResolver, OrganizationInvitationsResolver } from './invitation.js';
import { MembershipResolver } from './membership.js';
import { NodeResolver } from './node.js';
import { OrganizationApplicationResolver, OrganizationApplicationsResolver } from './organization-application.js';
import { OrganizationResolver } from './organization.js';
import { OrganizationSettingsResolver } from './organization-settings.js';
import { PermissionResolver } from './permission.js';
import { PetitionResolver } from './petition.js';
import {
  PetitionApprovalResolver,
  PetitionApproverResolver,
  PetitionCommentResolver,
  PetitionDecisionResolver,
} from './petition-approval.js';
import { PetitionInboxResolver } from './petition-inbox.js';
import { PetitionClaimResolver } from './petition-claim.js';
import { PetitionConfirmationResolver } from './petition-confirmation.js';
import { PetitionSourceCheckResolver, PetitionSourceResolver } from './petition-source.js';
import { PetitionMergeResolver } from './petition-merge.js';
import { PetitionInboxChangeResolver, PetitionLiveResolver } from './petition-live.js';
import { PipelineResolver, SourcePipelineResolver } from './pipeline.js';
import { MembershipPermissionsResolver, OrganizationRolesResolver, RoleResolver } from './role.js';
import { ConnectionScimResolver, ScimGroupMappingResolver, ScimGroupResolver, ScimTokenResolver } from './scim.js';
import { OrganizationSourcesResolver, SourceResolver } from './source.js';
import { SourceRecordResolver, SourceRecordsResolver, UserRecordsResolver } from './source-record.js';
import { SourceSignInResolver } from './source-sign-in.js';
import { SourceSyncRunResolver, SourceSyncsResolver } from './source-sync.js';
import { SsoResolver } from './sso.js';
import { SubscriptionResolver } from './subscription.js';
import { TenantResolver } from './tenant.js';
import { TermsResolver } from './terms.js';
import { IdentityResolver, SessionResolver, UserResolver } from './user.js';
import { ViewerResolver } from './viewer.js';
import { WebhookDeliveryResolver, WebhookEndpointResolver } from './webhook.js';

const RESOLVERS = [
  ApplicationResolver,
  ApproverDelegationResolver,
  ConnectionResolver,
  EnrollmentFlowExplanationResolver,
  EnrollmentFlowOfferResolver,
  EnrollmentFlowThemeResolver,
  EnrollmentFlowResolver,
  EnrollmentFlowVersionResolver,
  EnrollmentMailResolver,
  EventResolver,
  FactorResolver,
  FederationResolver,
  IdentityResolver,
  JitEmailDomainResolver,
  MembersResolver,
  InvitationResolver,
  OrganizationInvitationsResolver,
  MembershipPermissionsResolver,
  MembershipResolver,
  NodeResolver,
  OrganizationEventsResolver,
  OrganizationJitResolver,
  OrganizationJitRulesResolver,
  OrganizationApplicationResolver,
  OrganizationApplicationsResolver,
  OrganizationResolver,
  OrganizationRolesResolver,
  OrganizationSettingsResolver,
  PermissionResolver,
  PetitionClaimResolver,
  PetitionConfirmationResolver,
  PetitionInboxChangeResolver,
  PetitionLiveResolver,
  PetitionMergeResolver,
  PetitionApprovalResolver,
  PetitionApproverResolver,
  PetitionCommentResolver,
  PetitionDecisionResolver,
  PetitionInboxResolver,
  PetitionResolver,
  PetitionSourceCheckResolver,
  PetitionSourceResolver,
  PetitionThemeResolver,
  RoleResolver,
  SessionResolver,
  ConnectionScimResolver,
  ScimGroupMappingResolver,
  ScimGroupResolver,
  ScimTokenResolver,
  OrganizationSourcesResolver,
  SourceResolver,
  SourceRecordResolver,
  SourceRecordsResolver,
  UserRecordsResolver,
  PipelineResolver,
  SourcePipelineResolver,
  SourceSignInResolver,
  SourceSyncRunResolver,
  SourceSyncsResolver,
  SsoResolver,
  TenantResolver,
  TermsResolver,
  UserEventsResolver,
  MembershipFactorsResolver,
  UserFactorsResolver,
  SubscriptionResolver,
  UserResolver,
  ViewerResolver,
  WebhookDeliveryResolver,
  WebhookEndpointResolver,
] as const;

/** Subscriptions come from services.live. TypeGraphQL asks for a bus of topics all the same, which nothing uses. */
const noTopic = () => {
  throw new Error('There are no topics: a subscription has its own `subscribe`.');
};
const NO_TOPICS = { publish: noTopic, subscribe: noTopic };

/** The executable schema, with its `@auth` directives in force. Throws UnprotectedSchemaError with all that is unprotected. */
export function buildSchema(resolvers: readonly (new () => object)[] = RESOLVERS): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: resolvers as unknown as NonEmptyArray<new () => object>,
    directives: [...specifiedDirectives, authDirective],
    pubSub: NO_TOPICS,
    validate: false,
  });
  resolveTypesByName(schema);
  describeRequirements(schema);
  return protectSchema(schema);
}

/** Rows say what they are. TypeGraphQL's own way answers with a promise, which compiled queries do not wait for. */
function resolveTypesByName(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = ({ __typename }: { __typename: string }) => __typename;
  }
}

/** A field's description ends in what it requires, so that introspection shows it, too. */
function describeRequirements(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || !(isObjectType(type) || isInputObjectType(type))) continue;
    for (const field of Object.values(type.getFields()) as (GraphQLField<unknown, unknown> | GraphQLInputField)[]) {
      const requirement = readRequirement(field) ?? readRequirement(type);
      if (requirement) field.description = [field.description, `Requires ${requirement}.`].filter(Boolean).join(' ');
    }
  }
}
