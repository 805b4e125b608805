import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PetitionParty, PetitionStatus, PetitionStep } from '../../src/entities/enums.js';
import { countDueReminders, expiryOf, nextDue } from '../../src/enrollment/machine/due.js';
import type { PetitionState } from '../../src/enrollment/machine/state.js';
import { isTerminal } from '../../src/enrollment/machine/transitions.js';
import { flowOf } from '../support/petition-arbitraries.js';

const HOUR = 3_600_000;
const BEGAN = new Date('2026-03-01T09:00:00Z');
const after = (hours: number) => new Date(BEGAN.getTime() + hours * HOUR);

const stateOf = (changes: Partial<PetitionState> = {}): PetitionState => ({
  status: PetitionStatus.PENDING_APPROVAL,
  step: PetitionStep.WAIT_FOR_APPROVAL,
  waitsFor: PetitionParty.APPROVER,
  petitionerUserId: null,
  enrolleeUserId: null,
  organizationId: null,
  email: null,
  isEmailVerified: false,
  vettingStatus: null,
  reminders: 0,
  isEscalated: false,
  progress: { hasAttributes: true, isMatched: false, sources: {}, approvals: [], isMerge: false, isNewRole: false },
  ...changes,
});

const confirming = (changes: Partial<PetitionState> = {}) =>
  stateOf({ status: PetitionStatus.PENDING_CONFIRMATION, step: PetitionStep.WAIT_FOR_CONFIRMATION, ...changes });

const FLOW = flowOf({ reminderHours: 24, reminderCount: 2, escalationHours: 36, expiryDays: 7 });
const dueOf = (state: PetitionState, flow = FLOW, expiresAt: Date | null = after(7 * 24)) =>
  nextDue(flow, state, { expiresAt, waitsSince: BEGAN });

describe('what is due', () => {
  it('is the reminder first, then what comes after it, and the expiry last', () => {
    expect(dueOf(stateOf())).toEqual({ command: 'REMIND', at: after(24) });
    expect(dueOf(stateOf({ reminders: 1 }))).toEqual({ command: 'ESCALATE', at: after(36) });
    expect(dueOf(stateOf({ reminders: 1, isEscalated: true }))).toEqual({ command: 'REMIND', at: after(48) });
    expect(dueOf(stateOf({ reminders: 2, isEscalated: true }))).toEqual({ command: 'EXPIRE', at: after(168) });
  });

  it('is not escalated where nobody decides, and reminds nobody where nobody is asked', () => {
    expect(dueOf(confirming())).toEqual({ command: 'REMIND', at: after(24) });
    expect(dueOf(confirming({ reminders: 2 }))).toEqual({ command: 'EXPIRE', at: after(168) });
    for (const step of [PetitionStep.ATTRIBUTES, PetitionStep.TERMS, PetitionStep.VETTING, PetitionStep.SOURCES])
      expect(dueOf(stateOf({ status: PetitionStatus.CREATED, step }))).toEqual({ command: 'EXPIRE', at: after(168) });
  });

  it('is the expiry before the escalation before the reminder, where they are due at the same time', () => {
    const flow = flowOf({ reminderHours: 24, reminderCount: 1, escalationHours: 24 });
    expect(dueOf(stateOf(), flow, after(24))?.command).toBe('EXPIRE');
    expect(dueOf(stateOf(), flow, null)?.command).toBe('ESCALATE');
    expect(dueOf(stateOf({ isEscalated: true }), flow, null)?.command).toBe('REMIND');
    expect(dueOf(stateOf({ isEscalated: true, reminders: 1 }), flow, null)).toBeNull();
  });

  it('is nothing for what is approved or over', () => {
    for (const status of Object.values(PetitionStatus)) {
      const isOver = isTerminal(status) || status === PetitionStatus.APPROVED;
      expect(dueOf(stateOf({ status })) === null).toBe(isOver);
    }
    expect(dueOf(stateOf(), flowOf(), null)).toBeNull();
  });

  it('never goes back in time, and ends', () => {
    const hours = fc.option(fc.integer({ min: 1, max: 100 }));
    fc.assert(
      fc.property(
        hours,
        fc.nat(5),
        hours,
        hours,
        fc.boolean(),
        (reminderHours, count, escalationHours, expiry, isApproval) => {
          const flow = flowOf({ reminderHours, reminderCount: count, escalationHours });
          const expiresAt = expiry === null ? null : after(expiry);
          let state = isApproval ? stateOf() : confirming();
          let last = BEGAN;
          for (let turns = 0; turns < 8; turns++) {
            const due = nextDue(flow, state, { expiresAt, waitsSince: BEGAN });
            if (!due || due.command === 'EXPIRE') return;
            expect(due.at.getTime()).toBeGreaterThanOrEqual(last.getTime());
            if (expiresAt) expect(due.at.getTime()).toBeLessThan(expiresAt.getTime());
            last = due.at;
            state =
              due.command === 'ESCALATE'
                ? { ...state, isEscalated: true }
                : { ...state, reminders: state.reminders + 1 };
          }
          throw new Error('There is always something due.');
        },
      ),
    );
  });
});

describe('the expiry', () => {
  it('is so many days after the petition began, or never', () => {
    expect(expiryOf({ expiryDays: 7 }, BEGAN)).toEqual(after(7 * 24));
    expect(expiryOf({ expiryDays: null }, BEGAN)).toBeNull();
  });
});

describe('reminders that were missed', () => {
  it.each([
    [0, 0],
    [23.9, 0],
    [24, 1],
    [47, 1],
    [48, 2],
    [1_000, 2],
  ])('are counted: after %d hours, %d', (hours, count) => {
    expect(countDueReminders(FLOW, BEGAN, after(hours))).toBe(count);
  });

  it('are none where the flow reminds nobody', () => {
    expect(countDueReminders(flowOf(), BEGAN, after(1_000))).toBe(0);
  });
});
