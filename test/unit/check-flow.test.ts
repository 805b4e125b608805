import { describe, expect, it } from '@jest/globals';
import {
  AttributeTarget,
  AttributeType,
  Enablement,
  FactorKind,
  FlowTemplateName,
  type SourceMode,
} from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { checkFlow, type FlowPlace } from '../../src/enrollment/flows/check-flow.js';
import { changeSettings, DEFAULT_SETTINGS, SETTING_NAMES } from '../../src/enrollment/flows/default-settings.js';
import { isReturnUrlAllowed } from '../../src/enrollment/flows/return-url.js';
import { settingsOfTemplate, SHIPPED_TEMPLATES } from '../../src/enrollment/flows/templates.js';
import { makeDefinition } from '../support/attributes.js';

const ORGANIZATION = '0199a1b2-c3d4-7e5f-8a6b-000000000001';
const OTHER = '0199a1b2-c3d4-7e5f-8a6b-000000000002';
const ROLE = '0199a1b2-c3d4-7e5f-8a6b-000000000003';
const SOURCE = '0199a1b2-c3d4-7e5f-8a6b-000000000004';

const TENANT: FlowPlace = {
  organizationId: null,
  origins: ['https://id.example.org', 'http://localhost:3000'],
  factorKinds: [FactorKind.TOTP],
};
const OWN: FlowPlace = { ...TENANT, organizationId: ORGANIZATION };

const EMAIL = makeDefinition({
  ...{ key: 'email', type: AttributeType.EMAIL, target: AttributeTarget.USER_EMAIL, enablement: Enablement.REQUIRED },
});
const source = (mode: string, sourceId = SOURCE) => ({ sourceId, mode: mode as SourceMode, verifiesFamilyName: false });
const authenticator = (kind: string, enablement: string) => ({ kind, enablement }) as never;

type Given = { [Name in keyof FlowSettings]?: unknown };
const check = (given: Given, place = TENANT) => checkFlow({ ...DEFAULT_SETTINGS, ...(given as object) }, place);
const faultsAt = (given: Given, place?: FlowPlace) =>
  check(given, place).faults.map(({ code, field }) => `${code} ${field?.join('.')}`);
const warningsAt = (given: Given, place?: FlowPlace) =>
  check(given, place).warnings.map(({ field }) => field?.join('.'));

const CONFIRMED = { confirmation: 'REVIEW', attributes: [EMAIL] };

/** What cannot work: a name, the settings, what is wrong, and (if another than the tenant's) the place. */
const REFUSED: [name: string, given: Given, faults: string[], place?: FlowPlace][] = [
  ['[ENR-59] vetting without approval', { requestsVetting: true }, ['INVALID requestsVetting']],
  ['[ENR-38] IDENTIFY without confirmation', { sources: [source('IDENTIFY')] }, ['INVALID sources.0.mode']],
  ['a sign-in to confirm, without confirmation', { requiresAuthentication: true }, ['INVALID requiresAuthentication']],
  ['a new link, without confirmation', { regeneratesConfirmation: true }, ['INVALID regeneratesConfirmation']],
  ['SELF of nobody', { authorization: 'NONE', match: 'SELF' }, ['INVALID match']],
  ['SELECT by nobody', { authorization: 'NONE', match: 'SELECT' }, ['INVALID match']],
  ['SELECT by who finds nobody', { authorization: 'TENANT_MEMBER', match: 'SELECT' }, ['INVALID match']],
  [
    'a search of people by nobody',
    { authorization: 'NONE', letsPetitionersFindPeople: true },
    ['INVALID letsPetitionersFindPeople'],
  ],
  ['EXTERNAL without a match server', { match: 'EXTERNAL' }, ['REQUIRED matchSourceId']],
  ['a match server without EXTERNAL', { matchSourceId: SOURCE }, ['INVALID matchSourceId']],
  [
    'EXTERNAL and MERGE',
    { match: 'EXTERNAL', matchSourceId: SOURCE, duplicateMode: 'MERGE' },
    ['INVALID duplicateMode'],
  ],
  [
    'a match server that is a source as well',
    { match: 'EXTERNAL', matchSourceId: SOURCE, sources: [source('NONE')] },
    ['INVALID sources.0.sourceId'],
  ],
  ['SEARCH without a proven address', { sources: [source('SEARCH')] }, ['INVALID sources.0.mode']],
  ['SEARCH_REQUIRED without a proven address', { sources: [source('SEARCH_REQUIRED')] }, ['INVALID sources.0.mode']],
  ['N_OF_M without a count', { requiresApproval: true, approvalRule: 'N_OF_M' }, ['REQUIRED approvalCount']],
  ['a count without N_OF_M', { requiresApproval: true, approvalCount: 2 }, ['INVALID approvalCount']],
  ['N_OF_M of none', { requiresApproval: true, approvalRule: 'N_OF_M', approvalCount: 0 }, ['INVALID approvalCount']],
  [
    "an organization's administrators, of none",
    { authorization: 'ORGANIZATION_ADMINISTRATOR' },
    ['REQUIRED authorizationOrganizationId'],
  ],
  [
    "an organization's members, of none",
    { authorization: 'ORGANIZATION_MEMBER' },
    ['REQUIRED authorizationOrganizationId'],
  ],
  [
    'an organization that starts nothing',
    { authorizationOrganizationId: ORGANIZATION },
    ['INVALID authorizationOrganizationId'],
  ],
  [
    "another organization's people",
    { authorization: 'ORGANIZATION_MEMBER', authorizationOrganizationId: OTHER },
    ['INVALID authorizationOrganizationId'],
    OWN,
  ],
  ['holders of no role', { authorization: 'ROLE_HOLDER' }, ['REQUIRED authorizationRoleId']],
  ['a role that starts nothing', { authorizationRoleId: ROLE }, ['INVALID authorizationRoleId']],
  ['a new role nowhere', { duplicateMode: 'NEW_ROLE' }, ['INVALID duplicateMode']],
  [
    'a new role in another organization, nowhere',
    { duplicateMode: 'NEW_ROLE_OTHER_ORGANIZATION' },
    ['INVALID duplicateMode'],
  ],
  ['roles nowhere', { roleIds: [ROLE] }, ['INVALID roleIds']],
  ['enrolling elsewhere', { organizationIds: [ORGANIZATION, OTHER] }, ['INVALID organizationIds'], OWN],
  ['nothing to confirm', { confirmation: 'REVIEW' }, ['INVALID confirmation']],
  [
    'an address that may be left out',
    { confirmation: 'REVIEW', attributes: [{ ...EMAIL, enablement: 'OPTIONAL' }] },
    ['INVALID confirmation'],
  ],
  [
    'decisions without approval',
    { approverRoleId: ROLE, decisionComment: 'DENIAL', decisionConfirmation: 'ALWAYS', allowsOwnApproval: true },
    ['approverRoleId', 'decisionConfirmation', 'decisionComment', 'allowsOwnApproval'].map((name) => `INVALID ${name}`),
  ],
  ['all approvers of none', { approvalRule: 'ALL' }, ['INVALID approvalRule']],
  ['escalation without approval', { escalationHours: 24 }, ['INVALID escalationHours']],
  ['reminders that never come', { reminderHours: 24 }, ['REQUIRED reminderCount']],
  ['reminders at no time', { reminderCount: 2 }, ['REQUIRED reminderHours']],
  [
    'times out of bounds',
    { expiryDays: 0, confirmationMinutes: 43_201 },
    ['confirmationMinutes', 'expiryDays'].map((name) => `INVALID ${name}`),
  ],
  ['half a number', { expiryDays: 1.5 }, ['INVALID expiryDays']],
  ['a script to go to', { redirectOnSubmit: 'javascript:alert(1)' }, ['INVALID redirectOnSubmit']],
  ['http to go to', { redirectOnFinalize: 'http://app.example.org/' }, ['INVALID redirectOnFinalize']],
  ['a name and password to go to', { redirectOnSubmit: 'https://a:b@app.example.org/' }, ['INVALID redirectOnSubmit']],
  [
    'what browsers read otherwise',
    { redirectOnSubmit: 'https://a.example\\@b.example/' },
    ['INVALID redirectOnSubmit'],
  ],
  [
    'a pattern that is none',
    { returnUrlPatterns: ['https://(', '(?=a)b'] },
    ['INVALID returnUrlPatterns.0', 'INVALID returnUrlPatterns.1'],
  ],
  ['a pattern that is too long', { returnUrlPatterns: ['a'.repeat(2_000)] }, ['TOO_LONG returnUrlPatterns.0']],
  [
    'a template that cannot be read',
    {
      ...CONFIRMED,
      mailTemplates: [{ kind: 'CONFIRMATION', locale: 'EN', subject: 'Go', text: '{% if %}', html: null }],
    },
    ['INVALID mailTemplates.0.text'],
  ],
  [
    'a second factor of nobody',
    { ...CONFIRMED, authenticators: [authenticator('TOTP', 'REQUIRED')] },
    ['INVALID authenticators.0.enablement'],
  ],
  [
    'a second factor that is not taken',
    { authorization: 'SIGNED_IN', match: 'SELF', authenticators: [authenticator('PASSKEY', 'REQUIRED')] },
    ['INVALID authenticators.0.kind'],
  ],
  [
    "a second factor that is another's word",
    { authorization: 'SIGNED_IN', match: 'SELF', authenticators: [authenticator('ASSERTED', 'OPTIONAL')] },
    ['INVALID authenticators.0.kind'],
  ],
  ['a role twice', { roleIds: [ROLE, ROLE] }, ['INVALID roleIds.1'], OWN],
  ['a source twice', { sources: [source('NONE'), source('NONE')] }, ['INVALID sources.1']],
  [
    'a factor twice',
    { authenticators: [authenticator('TOTP', 'OPTIONAL'), authenticator('TOTP', 'NOT_PERMITTED')] },
    ['INVALID authenticators.1'],
  ],
  ['an attribute twice', { attributes: [EMAIL, { ...EMAIL, target: 'NONE' }] }, ['INVALID attributes.1.key']],
  ['too many roles', { roleIds: Array.from({ length: 51 }, (_, index) => `${index}`) }, ['INVALID roleIds'], OWN],
  ['too long a text', { introduction: 'a'.repeat(16_385) }, ['TOO_LONG introduction']],
  ['a name of two lines', { notifyFrom: 'A\r\nBcc: b@example.org' }, ['INVALID notifyFrom']],
  ['text that no database holds', { conclusion: 'a\0' }, ['INVALID conclusion']],
  ['half a character', { formIntroduction: '\ud800' }, ['INVALID formIntroduction']],
  [
    'identifiers that are all the same',
    { assignedIdentifiers: [{ type: 'uid', format: 'user' }] },
    ['INVALID assignedIdentifiers.0.format'],
  ],
];

describe('what cannot work is refused, with its place', () => {
  // Rows of one length: jest takes a parameter too many for a callback.
  it.each(REFUSED.map(([name, given, faults, place = TENANT]) => [name, given, faults, place] as const))(
    '%s',
    (_name, given, faults, place) => {
      expect(faultsAt(given, place)).toEqual(faults);
      expect(check(given, place).faults.every(({ message }) => message.length > 10)).toBe(true);
    },
  );

  it('all at once', () => {
    const given = { requestsVetting: true, roleIds: [ROLE], sources: [source('IDENTIFY')], redirectOnConfirm: 'no' };
    expect(faultsAt(given).sort()).toEqual([
      ...['INVALID redirectOnConfirm', 'INVALID requestsVetting', 'INVALID roleIds', 'INVALID sources.0.mode'],
    ]);
  });
});

describe('what works is taken', () => {
  const TAKEN: [name: string, given: Given, place?: FlowPlace][] = [
    ['nothing', {}],
    ['vetting with approval', { requestsVetting: true, requiresApproval: true }],
    ['IDENTIFY after a confirmation', { ...CONFIRMED, sources: [source('IDENTIFY')] }],
    ['SELF of whoever signs in', { authorization: 'SIGNED_IN', match: 'SELF' }],
    ['SELECT by an administrator', { match: 'SELECT' }],
    [
      'SELECT by members who may search',
      { authorization: 'TENANT_MEMBER', match: 'SELECT', letsPetitionersFindPeople: true },
    ],
    ['a search of who is known', { match: 'SELECT', sources: [source('SEARCH_REQUIRED')] }],
    ['a search of a proven address', { ...CONFIRMED, sources: [source('SEARCH')] }],
    [
      'a search of what CLAIM proved',
      { authorization: 'SIGNED_IN', sources: [source('CLAIM'), source('SEARCH', OTHER)] },
    ],
    ["an organization's own people", { authorization: 'ORGANIZATION_MEMBER' }, OWN],
    ['roles in its own organization', { roleIds: [ROLE], duplicateMode: 'NEW_ROLE' }, OWN],
    ['N_OF_M', { requiresApproval: true, approvalRule: 'N_OF_M', approvalCount: 2 }],
    [
      "pages of the tenant's own",
      { redirectOnSubmit: 'http://localhost:3000/done', redirectOnConfirm: 'https://x.example/' },
    ],
    [
      'an authenticator of who signs in',
      { ...CONFIRMED, requiresAuthentication: true, authenticators: [authenticator('TOTP', 'REQUIRED')] },
    ],
  ];
  it.each(TAKEN.map(([name, given, place = TENANT]) => [name, given, place] as const))('%s', (_name, given, place) => {
    expect(faultsAt(given, place)).toEqual([]);
  });

  it('every template that comes with Vestibule, in an organization; and of the tenant, where it needs none', () => {
    expect(SHIPPED_TEMPLATES.map(({ name }) => name)).toEqual(Object.values(FlowTemplateName));
    for (const { name, settings, needsOrganization } of SHIPPED_TEMPLATES) {
      expect(Object.keys(settings).sort()).toEqual([...SETTING_NAMES].sort());
      const own = settingsOfTemplate(name, ORGANIZATION);
      expect([name, faultsAt({ ...own, roleIds: [ROLE] }, OWN), warningsAt(own, OWN)]).toEqual([name, [], []]);
      const alone = faultsAt(settings);
      expect([name, alone.length > 0]).toEqual([name, needsOrganization]);
    }
  });
});

describe('what is likely not meant is warned of', () => {
  const NAME = makeDefinition({ key: 'name', target: AttributeTarget.USER_FAMILY_NAME });
  const WARNED: [name: string, given: Given, warnings: (string | undefined)[]][] = [
    [
      'administrators of other organizations who enroll people here',
      { authorization: 'ANY_ADMINISTRATOR' },
      ['authorization'],
    ],
    ['the same with approval', { authorization: 'ANY_ADMINISTRATOR', requiresApproval: true }, []],
    [
      'a page after submitting where the pages before are known',
      { ...CONFIRMED, authorization: 'ORGANIZATION_MEMBER', redirectOnSubmit: 'https://x.example/' },
      ['redirectOnSubmit'],
    ],
    [
      'a page after submitting for everybody',
      { ...CONFIRMED, authorization: 'SIGNED_IN', redirectOnSubmit: 'https://x.example/' },
      [],
    ],
    [
      '[ENR-34] SELECT where no administrator starts',
      { authorization: 'SIGNED_IN', sources: [source('SELECT')] },
      ['sources.0.mode'],
    ],
    ['AUTHENTICATE where administrators start', { sources: [source('AUTHENTICATE')] }, ['sources.0.mode']],
    ['CLAIM where administrators start', { sources: [source('CLAIM')] }, ['sources.0.mode']],
    [
      'attributes of a refresh',
      { authorization: 'TENANT_MEMBER', match: 'SELF', attributes: [NAME], sources: [source('SEARCH')] },
      ['attributes'],
    ],
    [
      'names that are not compared',
      { sources: [{ ...source('NONE'), verifiesFamilyName: true }] },
      ['sources.0.verifiesFamilyName'],
    ],
    [
      'a search by anybody',
      { authorization: 'SIGNED_IN', letsPetitionersFindPeople: true },
      ['letsPetitionersFindPeople'],
    ],
    [
      'any return URL',
      { returnUrlPatterns: ['https://.*', 'https://app\\.example\\.org/.*'] },
      ['returnUrlPatterns.0'],
    ],
    [
      'a mail that is never sent',
      { mailTemplates: [{ kind: 'FINALIZED', locale: 'EN', subject: 'Hi', text: 'Hi', html: null }] },
      ['mailTemplates.0'],
    ],
    ['[ENR-54] a denial without words', { requiresApproval: true, notifiesOfDecision: true }, ['notifiesOfDecision']],
    [
      'a confirmation of what is proven',
      { authorization: 'SIGNED_IN', match: 'SELF', confirmation: 'REVIEW' },
      ['confirmation'],
    ],
    ['an early end', { ...CONFIRMED, confirmationMinutes: 43_200, expiryDays: 1 }, ['expiryDays']],
    ['a page that nobody reaches', { redirectOnConfirm: 'https://x.example/' }, ['redirectOnConfirm']],
  ];
  it.each(WARNED)('%s', (_name, given, warnings) => {
    expect(warningsAt(given, OWN)).toEqual(warnings);
    expect(faultsAt(given, OWN)).toEqual([]);
  });
});

describe('settings', () => {
  it('absent keeps, null sets back', () => {
    const known = { ...DEFAULT_SETTINGS, introduction: 'Hello', roleIds: [ROLE], expiryDays: 3 };
    expect(changeSettings(known, { introduction: null, roleIds: null, confirmationMinutes: null })).toEqual({
      ...DEFAULT_SETTINGS,
      expiryDays: 3,
    });
  });

  it('[ENR-60] a return URL must match a whole pattern, and be an address of the web', () => {
    const patterns = ['https://app\\.example\\.org/.*'];
    expect(isReturnUrlAllowed(patterns, 'https://app.example.org/done?x=1')).toBe(true);
    expect(isReturnUrlAllowed([], 'https://app.example.org/done')).toBe(false);
    const refused = [
      ...['https://app.example.org.evil.example/', 'https://evil.example/?https://app.example.org/', 'no address'],
      ...['https://app.example.org\\@evil.example/', 'javascript:alert(1)', 'https://a:b@app.example.org/'],
    ];
    for (const url of refused)
      expect([url, isReturnUrlAllowed([...patterns, 'javascript:.*', '.*@.*'], url)]).toEqual([url, false]);
  });
});
