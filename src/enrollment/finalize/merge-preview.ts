import { createBatch } from '../../database/batch.js';
import type { Database } from '../../database/database.js';
import { isTerminal } from '../machine/transitions.js';
import type { PetitionState } from '../machine/state.js';
import { type AttributeChange, type GivingPetition, planPerson } from './plan-changes.js';
import { type FoundEnrollee, readEnrollees } from './read-enrollees.js';

/** What merging a petition into who is known would change, as they are now. */
export interface MergePreview {
  changes: AttributeChange[];
  /** Of which types the person would be assigned an identifier. */
  assignedIdentifierTypes: string[];
  /** Whether they would become a member. */
  isNewMember: boolean;
  /** The names of the roles that the membership would get. */
  roles: string[];
}

type Reads = {
  enrollees: (tenantId: string, key: string) => Promise<FoundEnrollee | undefined>;
  roles: (tenantId: string, key: string) => Promise<string | undefined>;
};

const reads = new WeakMap<Database, Reads>();

/** A petition that was read, with all that decides about its person. */
export type PreviewedPetition = Omit<GivingPetition, 'state'> & {
  state: Pick<PetitionState, 'status' | 'enrolleeUserId' | 'email' | 'isEmailVerified' | 'organizationId' | 'progress'>;
};

/**
 * What finalizing a petition would do to the person into whom it is merged: planned by the same function as the merge
 * itself. Null for a petition that is not merged into anybody, or is finished. Calls of one turn of the event loop share
 * their statements.
 */
export async function previewMerge(
  database: Database,
  tenantId: string,
  petition: PreviewedPetition,
): Promise<MergePreview | null> {
  const { state } = petition;
  if (!state.progress.isMerge || !state.enrolleeUserId || isTerminal(state.status)) return null;
  const { enrollees, roles } = readsOf(database);
  const known = await enrollees(tenantId, JSON.stringify([state.enrolleeUserId, state.organizationId]));
  if (!known) return null;
  const plan = planPerson(petition, known);
  const names = await Promise.all(plan.grantedRoleIds.map((id) => roles(tenantId, id)));
  return {
    changes: plan.changes,
    assignedIdentifierTypes: plan.assignedTypes,
    isNewMember: plan.after.membership !== null && !known.membership,
    roles: names.filter((name) => name !== undefined).sort(),
  };
}

function readsOf(database: Database): Reads {
  let found = reads.get(database);
  if (!found) reads.set(database, (found = createReads(database)));
  return found;
}

function createReads(database: Database): Reads {
  return {
    enrollees: createBatch<FoundEnrollee>(({ tenantId }, keys) => {
      const asked = keys.map((key) => {
        const [userId, organizationId] = JSON.parse(key) as [string, string | null];
        return { key, userId, organizationId };
      });
      return readEnrollees((text, values) => database.read(tenantId, text, values), tenantId, asked);
    }),
    roles: createBatch<string>(async ({ tenantId }, ids) => {
      const rows = await database.read<{ id: string; name: string }>(
        tenantId,
        'select id, name from roles where tenant_id = $1 and id = any($2::uuid[])',
        [tenantId, ids],
      );
      return new Map(rows.map(({ id, name }) => [id, name]));
    }),
  };
}
