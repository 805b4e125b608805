import { z } from 'zod';
import { ApplicationKind, ApplicationStatus } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { exampleId, globalId, instant, oneOf } from './values.js';

const settings = {
  name: z.string(),
  description: z.string().nullable(),
  status: oneOf(ApplicationStatus),
  isTenantAdministrator: z.boolean(),
  redirectUris: z.array(z.string()),
  postLogoutRedirectUris: z.array(z.string()),
};

/** An application without its secrets, which no event ever holds. */
const application = () => z.strictObject({ ...settings, kind: oneOf(ApplicationKind) });

const APPLICATION = {
  name: 'Payroll',
  description: 'Sends the pay slips',
  kind: 'MACHINE' as const,
  status: 'ENABLED' as const,
  isTenantAdministrator: false,
  redirectUris: [],
  postLogoutRedirectUris: [],
};

const secret = () =>
  z.strictObject({
    /** Its last characters. */
    hint: z.string(),
    expiresAt: instant().nullable(),
  });

const held = () => z.strictObject({ applicationId: globalId('Application'), roles: z.array(z.string()) });

/** Events about applications, and about those that organizations have. */
export const applicationEvents = {
  'application.created': defineEvent({
    description: 'An application was made.',
    about: 'Application',
    changesRights: false,
    after: application(),
    example: { after: APPLICATION },
  }),
  'application.updated': defineEvent({
    description: 'An application was edited, enabled or disabled: the properties that changed.',
    about: 'Application',
    changesRights: true,
    before: z.strictObject(settings).partial(),
    after: z.strictObject(settings).partial(),
    example: { before: { status: 'ENABLED' }, after: { status: 'DISABLED' } },
  }),
  'application.deleted': defineEvent({
    description: 'An application was deleted, with its secrets; organization.application_removed tells where it was.',
    about: 'Application',
    changesRights: true,
    before: application(),
    example: { before: APPLICATION },
  }),
  'application.secret_created': defineEvent({
    description: 'An application was given a secret, beside those that it has.',
    about: 'Application',
    changesRights: false,
    after: secret(),
    example: { after: { hint: 'x3Qa', expiresAt: '2027-03-02T00:00:00.000Z' } },
  }),
  'application.secret_deleted': defineEvent({
    description: 'A secret of an application was deleted: it serves no more.',
    about: 'Application',
    changesRights: true,
    before: secret(),
    example: { before: { hint: 'x3Qa', expiresAt: null } },
  }),
  'organization.application_added': defineEvent({
    description: 'An application was added to an organization.',
    about: 'OrganizationApplication',
    changesRights: true,
    after: held(),
    example: { after: { applicationId: exampleId('Application'), roles: ['robot'] } },
  }),
  'organization.application_removed': defineEvent({
    description: 'An application is in an organization no more.',
    about: 'OrganizationApplication',
    changesRights: true,
    before: held(),
    example: { before: { applicationId: exampleId('Application'), roles: ['robot'] } },
  }),
  'organization.application_roles_changed': defineEvent({
    description: 'An application was given roles in an organization, or lost some: all of them before and after.',
    about: 'OrganizationApplication',
    changesRights: true,
    before: held(),
    after: held(),
    example: {
      before: { applicationId: exampleId('Application'), roles: [] },
      after: { applicationId: exampleId('Application'), roles: ['robot'] },
    },
  }),
};
