import { InvitationStatus } from './enums.js';

/** Where an invitation stands at this moment: one that is overdue has expired, whether or not a job has said so yet. */
export function invitationStatusAt(stored: InvitationStatus, expiresAt: Date | string, now: Date): InvitationStatus {
  const isOverdue = stored === InvitationStatus.PENDING && new Date(expiresAt) <= now;
  return isOverdue ? InvitationStatus.EXPIRED : stored;
}
