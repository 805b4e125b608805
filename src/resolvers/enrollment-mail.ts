import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { administers } from '../auth/administers.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { previewMail } from '../enrollment/mails/preview-mail.js';
import { MailLocale, PetitionMailKind } from '../entities/enums.js';
import { EnrollmentMailPreviewType, EnrollmentMailWordsInput } from '../schema/enrollment-mail.js';
import { Auth } from '../schema/requirement.js';
import { requireUuid } from './answers.js';

@Resolver()
export class EnrollmentMailResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Query(() => EnrollmentMailPreviewType, {
    nullable: true,
    description:
      'A mail of an enrollment flow as it would be sent, with example values or those of a petition; null when there is no such petition of the flow that the caller administers.',
  })
  async enrollmentMailPreview(
    @Ctx() context: GraphQLContext,
    @Arg('id', () => ID, { description: 'Which flow.' }) id: string,
    @Arg('kind', () => PetitionMailKind, { description: 'Which mail.' }) kind: PetitionMailKind,
    @Arg('locale', () => MailLocale, { description: 'In which language.' }) locale: MailLocale,
    @Arg('template', () => EnrollmentMailWordsInput, {
      nullable: true,
      description: "Words to try; without them, the flow's own are shown, or else those that come with Vestibule.",
    })
    template?: EnrollmentMailWordsInput | null,
    @Arg('petitionId', () => ID, {
      nullable: true,
      description: 'A petition of the flow whose values are shown. The link of a confirmation is an example.',
    })
    petitionId?: string | null,
  ): Promise<EnrollmentMailPreviewType | null> {
    const flowId = requireUuid('EnrollmentFlow', id, 'id');
    const petitionUuid = petitionId ? requireUuid('Petition', petitionId, 'petitionId') : null;
    if (petitionUuid && !(await mayAdminister(context, petitionUuid))) return null;
    const words = template && { ...template, html: template.html ?? null };
    const shown = await previewMail(context, { flowId, kind, locale, template: words, petitionId: petitionUuid });
    return shown && { ...shown, template: { kind, locale, ...shown.template }, faults: [...shown.faults] };
  }
}

/** Its approvers see a petition, too: how mails about it are worded is not theirs. */
async function mayAdminister({ loaders, tenant, viewer }: GraphQLContext, petitionId: string): Promise<boolean> {
  const petition = await loaders.petitions.byId(tenant.id, petitionId);
  if (!petition || !viewer) return false;
  return viewer.isTenantAdministrator || administers(viewer, petition.organizationUuid);
}
