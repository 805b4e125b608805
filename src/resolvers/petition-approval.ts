import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import type { PetitionRow } from '../database/loaders/rows.js';
import {
  approvePetition,
  commentPetition,
  denyPetition,
  flagDuplicate,
  recordVetting,
} from '../enrollment/approvals/decide.js';
import {
  type ApproverRow,
  type CommentRow,
  type DecisionRow,
  findApproverPage,
  findComments,
  findDecisions,
} from '../enrollment/approvals/read-approvals.js';
import type { Progress } from '../enrollment/machine/state.js';
import { ApplicationType } from '../schema/application.js';
import {
  PetitionApproveInput,
  PetitionApproverConnection,
  PetitionApproverType,
  PetitionCommentConnection,
  PetitionCommentInput,
  PetitionCommentType,
  PetitionDecisionConnection,
  PetitionDenyInput,
  PetitionDecisionType,
  PetitionFlagDuplicateInput,
  PetitionRecordVettingInput,
} from '../schema/petition-approval.js';
import { PetitionPayload, PetitionType } from '../schema/petition.js';
import { Auth } from '../schema/requirement.js';
import { DateTime } from '../schema/scalars.js';
import { UserType } from '../schema/user.js';
import { pageRequest, requireUuid, toConnection } from './answers.js';
import { answerPetition, refuseOwnPetition } from './petition-answers.js';

/** Deciding on petitions, and what is to be known for it. */
@Resolver(() => PetitionType)
export class PetitionApprovalResolver {
  @Auth('PETITION_APPROVER')
  @Mutation(() => PetitionPayload, {
    description:
      'Approves a petition, for oneself or for somebody who is away. It goes on once as many have approved as its flow asks for.',
  })
  petitionApprove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionApproveInput, { description: 'Which petition, and why.' }) input: PetitionApproveInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => approvePetition(context, { ...input, id }), id);
  }

  @Auth('PETITION_APPROVER')
  @Mutation(() => PetitionPayload, { description: 'Denies a petition: one denial ends it, whoever has approved.' })
  petitionDeny(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionDenyInput, { description: 'Which petition, and why.' }) input: PetitionDenyInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => denyPetition(context, { ...input, id }), id);
  }

  @Auth('PETITION_APPROVER')
  @Mutation(() => PetitionPayload, { description: 'Ends a petition because its person is enrolled already.' })
  petitionFlagDuplicate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionFlagDuplicateInput, { description: 'Which petition, and why.' })
    input: PetitionFlagDuplicateInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => flagDuplicate(context, { ...input, id }), id);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => PetitionPayload, {
    description: 'Leaves a comment on a petition that its petitioner and its enrollee never see.',
  })
  async petitionComment(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionCommentInput, { description: 'On which petition, and what.' })
    input: PetitionCommentInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => commentPetition(context, { ...input, id }), id);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => PetitionPayload, {
    description: 'Says what came of vetting. It is for administrators, and applications that administer.',
  })
  petitionRecordVetting(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => PetitionRecordVettingInput, { description: 'Of which petition, and what.' })
    input: PetitionRecordVettingInput,
  ) {
    const id = requireUuid('Petition', input.id, 'input.id');
    return answerPetition(context, () => recordVetting(context, { ...input, id }), id);
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    description:
      'Whose decision settled it; null while nobody has decided, and where the viewer may not see the account.',
  })
  decidedBy(@Root() { decidedByUuid }: PetitionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return decidedByUuid && loaders.users.byId(tenant.id, decidedByUuid);
  }

  @FieldResolver(() => DateTime, { nullable: true, description: 'When it was decided on.' })
  decidedAt(@Root() { decidedAt }: PetitionRow) {
    return decidedAt;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Why it was approved or denied, if that was said.' })
  decisionComment(@Root() { decisionComment }: PetitionRow) {
    return decisionComment;
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => PetitionDecisionConnection, {
    nullable: true,
    description: 'Who has decided so far, the first one first.',
  })
  async decisions(
    @Root() { uuid }: PetitionRow,
    @Ctx() { database, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    return toConnection(await findDecisions(database, tenant.id, uuid, pageRequest(first, after)));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => PetitionCommentConnection, {
    nullable: true,
    description:
      'The comments of those who decide and administer, the oldest first. They are never for the petitioner and the enrollee, whoever that is.',
  })
  async comments(
    @Root() row: PetitionRow,
    @Ctx() context: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    await refuseOwnPetition(context, row, 'Petition.comments');
    return toConnection(await findComments(context.database, context.tenant.id, row.uuid, pageRequest(first, after)));
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => PetitionApproverConnection, {
    nullable: true,
    description:
      'Who may decide: the holders of the role that the flow names, or the administrators. Where it names no role, administrators of the tenant may, too.',
  })
  async approvers(
    @Root() row: PetitionRow,
    @Ctx() { database, tenant, clock }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const { approverKind, approverRoleUuid: roleId, approverOrganizationUuid: organizationId } = row;
    const request = pageRequest(first, after);
    if (!approverKind) return null;
    const approvers = { kind: approverKind, roleId, organizationId };
    const page = await findApproverPage(database, tenant.id, approvers, clock(), request);
    const { approvals, represented = [] } = row.progress as Progress;
    const approved = new Set([...approvals, ...represented]);
    const rows = page.rows.map((approver) => ({ ...approver, hasApproved: approved.has(approver.uuid) }));
    return toConnection({ ...page, rows });
  }
}

@Resolver(() => PetitionDecisionType)
export class PetitionDecisionResolver {
  @FieldResolver(() => UserType, { nullable: true, description: 'Who; null where the viewer may not see them.' })
  approver(@Root() { approverUuid }: DecisionRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.users.byId(tenant.id, approverUuid);
  }
}

@Resolver(() => PetitionCommentType)
export class PetitionCommentResolver {
  @FieldResolver(() => UserType, { nullable: true, description: 'Who wrote it, if it was a person.' })
  author(@Root() { authorUuid }: CommentRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return authorUuid && loaders.users.byId(tenant.id, authorUuid);
  }

  @FieldResolver(() => ApplicationType, { nullable: true, description: 'Which application wrote it, if it was one.' })
  authorApplication(@Root() { authorApplicationUuid }: CommentRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return authorApplicationUuid && loaders.applications.byId(tenant.id, authorApplicationUuid);
  }
}

@Resolver(() => PetitionApproverType)
export class PetitionApproverResolver {
  @FieldResolver(() => UserType, { nullable: true, description: 'Who; null where the viewer may not see them.' })
  user(@Root() { uuid }: ApproverRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return loaders.users.byId(tenant.id, uuid);
  }

  @FieldResolver(() => [UserType], {
    nullable: 'items',
    description: 'Who decides for them now, as they are away: at most 20; null for whom the viewer may not see.',
  })
  delegates(@Root() { delegateUuids }: ApproverRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return Promise.all(delegateUuids.map((uuid) => loaders.users.byId(tenant.id, uuid)));
  }
}
