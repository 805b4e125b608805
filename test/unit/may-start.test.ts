import { describe, expect, it } from '@jest/globals';
import { FlowAuthorization } from '../../src/entities/enums.js';
import { mayStart, type Starter } from '../../src/enrollment/flows/may-start.js';

const [OWN, OTHER, ROLE] = ['organization-own', 'organization-other', 'role-approver'];

const starter = (changes: Partial<Starter> = {}): Starter => ({
  isAuthenticated: true,
  isTenantAdministrator: false,
  memberOf: new Set(),
  administers: new Set(),
  roleIds: new Set(),
  ...changes,
});

const STARTERS = {
  nobody: starter({ isAuthenticated: false }),
  newcomer: starter(),
  member: starter({ memberOf: new Set([OWN]) }),
  memberElsewhere: starter({ memberOf: new Set([OTHER]) }),
  holder: starter({ memberOf: new Set([OTHER]), roleIds: new Set([ROLE]) }),
  administrator: starter({ memberOf: new Set([OWN]), administers: new Set([OWN]) }),
  administratorElsewhere: starter({ memberOf: new Set([OTHER]), administers: new Set([OTHER]) }),
  tenantAdministrator: starter({ isTenantAdministrator: true }),
};

const flow = (authorization: FlowAuthorization, settings = {}, organizationId: string | null = null) => ({
  settings: { authorization, authorizationOrganizationId: null, authorizationRoleId: null, ...settings },
  organizationId,
});

const whoMay = (asked: Parameters<typeof mayStart>[0]) =>
  Object.entries(STARTERS).flatMap(([name, who]) => (mayStart(asked, who) ? [name] : []));

const EVERYBODY = Object.keys(STARTERS);

describe('who may start a flow', () => {
  it('[ENR-02] [ENR-03] is everybody with NONE, signed in or not', () => {
    expect(whoMay(flow(FlowAuthorization.NONE))).toEqual(EVERYBODY);
  });

  it('[ENR-04] is whoever is signed in with SIGNED_IN, without any record, and nobody else', () => {
    expect(whoMay(flow(FlowAuthorization.SIGNED_IN))).toEqual(EVERYBODY.filter((name) => name !== 'nobody'));
  });

  it('[ENR-05] is who holds the role with ROLE_HOLDER, and the administrators of the tenant', () => {
    const settings = { authorizationRoleId: ROLE };
    expect(whoMay(flow(FlowAuthorization.ROLE_HOLDER, settings))).toEqual(['holder', 'tenantAdministrator']);
    expect(whoMay(flow(FlowAuthorization.ROLE_HOLDER))).toEqual(['tenantAdministrator']);
  });

  it('[ENR-06] is not the administrator of another organization with ORGANIZATION_ADMINISTRATOR', () => {
    const named = flow(FlowAuthorization.ORGANIZATION_ADMINISTRATOR, { authorizationOrganizationId: OWN });
    const own = flow(FlowAuthorization.ORGANIZATION_ADMINISTRATOR, {}, OWN);
    for (const asked of [named, own]) expect(whoMay(asked)).toEqual(['administrator', 'tenantAdministrator']);
    expect(whoMay(flow(FlowAuthorization.ORGANIZATION_ADMINISTRATOR))).toEqual(['tenantAdministrator']);
  });

  it('is whose organization the flow names, also where it belongs to another one', () => {
    const asked = flow(FlowAuthorization.ORGANIZATION_MEMBER, { authorizationOrganizationId: OWN }, OTHER);
    expect(whoMay(asked)).toEqual(['member', 'administrator', 'tenantAdministrator']);
  });

  it('is any administrator, any member or only the tenant, as the flow says', () => {
    expect(whoMay(flow(FlowAuthorization.ANY_ADMINISTRATOR))).toEqual([
      'administrator',
      'administratorElsewhere',
      'tenantAdministrator',
    ]);
    expect(whoMay(flow(FlowAuthorization.TENANT_MEMBER))).toEqual(
      EVERYBODY.filter((name) => !['nobody', 'newcomer'].includes(name)),
    );
    expect(whoMay(flow(FlowAuthorization.TENANT_ADMINISTRATOR))).toEqual(['tenantAdministrator']);
  });

  it('[ENR-05] always are the administrators of the tenant', () => {
    for (const authorization of Object.values(FlowAuthorization))
      expect(mayStart(flow(authorization), STARTERS.tenantAdministrator)).toBe(true);
  });
});
