import type { z } from 'zod';

/** What the `objectId` of an event is an id of; null when the event is about no single object. */
export type EventSubject =
  | 'Organization'
  | 'User'
  | 'Identity'
  | 'Membership'
  | 'Connection'
  | 'Session'
  | 'Factor'
  | 'Tenant'
  | 'WebhookEndpoint'
  | 'ScimToken'
  | 'ScimGroup'
  | 'Permission'
  | 'Role'
  | 'Application'
  | 'OrganizationApplication'
  | 'Invitation'
  | 'EnrollmentFlow'
  | 'Petition'
  | 'Terms'
  | 'ApproverDelegation'
  | 'Source'
  | 'SourceRecord'
  | 'SourceSyncRun'
  | 'Pipeline'
  | null;

type Values = z.ZodType<Record<string, unknown>, object> | undefined;

/** One side of an event: the values, where the type has any; else null or nothing. */
export type SideOf<Name extends 'before' | 'after', Schema> = Schema extends z.ZodType
  ? { [Key in Name]: z.input<Schema> }
  : { [Key in Name]?: null };

export interface EventDefinition<Before extends Values = Values, After extends Values = Values> {
  /** What has happened, in a sentence. */
  description: string;
  about: EventSubject;
  /**
   * Whether it may give or take somebody's rights, or the properties of `after` by which it may: what is open for them is
   * then authorized again.
   */
  changesRights: boolean | readonly string[];
  /** What the values were; undefined where there were none. */
  before: Before;
  /** What the values are now; undefined where there are none. */
  after: After;
  /** Values that the schemas accept, for the documentation. */
  example: { before?: object | null; after?: object | null };
}

/** An entry of the catalogue. `before` and `after` are strict objects, and their example is checked by the compiler. */
export function defineEvent<Before extends Values = undefined, After extends Values = undefined>(definition: {
  description: string;
  about: EventSubject;
  changesRights: boolean | readonly string[];
  before?: Before;
  after?: After;
  example: SideOf<'before', NoInfer<Before>> & SideOf<'after', NoInfer<After>>;
}): EventDefinition<Before, After> {
  return { ...definition, before: definition.before as Before, after: definition.after as After };
}
