import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { runSql, transact } from '../../database/transact.js';
import { UserStatus } from '../../entities/enums.js';
import type { FactOf } from '../../events/catalogue.js';
import { recordEvents } from '../../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';

const DAY = 24 * 60 * 60_000;
const MOST_DAYS = 366;
/** How many of one person's delegations may be under way or to come. */
const MOST_DELEGATIONS = 20;

/** Who decides for whom. Ids are uuids; whether the caller may say so for `userId` is decided by who calls this. */
export interface CreateDelegation {
  idempotencyKey?: string | null;
  userId: string;
  delegateId: string;
  /** Absent: in all organizations. */
  organizationId?: string | null;
  /** Absent: at once. */
  startsAt?: Date | null;
  endsAt: Date;
}

/**
 * Has somebody decide on petitions for somebody else, for a time, and gives the id of the delegation. Throws Faults:
 * NOT_FOUND, INVALID, IDEMPOTENCY_KEY_REUSED.
 */
export async function createDelegation(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreateDelegation,
): Promise<string> {
  const writer = writerOf(context, 'approverDelegationCreate');
  const { tenantId, at } = writer;
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'approverDelegationCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return made;
    const delegation = { ...input, startsAt: input.startsAt ?? at, organizationId: input.organizationId ?? null };
    refuseFaults(checkDelegation(writer.actor.userId, delegation, at));
    await refuseUnsuited(manager, tenantId, delegation, at);
    await runSql(
      manager,
      `insert into approver_delegations
         (id, tenant_id, user_id, delegate_user_id, organization_id, starts_at, ends_at, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        ...[id, tenantId, delegation.userId, delegation.delegateId, delegation.organizationId],
        ...[delegation.startsAt, delegation.endsAt, at],
      ],
    );
    // It is the delegate whose rights change: the event is about them.
    const { delegateId: userId, organizationId } = delegation;
    await recordEvents(manager, writer, [
      { type: 'approver_delegation.created', organizationId, userId, objectId: id, after: published(delegation) },
    ]);
    return id;
  });
}

/** Ends a delegation, at once. Throws Faults: NOT_FOUND. */
export async function deleteDelegation(context: OperationContext, { id }: { id: string }): Promise<void> {
  const writer = writerOf(context, 'approverDelegationDelete');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const [deleted] = await runSql<Delegation>(
      manager,
      `delete from approver_delegations where tenant_id = $1 and id = $2
       returning user_id as "userId", delegate_user_id as "delegateId", organization_id as "organizationId",
         starts_at as "startsAt", ends_at as "endsAt"`,
      [tenantId, id],
    );
    refuseFaults([!deleted && fault(UserErrorCode.NOT_FOUND, 'There is no such delegation.', 'id')]);
    const { delegateId: userId, organizationId } = deleted!;
    await recordEvents(manager, writer, [
      { type: 'approver_delegation.deleted', organizationId, userId, objectId: id, before: published(deleted!) },
    ]);
  });
}

interface Delegation {
  userId: string;
  delegateId: string;
  organizationId: string | null;
  startsAt: Date | string;
  endsAt: Date | string;
}

type Wanted = Delegation & { startsAt: Date; endsAt: Date };

function checkDelegation(callerId: string | null, { userId, delegateId, startsAt, endsAt }: Wanted, now: Date) {
  const invalid = (message: string, field: string) => fault(UserErrorCode.INVALID, message, field);
  return [
    delegateId === userId && invalid('Nobody stands in for themselves.', 'delegateId'),
    // Otherwise whoever administers could decide where a role is named that they do not hold (ENR-52).
    userId !== callerId &&
      delegateId === callerId &&
      invalid('Who names a delegate for somebody else names somebody else.', 'delegateId'),
    endsAt <= now && invalid('endsAt is in the future.', 'endsAt'),
    endsAt <= startsAt && invalid('endsAt is after startsAt.', 'endsAt'),
    endsAt.getTime() - startsAt.getTime() > MOST_DAYS * DAY && invalid(`It lasts ${MOST_DAYS} days at most.`, 'endsAt'),
  ];
}

/** Both must be active, and the absent one a member where it counts. Their row is locked, so that two at once are counted. */
async function refuseUnsuited(
  manager: EntityManager,
  tenantId: string,
  { userId, delegateId, organizationId }: Wanted,
  now: Date,
): Promise<void> {
  const users = await runSql<{ id: string; status: UserStatus }>(
    manager,
    'select id, status from users where tenant_id = $1 and id = any($2::uuid[]) order by id for no key update',
    [tenantId, [userId, delegateId]],
  );
  const status = new Map(users.map((user) => [user.id, user.status]));
  refuseFaults([
    !status.has(userId) && fault(UserErrorCode.NOT_FOUND, 'There is no such user.', 'userId'),
    !status.has(delegateId) && fault(UserErrorCode.NOT_FOUND, 'There is no such user.', 'delegateId'),
  ]);
  const [counted] = await runSql<{ count: number; isMember: boolean }>(
    manager,
    `select count(*)::int as count, $3::uuid is null or exists (
       select 1 from memberships m where m.tenant_id = $1 and m.user_id = $2 and m.organization_id = $3) as "isMember"
     from approver_delegations where tenant_id = $1 and user_id = $2 and ends_at > $4`,
    [tenantId, userId, organizationId, now],
  );
  const { count, isMember } = counted!;
  const invalid = (message: string, ...field: string[]) => fault(UserErrorCode.INVALID, message, ...field);
  refuseFaults([
    status.get(delegateId) !== UserStatus.ACTIVE && invalid('A delegate is an active user.', 'delegateId'),
    !isMember && invalid('They are no member of this organization.', 'organizationId'),
    count >= MOST_DELEGATIONS && invalid(`There are ${MOST_DELEGATIONS} delegations already: delete one first.`),
  ]);
}

function published({
  userId,
  delegateId,
  organizationId,
  startsAt,
  endsAt,
}: Delegation): FactOf<'approver_delegation.created'>['after'] {
  return {
    userId: toGlobalId('User', userId),
    delegateId: toGlobalId('User', delegateId),
    organizationId: organizationId && toGlobalId('Organization', organizationId),
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
  };
}
