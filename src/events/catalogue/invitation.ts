import { z } from 'zod';
import { InvitationStatus } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { exampleId, globalId, instant, oneOf } from './values.js';

const MAILED = { expiresAt: '2026-03-09T09:15:27.314Z', isMailed: true };

/**
 * Events about invitations. They never hold the address: a person without an account could not have it erased. Who may
 * know it reads it from the invitation.
 */
export const invitationEvents = {
  'invitation.created': defineEvent({
    description: 'Somebody was invited to an organization.',
    about: 'Invitation',
    changesRights: false,
    after: z.strictObject({
      /** The names of the roles that it gives. */
      roles: z.array(z.string()),
      expiresAt: instant(),
      isMailed: z.boolean(),
    }),
    example: { after: { roles: ['member'], ...MAILED } },
  }),
  'invitation.resent': defineEvent({
    description: 'An invitation was given a new link; the one before opens nothing any more.',
    about: 'Invitation',
    changesRights: false,
    after: z.strictObject({ expiresAt: instant(), isMailed: z.boolean() }),
    example: { after: MAILED },
  }),
  'invitation.revoked': defineEvent({
    description: 'An administrator took an invitation back.',
    about: 'Invitation',
    changesRights: false,
    example: {},
  }),
  'invitation.accepted': defineEvent({
    description: 'The invited person accepted; membership.added or membership.roles_changed tells what it gave them.',
    about: 'Invitation',
    changesRights: false,
    after: z.strictObject({ membershipId: globalId('Membership') }),
    example: { after: { membershipId: exampleId('Membership') } },
  }),
  'invitation.declined': defineEvent({
    description: 'The invited person said no.',
    about: 'Invitation',
    changesRights: false,
    example: {},
  }),
  'invitation.expired': defineEvent({
    description:
      'Nobody answered an invitation in time. It has counted as expired since then, before this was written.',
    about: 'Invitation',
    changesRights: false,
    example: {},
  }),
  'invitation.mail_failed': defineEvent({
    description: 'The mail of an invitation was not delivered. The invitation stays valid.',
    about: 'Invitation',
    changesRights: false,
    after: z.strictObject({ reason: z.string() }),
    example: { after: { reason: 'The mail server refused it (550 5.1.1).' } },
  }),
  'invitation.deleted': defineEvent({
    description: 'An invitation was deleted, with the address in it.',
    about: 'Invitation',
    changesRights: false,
    before: z.strictObject({ status: oneOf(InvitationStatus) }),
    example: { before: { status: 'EXPIRED' } },
  }),
};
