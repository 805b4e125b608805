import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { forbidden, unauthenticated } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { petitionPartiesOf } from '../auth/policy.js';
import { toGlobalId, uuidOf } from '../database/loaders/ids.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import { copyValues } from '../enrollment/attributes/copy-values.js';
import { formOf, showValues } from '../enrollment/attributes/form.js';
import { findPossibleDuplicates } from '../enrollment/people/possible-duplicates.js';
import { reachOf } from '../enrollment/people/reach.js';
import { searchPeople } from '../enrollment/people/search-people.js';
import { nextActions } from '../enrollment/machine/next-actions.js';
import {
  accountOf,
  agreeToTerms,
  cancelPetition,
  continuePetition,
  selectEnrollee,
  submitAttributes,
} from '../enrollment/petitions/commands.js';
import { deletePetition } from '../enrollment/petitions/delete-petition.js';
import { StartForbidden, startPetition } from '../enrollment/petitions/start-petition.js';
import { readActiveTerms } from '../enrollment/terms/find-active-terms.js';
import { FlowStatus, PetitionNextAction, PetitionParty, PetitionStep, TermsMode } from '../entities/enums.js';
import {
  PetitionAgreeToTermsInput,
  PetitionAttribute,
  PetitionCancelInput,
  PetitionConnection,
  PetitionDeleteInput,
  PetitionDeletePayload,
  PetitionDuplicate,
  PetitionDuplicateReason,
  PetitionField,
  PetitionFilterInput,
  PetitionHistoryConnection,
  PetitionIdInput,
  PetitionPayload,
  PetitionPerson,
  PetitionSelectEnrolleeInput,
  PetitionStartInput,
  PetitionSubmitAttributesInput,
  PetitionTerms,
  PetitionTexts,
  PetitionType,
} from '../schema/petition.js';
import { EnrollmentFlowType } from '../schema/enrollment-flow.js';
import { MembershipType } from '../schema/membership.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth, Requirement } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';
import { answerPetition, redirectOfRow, stateOf } from './petition-answers.js';

@Resolver(() => PetitionType)
export class PetitionResolver {
  @Auth('PUBLIC')
  @Query(() => PetitionType, { nullable: true, description: 'One petition; null when it is not for the caller.' })
  petition(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('Petition', id);
    return uuid ? loaders.petitions.byId(tenant.id, uuid) : null;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Query(() => PetitionConnection, {
    nullable: true,
    description: 'Petitions that lead to an organization, the newest first; all of the tenant for its administrators.',
  })
  async petitions(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('organizationId', () => ID, { nullable: true, description: 'To which organization; absent: to any or none.' })
    organizationId?: string | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => PetitionFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: PetitionFilterInput | null,
  ) {
    const uuid = organizationId ? requireUuid('Organization', organizationId, 'organizationId') : null;
    const { flowId, statuses, enrolleeId } = filter ?? {};
    const conditions = {
      flowUuid: flowId ? requireUuid('EnrollmentFlow', flowId, 'filter.flowId') : null,
      enrolleeUuid: enrolleeId ? requireUuid('User', enrolleeId, 'filter.enrolleeId') : null,
      statuses: statuses ?? null,
    };
    return toConnection(await loaders.petitions.page(tenant.id, uuid, conditions, pageRequest(first, after)));
  }

  @Auth('SIGNED_IN')
  @Query(() => PetitionConnection, {
    description: 'The petitions that the caller started, or that enroll them, the newest first.',
  })
  async viewerPetitions(
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const nobody = '00000000-0000-0000-0000-000000000000';
    const userId = viewer?.sessionId ? viewer.userId : null;
    return toConnection(await loaders.petitions.ofUser(tenant.id, userId ?? nobody, pageRequest(first, after)));
  }

  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: 'Where it leads; null where it leads nowhere, and for who is no member yet.',
  })
  organization(@Root() { organizationUuid }: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return organizationUuid && loaders.organizations.byId(tenant.id, organizationUuid);
  }

  @FieldResolver(() => String, { nullable: true, description: 'The name of the organization to which it leads.' })
  async organizationName(@Root() { organizationUuid }: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    if (!organizationUuid) return null;
    return (await loaders.organizations.byId(tenant.id, organizationUuid))?.name ?? null;
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Who started it; null for nobody who is known, and where the viewer may not see the account.',
  })
  petitioner(@Root() { petitionerUuid }: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return petitionerUuid && loaders.users.byId(tenant.id, petitionerUuid);
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Whom it enrolls, once they have an account; null where the viewer may not see it.',
  })
  enrollee(@Root() { enrolleeUuid }: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return enrolleeUuid && loaders.users.byId(tenant.id, enrolleeUuid);
  }

  @FieldResolver(() => EnrollmentFlowType, {
    nullable: true,
    description: 'Its flow, as it is now; null once that is deleted, and where the viewer may not see it.',
  })
  flow(@Root() { flowUuid }: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return flowUuid && loaders.enrollmentFlows.byId(tenant.id, flowUuid);
  }

  @FieldResolver(() => MembershipType, { nullable: true, description: 'The membership that it led to.' })
  membership(@Root() { membershipUuid }: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return membershipUuid && loaders.memberships.byId(tenant.id, membershipUuid);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The address that is, or is to be, proven; not for a petitioner who picked somebody else.',
  })
  async email(@Root() row: PetitionRow, @Ctx() context: GraphQLContext) {
    const { email, enrolleeUuid, petitionerUuid } = row;
    if (!email || !enrolleeUuid || enrolleeUuid === petitionerUuid) return email;
    const parties = await petitionPartiesOf(context, row);
    return parties.some((party) => party !== PetitionParty.PETITIONER) ? email : null;
  }

  @FieldResolver(() => [PetitionNextAction], {
    description: 'What the viewer may do now: a frontend can draw itself from this.',
  })
  async nextActions(@Root() row: PetitionRow, @Ctx() context: GraphQLContext) {
    const parties = await petitionPartiesOf(context, row);
    const isFlowActive = row.flowStatus === FlowStatus.ACTIVE;
    return nextActions(row.flow, stateOf(row), parties, isFlowActive, context.viewer?.userId ?? null);
  }

  @FieldResolver(() => [PetitionParty], { description: 'What the viewer is to it.' })
  viewerParties(@Root() row: PetitionRow, @Ctx() context: GraphQLContext) {
    return petitionPartiesOf(context, row);
  }

  @FieldResolver(() => PetitionTexts, { description: 'The words that its flow puts around the form.' })
  texts(@Root() { flow }: PetitionRow): PetitionTexts {
    return flow;
  }

  @FieldResolver(() => [PetitionField], { description: 'The fields of the form, with what they begin with.' })
  async form(@Root() row: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext): Promise<PetitionField[]> {
    const userId = accountOf(row.flow, { enrolleeUserId: row.enrolleeUuid, petitionerUserId: row.petitionerUuid });
    const account = userId ? await loaders.users.byId(tenant.id, userId) : undefined;
    const { ignoresAccountDefaults } = row.flow;
    const asked = formOf(row.flow.attributes, account ?? null, { ignoresAccountDefaults });
    return asked.map(({ definition, defaultValue }) => ({ ...definition, defaultValue }));
  }

  @FieldResolver(() => [PetitionAttribute], { description: 'What was given, as far as the viewer may see it.' })
  async attributes(@Root() row: PetitionRow, @Ctx() context: GraphQLContext) {
    const parties = await petitionPartiesOf(context, row);
    const isAbove = parties.some((party) => party === PetitionParty.APPROVER || party === PetitionParty.ADMINISTRATOR);
    return showValues(row.flow.attributes, row.attributes, isAbove ? 'APPROVERS' : 'PARTIES');
  }

  @FieldResolver(() => [PetitionTerms], {
    description: 'The terms to agree to now; empty where the flow ignores them.',
  })
  async terms(@Root() row: PetitionRow, @Ctx() { database, tenant }: GraphQLContext): Promise<PetitionTerms[]> {
    if (row.flow.terms === TermsMode.IGNORE) return [];
    const active = await readActiveTerms(database, tenant.id, row.organizationUuid);
    return active.map((terms) => ({ ...terms, id: toGlobalId('Terms', terms.id) }));
  }

  @FieldResolver(() => [PetitionPerson], {
    description:
      'At most 20 people to choose from, while the petition waits for that: for administrators, and for the petitioner where the flow lets them look.',
  })
  async people(
    @Root() row: PetitionRow,
    @Ctx() context: GraphQLContext,
    @Arg('search', () => String, {
      defaultValue: '',
      description: 'The beginning of a name, two characters at least, or a whole address.',
    })
    search: string,
  ): Promise<PetitionPerson[]> {
    const { ADMINISTRATOR, PETITIONER } = PetitionParty;
    const parties = await petitionPartiesOf(context, row);
    const mayFind =
      parties.includes(ADMINISTRATOR) || (parties.includes(PETITIONER) && row.flow.letsPetitionersFindPeople);
    if (row.step !== PetitionStep.SELECT_ENROLLEE || !mayFind) return [];
    const reach = reachOf(context.viewer, row.flowOrganizationUuid);
    const ids = await searchPeople(context.database, context.tenant.id, search, undefined, reach);
    return readPeople(context, ids);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => [PetitionDuplicate], {
    nullable: true,
    description:
      'At most 20 users who may be the same person, by address or name: for who approves or administers. It says nothing for sure.',
  })
  async possibleDuplicates(@Root() row: PetitionRow, @Ctx() context: GraphQLContext): Promise<PetitionDuplicate[]> {
    const { user } = copyValues(row.flow.attributes, row.attributes);
    const found = await findPossibleDuplicates(context.database, context.tenant.id, { ...user, email: row.email });
    const others = found.filter(({ userId }) => userId !== row.enrolleeUuid);
    const people = await readPeople(
      context,
      others.map(({ userId }) => userId),
    );
    const reasons = new Map(others.map(({ userId, reason }) => [toGlobalId('User', userId), reason]));
    return people.map((person) => ({ ...person, reason: PetitionDuplicateReason[reasons.get(person.id)!] }));
  }

  @FieldResolver(() => String, { nullable: true, description: 'Where a browser goes, as it stands now.' })
  redirectUrl(@Root() row: PetitionRow) {
    return redirectOfRow(row);
  }

  @FieldResolver(() => PetitionHistoryConnection, { description: 'What has happened to it, the oldest first.' })
  async history(
    @Root() { uuid }: PetitionRow,
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await loaders.petitions.history(tenant.id, uuid, pageRequest(first, after)));
  }

  @Auth('PUBLIC')
  @Mutation(() => PetitionPayload, {
    description:
      'Starts an enrollment flow. Whether the caller may is for the flow to say; who is not signed in is given a token.',
  })
  async petitionStart(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionStartInput, { description: 'Which flow.' }) input: PetitionStartInput,
  ) {
    const { organizationId } = input;
    const start = {
      ...input,
      flowId: requireUuid('EnrollmentFlow', input.flowId, 'input.flowId'),
      organizationId: organizationId ? requireUuid('Organization', organizationId, 'input.organizationId') : null,
    };
    try {
      return await answerPetition(context, () => startPetition(context, start));
    } catch (error) {
      if (!(error instanceof StartForbidden)) throw error;
      throw context.viewer ? forbidden('petitionStart', Requirement.SIGNED_IN) : unauthenticated();
    }
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, { description: 'The petitioner chooses whom the petition enrolls.' })
  petitionSelectEnrollee(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionSelectEnrolleeInput, { description: 'Whom.' }) input: PetitionSelectEnrolleeInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    const userId = requireUuid('User', input.enrolleeId, 'input.enrolleeId');
    return answerPetition(context, () => selectEnrollee(context, { id, userId }), id);
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, {
    description: 'Gives the attributes of a petition: all that `form` asks for, at once.',
  })
  petitionSubmitAttributes(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionSubmitAttributesInput, { description: 'The values.' })
    input: PetitionSubmitAttributesInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => submitAttributes(context, { id, attributes: input.attributes }), id);
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, { description: 'Agrees to the terms of a petition.' })
  petitionAgreeToTerms(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionAgreeToTermsInput, { description: 'To which.' }) input: PetitionAgreeToTermsInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    const terms = input.terms.map((one, index) => ({
      id: requireUuid('Terms', one.id, `input.terms.${index}.id`),
      edition: one.edition,
    }));
    return answerPetition(context, () => agreeToTerms(context, { id, terms }), id);
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, {
    description:
      'Tries the step again in which a petition waits: once second factors are set up, or what failed is mended. Sources that did not answer are asked again at once.',
  })
  petitionContinue(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionIdInput, { description: 'Which petition.' }) input: PetitionIdInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => continuePetition(context, { id }), id);
  }

  @Auth('PETITION_PARTY')
  @Mutation(() => PetitionPayload, { description: 'Gives up a petition that is not decided.' })
  petitionCancel(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionCancelInput, { description: 'Which petition.' }) input: PetitionCancelInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => cancelPetition(context, { id, comment: input.comment }), id);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => PetitionDeletePayload, {
    description:
      'Deletes a petition, wherever it stands, with all that was given in it and its history. Whom it has enrolled stays; a merge can no longer be undone.',
  })
  async petitionDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionDeleteInput, { description: 'Which petition.' }) input: PetitionDeleteInput,
  ): Promise<PetitionDeletePayload> {
    const id = requireUuid('Petition', input.id, 'input.id');
    const { userErrors } = await attempt(() => deletePetition(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors: [...userErrors] };
  }
}

/** People as they may be chosen: their names, whoever may see their accounts. */
async function readPeople({ loaders, tenant }: GraphQLContext, ids: readonly string[]): Promise<PetitionPerson[]> {
  const users = await Promise.all(ids.map((id) => loaders.users.byId(tenant.id, id)));
  return users.flatMap((user) =>
    user ? [{ id: user.id, givenName: user.givenName, familyName: user.familyName }] : [],
  );
}
