import { z } from 'zod';
import { IdentifierScheme, NameSource, NameStatus, OrganizationStatus } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { exampleId, globalId, identifiers, oneOf } from './values.js';

const IDENTIFIERS = [{ scheme: 'SIRET' as const, value: '13002526500013' }];

const organization = {
  name: z.string(),
  nameStatus: oneOf(NameStatus),
  nameSource: oneOf(NameSource),
  description: z.string().nullable(),
  identifiers: identifiers(),
  /** The member who may give the organization its name, once. */
  completionUserId: globalId('User').nullable(),
};

const changes = () =>
  z.strictObject({ ...organization, status: oneOf(OrganizationStatus), needsAdministrator: z.boolean() }).partial();

/** Events about organizations. */
export const organizationEvents = {
  'organization.created': defineEvent({
    description: 'An organization was made.',
    about: 'Organization',
    changesRights: false,
    after: z.strictObject({ ...organization, origin: z.enum(['SSO', 'ADMIN']) }),
    example: {
      after: {
        name: 'Direction interministérielle du numérique',
        nameStatus: 'RESOLVED',
        nameSource: 'CLAIM',
        description: null,
        identifiers: IDENTIFIERS,
        completionUserId: exampleId('User'),
        origin: 'SSO',
      },
    },
  }),
  'organization.updated': defineEvent({
    description: 'An organization was edited: the properties that changed.',
    about: 'Organization',
    changesRights: false,
    before: changes(),
    after: changes(),
    example: {
      before: { name: 'Organization 13002526500013', nameStatus: 'PENDING', nameSource: 'DEFAULT' },
      after: { name: 'Direction du numérique', nameStatus: 'CONFIRMED', nameSource: 'ADMINISTRATOR' },
    },
  }),
  'organization.deleted': defineEvent({
    description: 'An organization was deleted, with its memberships.',
    about: 'Organization',
    changesRights: true,
    before: z.strictObject({
      name: z.string(),
      description: z.string().nullable(),
      status: oneOf(OrganizationStatus),
      identifiers: identifiers(),
      /** How many memberships went with it. */
      members: z.int(),
    }),
    example: {
      before: {
        name: 'Direction du numérique',
        description: null,
        status: 'ACTIVE',
        identifiers: IDENTIFIERS,
        members: 3,
      },
    },
  }),
  'organization.needs_administrator': defineEvent({
    description: 'The last administrator of an organization left it.',
    about: 'Organization',
    changesRights: false,
    before: z.strictObject({ needsAdministrator: z.literal(false) }),
    after: z.strictObject({ needsAdministrator: z.literal(true) }),
    example: { before: { needsAdministrator: false }, after: { needsAdministrator: true } },
  }),
  'organization.requested': defineEvent({
    description: 'A sign-in named an organization that it may not create.',
    about: null,
    changesRights: false,
    after: z.strictObject({ scheme: oneOf(IdentifierScheme), identifier: z.string() }),
    example: { after: { scheme: 'SIRET', identifier: '13002526500013' } },
  }),
};
