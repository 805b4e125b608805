import { describe, expect, it } from '@jest/globals';
import {
  ApproverKind,
  Enablement,
  FactorKind,
  FlowAuthorization,
  MatchPolicy,
  PetitionStep,
  SourceMode,
  TermsMode,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { approversOf } from '../../src/enrollment/machine/approvers.js';
import { planSteps } from '../../src/enrollment/machine/plan.js';
import { EMAIL, ORGANIZATION, ROLE, attributeOf, flowOf } from '../support/petition-arbitraries.js';
import { KIM, MAILED, OPEN, sources } from '../support/petition-driver.js';

describe('the plan of a flow', () => {
  const runs = (changes: Partial<FlowSettings>) =>
    planSteps(flowOf(changes))
      .filter((step) => step.runs)
      .map(({ step }) => step);
  const stepOf = (changes: Partial<FlowSettings>, step: PetitionStep) =>
    planSteps(flowOf(changes)).find((planned) => planned.step === step)!;

  it('runs three steps of a flow that asks nothing, and says of each other one why not', () => {
    expect(runs({})).toEqual(['START', 'FINALIZE', 'PROVISION']);
    const skipped = planSteps(flowOf()).filter((step) => !step.runs);
    expect(skipped).toHaveLength(15);
    for (const { reason } of skipped) expect(reason).toMatch(/^[A-Z].+\.$/);
  });

  it('[ENR-13] chooses the enrollee before it asks sources', () => {
    const steps = runs({ match: MatchPolicy.SELECT, sources: sources(SourceMode.SELECT), attributes: [EMAIL] });
    expect(steps).toEqual(['START', 'SELECT_ENROLLEE', 'SOURCES', 'ATTRIBUTES', 'FINALIZE', 'PROVISION']);
  });

  it('[ENR-51] has terms before the mail where everybody may start, and after it otherwise', () => {
    const terms = { ...MAILED, terms: TermsMode.EXPLICIT };
    const before = ['START', 'ATTRIBUTES', 'PETITIONER_TERMS', 'SEND_CONFIRMATION', 'WAIT_FOR_CONFIRMATION'];
    for (const authorization of [FlowAuthorization.NONE, FlowAuthorization.SIGNED_IN])
      expect(runs({ ...terms, authorization }).slice(0, 5)).toEqual(before);
    for (const authorization of Object.values(FlowAuthorization).slice(2)) {
      expect(runs({ ...terms, authorization })).toEqual(
        expect.arrayContaining(['WAIT_FOR_CONFIRMATION', 'COLLECT_IDENTIFIER', 'TERMS']),
      );
      expect(stepOf({ ...terms, authorization }, PetitionStep.TERMS).party).toBe('ENROLLEE');
      expect(stepOf({ ...terms, authorization }, PetitionStep.PETITIONER_TERMS).reason).toContain('TERMS');
    }
    expect(runs({ ...terms, terms: TermsMode.IGNORE })).not.toContain('PETITIONER_TERMS');
  });

  it('gives the steps after the confirmation to the enrollee, and to the petitioner without one', () => {
    const factors = { authenticators: [{ kind: FactorKind.TOTP, enablement: Enablement.OPTIONAL }] };
    expect(stepOf({ ...MAILED, ...factors }, PetitionStep.AUTHENTICATORS).party).toBe('ENROLLEE');
    expect(stepOf({ ...OPEN, ...factors }, PetitionStep.AUTHENTICATORS).party).toBe('PETITIONER');
    expect(stepOf(MAILED, PetitionStep.FINALIZE).party).toBe('ENROLLEE');
    expect(stepOf(OPEN, PetitionStep.FINALIZE).party).toBe('PETITIONER');
    expect(stepOf({ ...MAILED, requiresApproval: true }, PetitionStep.FINALIZE).party).toBe('APPROVER');
  });

  it('[ENR-34] asks sources in mode SELECT in flows of administrators alone, and those of petitioners in the others', () => {
    const both = sources(SourceMode.SELECT, SourceMode.AUTHENTICATE);
    expect(stepOf({ sources: both }, PetitionStep.SOURCES).reason).toBe('1 source in mode SELECT.');
    expect(stepOf({ ...OPEN, sources: both }, PetitionStep.SOURCES).reason).toBe('1 source in mode AUTHENTICATE.');
    expect(stepOf({ ...OPEN, sources: sources(SourceMode.SELECT) }, PetitionStep.SOURCES)).toMatchObject({
      runs: false,
      reason: expect.stringContaining('SELECT is for flows of administrators'),
    });
  });

  it('[ENR-37] [ENR-38] never asks sources in mode NONE, nor IDENTIFY without a confirmation', () => {
    expect(runs({ ...OPEN, sources: sources(SourceMode.NONE, SourceMode.IDENTIFY) })).not.toEqual(
      expect.arrayContaining(['SOURCES', 'COLLECT_IDENTIFIER', 'CHECK_ELIGIBILITY']),
    );
    expect(stepOf({ ...MAILED, sources: sources(SourceMode.IDENTIFY) }, PetitionStep.COLLECT_IDENTIFIER)).toMatchObject(
      {
        runs: true,
        reason: '1 source in mode IDENTIFY.',
      },
    );
  });

  it('counts attributes and second factors that can be given alone', () => {
    const enablement = Enablement.NOT_PERMITTED;
    expect(
      runs({ attributes: [attributeOf({ enablement })], authenticators: [{ kind: FactorKind.TOTP, enablement }] }),
    ).toEqual(['START', 'FINALIZE', 'PROVISION']);
  });
});

describe('approvers', () => {
  it('[ENR-52] are the holders of the role where there is one, and else administrators', () => {
    const needs = { requiresApproval: true };
    expect(approversOf(flowOf(), ORGANIZATION)).toBeNull();
    expect(approversOf(flowOf({ ...needs, approverRoleId: ROLE }), ORGANIZATION)).toEqual({
      kind: ApproverKind.ROLE,
      roleId: ROLE,
      organizationId: ORGANIZATION,
    });
    const administrators = { kind: ApproverKind.ORGANIZATION_ADMINISTRATORS, roleId: null };
    expect(approversOf(flowOf(needs), ORGANIZATION)).toEqual({ ...administrators, organizationId: ORGANIZATION });
    expect(approversOf(flowOf({ ...needs, authorizationOrganizationId: KIM }), ORGANIZATION)).toEqual({
      ...administrators,
      organizationId: KIM,
    });
    expect(approversOf(flowOf(needs), null)).toEqual({
      kind: ApproverKind.ANY_ADMINISTRATOR,
      roleId: null,
      organizationId: null,
    });
  });
});
