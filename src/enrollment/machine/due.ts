import { PetitionStep } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import type { PetitionState } from './state.js';
import { isTerminal } from './transitions.js';

const HOUR = 60 * 60_000;

/** What the clock does to a petition, and when. */
export interface Due {
  command: 'EXPIRE' | 'REMIND' | 'ESCALATE';
  at: Date;
}

/** When a petition expires that is not finished by then: fixed as it begins. Null: never. */
export function expiryOf({ expiryDays }: Pick<FlowSettings, 'expiryDays'>, createdAt: Date): Date | null {
  return expiryDays === null ? null : new Date(createdAt.getTime() + expiryDays * 24 * HOUR);
}

/**
 * The first thing that is due for a petition that waits in its step since then: expiry before escalation before a
 * reminder, where they are due at the same time. Null: nothing ever is. Pure.
 */
export function nextDue(
  flow: FlowSettings,
  state: PetitionState,
  { expiresAt, waitsSince }: { expiresAt: Date | null; waitsSince: Date },
): Due | null {
  if (isTerminal(state.status) || state.status === 'APPROVED') return null;
  const due: Due[] = [];
  const after = (hours: number) => new Date(waitsSince.getTime() + hours * HOUR);
  const isApproval = state.step === PetitionStep.WAIT_FOR_APPROVAL;
  if (expiresAt) due.push({ command: 'EXPIRE', at: expiresAt });
  if (isApproval && flow.escalationHours !== null && !state.isEscalated)
    due.push({ command: 'ESCALATE', at: after(flow.escalationHours) });
  const isReminded = isApproval || state.step === PetitionStep.WAIT_FOR_CONFIRMATION;
  if (isReminded && flow.reminderHours !== null && state.reminders < flow.reminderCount)
    due.push({ command: 'REMIND', at: after(flow.reminderHours * (state.reminders + 1)) });
  return due.sort((left, right) => left.at.getTime() - right.at.getTime())[0] ?? null;
}

/** How many reminders were due by now, since it waits: those that were missed are not sent late, one after the other. */
export function countDueReminders(flow: FlowSettings, waitsSince: Date, now: Date): number {
  const { reminderHours, reminderCount } = flow;
  if (!reminderHours) return 0;
  return Math.min(reminderCount, Math.floor((now.getTime() - waitsSince.getTime()) / (reminderHours * HOUR)));
}
