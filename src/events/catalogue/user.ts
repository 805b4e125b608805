import { z } from 'zod';
import { UserStatus } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { oneOf } from './values.js';

const profile = {
  email: z.string().nullable(),
  isEmailVerified: z.boolean(),
  givenName: z.string().nullable(),
  familyName: z.string().nullable(),
};

/** What enrollment keeps of a person. The values of attributes are nobody's but the user's: their names will do. */
const enrolled = {
  attributes: z.array(z.string()),
  identifiers: z.array(z.strictObject({ type: z.string(), value: z.string() })),
};

const changes = () =>
  z
    .strictObject({ ...profile, ...enrolled, hasEmailConflict: z.boolean(), isTenantAdministrator: z.boolean() })
    .partial();

const status = () => z.strictObject({ status: oneOf(UserStatus) });

/** Events about accounts, but for how they sign in. */
export const userEvents = {
  'user.created': defineEvent({
    description: 'A user was made.',
    about: 'User',
    changesRights: false,
    after: z.strictObject({
      status: oneOf(UserStatus),
      ...profile,
      attributes: enrolled.attributes.optional(),
      identifiers: enrolled.identifiers.optional(),
    }),
    example: {
      after: {
        status: 'ACTIVE',
        email: 'ada@example.org',
        isEmailVerified: true,
        givenName: 'Ada',
        familyName: 'Lovelace',
      },
    },
  }),
  'user.updated': defineEvent({
    description: 'The profile of a user changed: the properties that did.',
    about: 'User',
    changesRights: false,
    before: changes(),
    after: changes(),
    example: { before: { familyName: 'Byron' }, after: { familyName: 'Lovelace' } },
  }),
  'user.deleted': defineEvent({
    description: 'A user was deleted, with their identities, memberships and sessions.',
    about: 'User',
    changesRights: true,
    before: z.strictObject({ status: oneOf(UserStatus), ...profile }),
    example: {
      before: {
        status: 'ACTIVE',
        email: 'ada@example.org',
        isEmailVerified: true,
        givenName: 'Ada',
        familyName: 'Lovelace',
      },
    },
  }),
  'user.approved': defineEvent({
    description: 'A pending user was let in.',
    about: 'User',
    changesRights: true,
    before: status(),
    after: status(),
    example: { before: { status: 'PENDING' }, after: { status: 'ACTIVE' } },
  }),
  'user.approval_withdrawn': defineEvent({
    description: 'A user who was let in by a merge waits again, because the merge was undone.',
    about: 'User',
    changesRights: true,
    before: status(),
    after: status(),
    example: { before: { status: 'ACTIVE' }, after: { status: 'PENDING' } },
  }),
  'user.suspended': defineEvent({
    description: 'A user was suspended.',
    about: 'User',
    changesRights: true,
    before: status(),
    after: status(),
    example: { before: { status: 'ACTIVE' }, after: { status: 'SUSPENDED' } },
  }),
  'user.resumed': defineEvent({
    description: 'A suspended user was let in again.',
    about: 'User',
    changesRights: true,
    before: status(),
    after: status(),
    example: { before: { status: 'SUSPENDED' }, after: { status: 'ACTIVE' } },
  }),
  'user.tenant_administrator_granted': defineEvent({
    description: 'A user was made administrator of the tenant.',
    about: 'User',
    changesRights: true,
    example: {},
  }),
  'user.tenant_administrator_revoked': defineEvent({
    description: 'A user is no administrator of the tenant any more.',
    about: 'User',
    changesRights: true,
    example: {},
  }),
  'user.email_conflict': defineEvent({
    description: "The provider reported an address that is another user's.",
    about: 'User',
    changesRights: false,
    example: {},
  }),
};
