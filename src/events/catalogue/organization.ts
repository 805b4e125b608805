import { z } from 'zod';
import {
  IdentifierScheme,
  LogoKind,
  MfaRule,
  NameSource,
  NameStatus,
  OrganizationStatus,
} from '../../entities/enums.js';
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

const settings = {
  primaryColor: z.string().nullable(),
  darkPrimaryColor: z.string().nullable(),
  isMfaRequired: z.boolean(),
  mfaRule: oneOf(MfaRule),
  customData: z.strictObject({
    /** Of its JSON text without white space. */
    bytes: z.int(),
    sha256: z.string(),
    /** Null where it is larger than 1 KiB, or holds characters that events cannot. */
    value: z.record(z.string(), z.unknown()).nullable(),
  }),
};

const logos = z.array(
  z.strictObject({
    kind: oneOf(LogoKind),
    /** Of a logo that is elsewhere. */
    url: z.string().nullable(),
    /** Of a picture that was uploaded. */
    sha256: z.string().nullable(),
  }),
);

const changes = () =>
  z
    .strictObject({
      ...{ ...organization, slug: z.string(), ...settings, logos },
      status: oneOf(OrganizationStatus),
      needsAdministrator: z.boolean(),
    })
    .partial();

/** Events about organizations. */
export const organizationEvents = {
  'organization.created': defineEvent({
    description: 'An organization was made.',
    about: 'Organization',
    changesRights: false,
    after: z.strictObject({
      ...organization,
      slug: z.string(),
      ...z.strictObject(settings).partial().shape,
      origin: z.enum(['SSO', 'ADMIN']),
    }),
    example: {
      after: {
        name: 'Direction interministérielle du numérique',
        nameStatus: 'RESOLVED',
        nameSource: 'CLAIM',
        description: null,
        identifiers: IDENTIFIERS,
        completionUserId: exampleId('User'),
        slug: 'direction-interministerielle-du-numerique',
        origin: 'SSO',
      },
    },
  }),
  'organization.updated': defineEvent({
    description: 'An organization was edited: the properties that changed.',
    about: 'Organization',
    changesRights: ['isMfaRequired', 'mfaRule'],
    before: changes(),
    after: changes(),
    example: {
      before: { name: 'Organization 13002526500013', nameStatus: 'PENDING', nameSource: 'DEFAULT' },
      after: { name: 'Direction du numérique', nameStatus: 'CONFIRMED', nameSource: 'ADMINISTRATOR' },
    },
  }),
  'organization.deleted': defineEvent({
    description: 'An organization was deleted, with all that belonged to it.',
    about: 'Organization',
    changesRights: true,
    before: z.strictObject({
      name: z.string(),
      slug: z.string(),
      description: z.string().nullable(),
      status: oneOf(OrganizationStatus),
      identifiers: identifiers(),
      /** How many memberships went with it. */
      members: z.int(),
      invitations: z.int(),
      /** How many applications were linked to it; they themselves stay. */
      applications: z.int(),
      /** How many roles of its own it had. */
      roles: z.int(),
      logos: z.int(),
      /** How many connections and domains let people join it. */
      joiningRules: z.int(),
    }),
    example: {
      before: {
        name: 'Direction du numérique',
        slug: 'direction-du-numerique',
        description: null,
        status: 'ACTIVE',
        identifiers: IDENTIFIERS,
        members: 3,
        invitations: 1,
        applications: 0,
        roles: 2,
        logos: 1,
        joiningRules: 0,
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
