import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { AttributeTarget, UserStatus } from '../../entities/enums.js';
import type { Identifier } from '../identifiers/assign.js';
import type { AttributeChange, PersonPlan } from './plan-changes.js';

/** How long a merge can be undone. */
const UNDOABLE_MILLISECONDS = 30 * 24 * 60 * 60_000;

/**
 * What a merge did, as it is stored: all that is needed to undo it. A merge only ever fills what was missing, so there is
 * nothing before it to keep.
 */
export interface MergeRecord {
  email: { value: string; normalized: string; isVerified: boolean } | null;
  givenName: string | null;
  familyName: string | null;
  /** Whether the user was pending, and was let in by it. */
  activated: boolean;
  attributes: Record<string, unknown>;
  identifiers: Identifier[];
  membership: {
    id: string;
    organizationId: string;
    isNew: boolean;
    roles: { id: string; name: string }[];
    attributes: Record<string, unknown>;
  } | null;
}

/** What finalizing gave besides what was planned. */
interface Given {
  identifiers: Identifier[];
  membership: { id: string; isNew: boolean } | null;
  roles: readonly { id: string; name: string }[];
}

/** Writes down what a merge did. */
export async function recordMerge(
  manager: EntityManager,
  { tenantId, at }: Writer,
  petition: { id: string; organizationId: string | null },
  userId: string,
  plan: PersonPlan,
  given: Given,
): Promise<void> {
  await runSql(
    manager,
    `insert into petition_merges (id, tenant_id, petition_id, user_id, changes, merged_at, undoable_until)
     values ($2, $1, $3, $4, $5, $6, $7)`,
    [
      tenantId,
      v7(),
      petition.id,
      userId,
      JSON.stringify(toRecord(plan, petition.organizationId, given)),
      at,
      new Date(at.getTime() + UNDOABLE_MILLISECONDS),
    ],
  );
}

/** What is to be taken back, should the merge be undone. Pure. */
export function toRecord(plan: PersonPlan, organizationId: string | null, given: Given): MergeRecord {
  const { before, after, changes, grantedRoleIds } = plan;
  const { membership } = given;
  const filledOf = (target: AttributeTarget): AttributeChange[] =>
    changes.filter((change) => change.target === target && change.action === 'FILLED');
  const valuesOf = (target: AttributeTarget): Record<string, unknown> =>
    Object.fromEntries(filledOf(target).map(({ name, after: value }) => [name, value]));
  const isFilled = (target: AttributeTarget) => filledOf(target).length > 0;
  return {
    email: isFilled(AttributeTarget.USER_EMAIL)
      ? { value: after.email!, normalized: after.emailNormalized!, isVerified: after.isEmailVerified }
      : null,
    givenName: isFilled(AttributeTarget.USER_GIVEN_NAME) ? after.givenName : null,
    familyName: isFilled(AttributeTarget.USER_FAMILY_NAME) ? after.familyName : null,
    activated: before.status === UserStatus.PENDING,
    attributes: valuesOf(AttributeTarget.USER_ATTRIBUTE),
    identifiers: given.identifiers,
    membership: membership && {
      id: membership.id,
      organizationId: organizationId!,
      isNew: membership.isNew,
      roles: given.roles.filter(({ id }) => grantedRoleIds.includes(id)).map(({ id, name }) => ({ id, name })),
      attributes: valuesOf(AttributeTarget.MEMBERSHIP_ATTRIBUTE),
    },
  };
}
