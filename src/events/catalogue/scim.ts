import { z } from 'zod';
import { defineEvent } from './define.js';
import { connectionSlug, exampleId, globalId, instant } from './values.js';

const token = { connection: connectionSlug(), name: z.string(), expiresAt: instant().nullable() };
const user = {
  connection: connectionSlug(),
  userName: z.string(),
  externalId: z.string().nullable(),
  isActive: z.boolean(),
};
const group = { connection: connectionSlug(), displayName: z.string(), externalId: z.string().nullable() };
const mapping = {
  group: z.string(),
  connection: connectionSlug(),
  /** The name of the role that members are given; null: `member`. */
  role: z.string().nullable(),
};

const TOKEN = { connection: 'entra', name: 'Entra ID', expiresAt: '2027-03-02T00:00:00.000Z' };
const USER = { connection: 'entra', userName: 'ada@example.org', externalId: '7c2d1f', isActive: true };
const GROUP = { connection: 'entra', displayName: 'Engineering', externalId: null };
const MAPPING = { group: 'Engineering', connection: 'entra', role: 'administrator' };

/** Events about what directories write by SCIM. What follows from it for accounts and members has events of its own. */
export const scimEvents = {
  'scim_token.created': defineEvent({
    description: 'A directory was given a token to write by.',
    about: 'ScimToken',
    changesRights: false,
    after: z.strictObject(token),
    example: { after: TOKEN },
  }),
  'scim_token.deleted': defineEvent({
    description: 'A token of a directory was taken back.',
    about: 'ScimToken',
    changesRights: false,
    before: z.strictObject(token),
    example: { before: TOKEN },
  }),
  'scim_user.created': defineEvent({
    description: 'A directory added a person.',
    about: 'User',
    changesRights: false,
    /** `isProvisioned`: the account is the directory's; else it was there before, and was only tied to it. */
    after: z.strictObject({ ...user, isProvisioned: z.boolean() }),
    example: { after: { ...USER, isProvisioned: true } },
  }),
  'scim_user.updated': defineEvent({
    description: 'A directory changed what it says of a person: `changed` names the attributes.',
    about: 'User',
    changesRights: false,
    before: z.strictObject(user),
    after: z.strictObject({ ...user, changed: z.array(z.string()) }),
    example: { before: USER, after: { ...USER, isActive: false, changed: ['active'] } },
  }),
  'scim_user.deleted': defineEvent({
    description: 'A directory removed a person.',
    about: 'User',
    changesRights: false,
    before: z.strictObject(user),
    example: { before: USER },
  }),
  'scim_group.created': defineEvent({
    description: 'A directory added a group.',
    about: 'ScimGroup',
    changesRights: false,
    after: z.strictObject(group),
    example: { after: GROUP },
  }),
  'scim_group.updated': defineEvent({
    description: 'A directory renamed a group, or gave it another key.',
    about: 'ScimGroup',
    changesRights: false,
    before: z.strictObject(group),
    after: z.strictObject(group),
    example: { before: GROUP, after: { ...GROUP, displayName: 'Research' } },
  }),
  'scim_group.deleted': defineEvent({
    description: 'A directory removed a group.',
    about: 'ScimGroup',
    changesRights: false,
    before: z.strictObject(group),
    example: { before: GROUP },
  }),
  'scim_group.members_changed': defineEvent({
    description: 'A directory put users into a group, or took some out.',
    about: 'ScimGroup',
    changesRights: false,
    after: z.strictObject({
      connection: connectionSlug(),
      added: z.array(globalId('User')),
      removed: z.array(globalId('User')),
    }),
    example: { after: { connection: 'entra', added: [exampleId('User')], removed: [] } },
  }),
  'scim_group.mapped': defineEvent({
    description: "A directory's group makes its users members of an organization from now on.",
    about: 'ScimGroup',
    changesRights: false,
    after: z.strictObject(mapping),
    example: { after: MAPPING },
  }),
  'scim_group.unmapped': defineEvent({
    description: "A directory's group makes nobody a member of an organization any more.",
    about: 'ScimGroup',
    changesRights: false,
    before: z.strictObject(mapping),
    example: { before: MAPPING },
  }),
};
