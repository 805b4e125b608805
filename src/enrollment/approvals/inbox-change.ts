import { PetitionAction, PetitionStatus } from '../../entities/enums.js';

/** What an event says that can change an inbox. Ids are uuids. */
interface InboxEvent {
  type: string;
  userUuid: string | null;
  actorUserUuid: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** What became of a petition in somebody's inbox, or of their rights. */
type InboxChangeKind = 'ARRIVED' | 'CHANGED' | 'LEFT' | 'RIGHTS_CHANGED';

/** Types of events, or subjects, that can change somebody's inbox. */
export const INBOX_EVENTS = [
  'petition.*',
  'membership.added',
  'membership.moved',
  'membership.roles_changed',
  'membership.removed',
  'approver_delegation.*',
];

/**
 * How an event changes the inbox of this person, if the petition is for them to decide on; null: not at all. Pure.
 */
export function inboxChangeOf(
  { type, userUuid, actorUserUuid, before, after }: InboxEvent,
  userId: string | null,
): InboxChangeKind | null {
  if (!type.startsWith('petition.')) return userId !== null && userUuid === userId ? 'RIGHTS_CHANGED' : null;
  if (after?.status === PetitionStatus.PENDING_APPROVAL) return 'ARRIVED';
  if (before?.status === PetitionStatus.PENDING_APPROVAL) return 'LEFT';
  // Who has approved has nothing left to do, while others are waited for.
  if (after?.action === PetitionAction.APPROVAL_RECORDED) return actorUserUuid === userId ? 'LEFT' : 'CHANGED';
  return after?.action === PetitionAction.ESCALATED ? 'CHANGED' : null;
}
