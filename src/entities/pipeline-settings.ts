import type { AttributeTarget, UserStatus } from './enums.js';
import type { PipelineMatch, PipelineRemoval } from './source-enums.js';

/** All settings of a pipeline, as they are stored: JSON. Ids are uuids. docs/pipelines.md tells what each does. */
export interface PipelineSettings {
  match: PipelineMatch;
  /** Of IDENTIFIER: the type that is compared. */
  matchIdentifierType: string | null;
  /** Of EXTERNAL: the source of kind MATCH that is asked. */
  matchSourceId: string | null;

  syncsOnAdd: boolean;
  syncsOnUpdate: boolean;
  syncsOnDelete: boolean;

  /** Whether a record that matches nobody makes a user. */
  createsUsers: boolean;
  /** The status of a user that it makes: ACTIVE or PENDING. */
  userStatus: UserStatus;
  copiesName: boolean;
  copiesEmail: boolean;
  /** The types of identifiers that are copied to the user. */
  copiedIdentifierTypes: string[];
  /** Which attributes of the record go where: `from` is a name of the source's mapping, or `affiliation`. */
  attributes: { from: string; target: AttributeTarget; targetName: string }[];

  /** Where the person becomes a member; null: nowhere. */
  organizationId: string | null;
  /** The roles that the membership gets. */
  roleIds: string[];
  /** Roles that it gets besides, by the record's affiliation. */
  affiliationRoles: { affiliation: string; roleId: string }[];
  /** On ADD and RELINK of somebody who is there: their membership in this organization ends. */
  replacesOrganizationId: string | null;

  removal: PipelineRemoval;
  /** Of END_AFTER_GRACE. */
  graceDays: number | null;

  /** After ADD and RELINK a petition of this flow is opened for the person. */
  flowId: string | null;
}
