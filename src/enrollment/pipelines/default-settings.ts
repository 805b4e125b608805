import { UserStatus } from '../../entities/enums.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import { PipelineMatch, PipelineRemoval } from '../../entities/source-enums.js';

/** What a pipeline does unless told: it links by address, makes and copies nothing, and takes nothing away. */
export const DEFAULT_PIPELINE: PipelineSettings = {
  match: PipelineMatch.EMAIL_ADDRESS,
  matchIdentifierType: null,
  matchSourceId: null,
  syncsOnAdd: true,
  syncsOnUpdate: true,
  syncsOnDelete: true,
  createsUsers: false,
  userStatus: UserStatus.ACTIVE,
  copiesName: false,
  copiesEmail: false,
  copiedIdentifierTypes: [],
  attributes: [],
  organizationId: null,
  roleIds: [],
  affiliationRoles: [],
  replacesOrganizationId: null,
  removal: PipelineRemoval.KEEP,
  graceDays: null,
  flowId: null,
};
