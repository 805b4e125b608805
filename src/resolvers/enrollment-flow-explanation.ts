import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { forbidden } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { type ExplainedFlow, explainFlow, explainNewFlow } from '../enrollment/flows/explain-flow.js';
import { SHIPPED_TEMPLATES } from '../enrollment/flows/templates.js';
import { EnrollmentFlowExplanationType, EnrollmentFlowCheckPayload } from '../schema/enrollment-flow-explanation.js';
import { EnrollmentFlowCreateInput, EnrollmentFlowTemplateType } from '../schema/enrollment-flow.js';
import { Requirement } from '../schema/requirement.js';
import { Auth } from '../schema/requirement.js';
import { attempt, requireUuid } from './answers.js';
import { administeredBy } from './enrollment-flow.js';
import { showSettings } from './flow-settings.js';
import { readNewFlow } from './new-flow.js';

@Resolver()
export class EnrollmentFlowExplanationResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Query(() => EnrollmentFlowExplanationType, {
    nullable: true,
    description:
      'What an enrollment flow does: the steps that run, for whom, why each other one is passed over, who starts it and who approves.',
  })
  async enrollmentFlowExplain(
    @Ctx() context: GraphQLContext,
    @Arg('id', () => ID, { description: 'Which flow.' }) id: string,
  ) {
    const { result } = await attempt(() => explainFlow(context, requireUuid('EnrollmentFlow', id, 'id')));
    return result && show(result);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Query(() => EnrollmentFlowCheckPayload, {
    description: 'What would come of `enrollmentFlowCreate` with this input: nothing is saved.',
  })
  async enrollmentFlowCheck(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => EnrollmentFlowCreateInput, { description: 'The flow.' }) input: EnrollmentFlowCreateInput,
  ) {
    const { result, userErrors } = await attempt(async () =>
      explainNewFlow(context, await readNewFlow(context, input)),
    );
    return { explanation: result && show(result), userErrors: result?.faults ?? userErrors };
  }

  @Auth('SIGNED_IN')
  @Query(() => [EnrollmentFlowTemplateType], {
    description:
      "The flows to copy from: those that come with Vestibule, then the tenant's own templates. For administrators, of the tenant or of any organization.",
  })
  async enrollmentFlowTemplates(@Ctx() { loaders, tenant, viewer }: GraphQLContext) {
    if (administeredBy(viewer!)?.length === 0) {
      throw forbidden('enrollmentFlowTemplates', Requirement.ORGANIZATION_ADMINISTRATOR);
    }
    const own = await loaders.enrollmentFlows.templates(tenant.id);
    return [
      ...SHIPPED_TEMPLATES.map((shipped) => ({ ...shipped, flowId: null, settings: showSettings(shipped.settings) })),
      ...own.map(({ id, name, description, settings }) => ({
        ...{ name: null, flowId: id, title: name, description, needsOrganization: false },
        settings: showSettings(settings),
      })),
    ];
  }
}

function show({ settings, ...explained }: ExplainedFlow) {
  return { ...explained, settings: showSettings(settings) };
}
