import { z } from 'zod';
import { MembershipSource } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { connectionSlug, exampleId, globalId, oneOf } from './values.js';

const roles = () => z.strictObject({ roles: z.array(z.string()) });

/** Events about who belongs to an organization, and as what. */
export const membershipEvents = {
  'membership.added': defineEvent({
    description: 'A user became a member of an organization.',
    about: 'Membership',
    changesRights: true,
    after: z.strictObject({
      organizationId: globalId('Organization'),
      source: oneOf(MembershipSource),
      /** Null where nobody signed in for it. */
      connection: connectionSlug().nullable(),
      roles: z.array(z.string()),
      /** The names of the attributes that an enrollment gave it. */
      attributes: z.array(z.string()).optional(),
    }),
    example: {
      after: {
        organizationId: exampleId('Organization'),
        source: 'SSO',
        connection: 'proconnect',
        roles: ['member'],
      },
    },
  }),
  'membership.moved': defineEvent({
    description:
      'A sign-in ended a membership because the provider names another organization; membership.added tells of the new one.',
    about: 'Membership',
    changesRights: true,
    before: z.strictObject({ organizationId: globalId('Organization') }),
    after: z.strictObject({ organizationId: globalId('Organization'), connection: connectionSlug() }),
    example: {
      before: { organizationId: exampleId('Organization') },
      after: { organizationId: 'org_0199a1b2-c3d4-7e5f-8a6b-0000000000ff', connection: 'proconnect' },
    },
  }),
  'membership.roles_changed': defineEvent({
    description: 'A member was given roles, or lost some: all of them before and after.',
    about: 'Membership',
    changesRights: true,
    before: roles(),
    after: roles(),
    example: { before: { roles: ['member'] }, after: { roles: ['administrator', 'member'] } },
  }),
  'membership.updated': defineEvent({
    description:
      'Attributes of a membership have other values: the names of those that had one, and that have one now.',
    about: 'Membership',
    changesRights: false,
    before: z.strictObject({ attributes: z.array(z.string()) }),
    after: z.strictObject({ attributes: z.array(z.string()) }),
    example: { before: { attributes: [] }, after: { attributes: ['costCenter'] } },
  }),
  'membership.removed': defineEvent({
    description: 'A user is a member of an organization no more: they left, or were removed.',
    about: 'Membership',
    changesRights: true,
    before: z.strictObject({
      organizationId: globalId('Organization'),
      source: oneOf(MembershipSource),
      roles: z.array(z.string()),
    }),
    example: { before: { organizationId: exampleId('Organization'), source: 'ADMIN', roles: ['member'] } },
  }),
};
