import { describe, expect, it } from '@jest/globals';
import { redirectOf } from '../../src/enrollment/petitions/redirect.js';
import { ConfirmationMode, FlowAuthorization, PetitionStatus as S, PetitionStep } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { flowOf } from '../support/petition-arbitraries.js';

const SUBMIT = 'https://app.example.org/submitted';
const CONFIRM = 'https://app.example.org/confirmed';
const FINALIZE = 'https://app.example.org/enrolled';
const OWN = 'https://lab.example.org/back';

const at = (settings: Partial<FlowSettings>, status: S, step: PetitionStep, returnUrl: string | null = null) =>
  redirectOf(
    flowOf({
      ...{ redirectOnSubmit: SUBMIT, redirectOnConfirm: CONFIRM, redirectOnFinalize: FINALIZE },
      ...{ returnUrlPatterns: ['https://lab\\.example\\.org/.*'], ...settings },
    }),
    { status, step },
    returnUrl,
  );

describe('[ENR-60] where a petition sends its people', () => {
  it.each(Object.values(FlowAuthorization))('after submitting, in a flow of %s', (authorization) => {
    const isOpen = authorization === FlowAuthorization.NONE || authorization === FlowAuthorization.SIGNED_IN;
    const waiting = [S.PENDING_CONFIRMATION, PetitionStep.WAIT_FOR_CONFIRMATION] as const;
    expect(at({ authorization }, ...waiting)).toBe(isOpen ? SUBMIT : null);
    expect(at({ authorization }, ...waiting, OWN)).toBe(isOpen ? SUBMIT : null);
  });

  it('while it waits for approval, and in the end', () => {
    const { REVIEW, NONE } = ConfirmationMode;
    const waiting = [S.PENDING_APPROVAL, PetitionStep.WAIT_FOR_APPROVAL] as const;
    expect([at({}, ...waiting), at({}, ...waiting, OWN)]).toEqual([CONFIRM, OWN]);
    const done = [S.FINALIZED, PetitionStep.DONE] as const;
    expect(at({ confirmation: REVIEW, requiresApproval: false }, ...done)).toBe(CONFIRM);
    expect(at({ confirmation: REVIEW, requiresApproval: true }, ...done)).toBe(FINALIZE);
    expect(at({ confirmation: NONE, requiresApproval: false }, ...done)).toBe(FINALIZE);
    expect(at({ confirmation: REVIEW, requiresApproval: true }, ...done, OWN)).toBe(OWN);
    expect(at({ returnUrlPatterns: [] }, ...done, OWN)).not.toBe(OWN);
    expect(at({}, S.DENIED, PetitionStep.DONE, OWN)).toBeNull();
  });
});
