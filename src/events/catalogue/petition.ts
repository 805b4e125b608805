import { z } from 'zod';
import { PetitionAction, PetitionMailKind, PetitionParty, PetitionStatus } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { exampleId, globalId, oneOf } from './values.js';

const status = () => z.strictObject({ status: oneOf(PetitionStatus) });
const moved = () => z.strictObject({ status: oneOf(PetitionStatus), party: oneOf(PetitionParty) });

/**
 * Events about petitions: one for each row of their history, which has the comments. They hold no attributes and no
 * addresses: whoever may know them reads them from the petition.
 */
export const petitionEvents = {
  'petition.created': defineEvent({
    description: 'Somebody started an enrollment flow.',
    about: 'Petition',
    changesRights: false,
    after: z.strictObject({ flowId: globalId('EnrollmentFlow').nullable(), flowVersion: z.int() }),
    example: { after: { flowId: exampleId('EnrollmentFlow'), flowVersion: 1 } },
  }),
  'petition.status_changed': defineEvent({
    description: 'A petition has another status. Confirmations, decisions and duplicates have types of their own.',
    about: 'Petition',
    changesRights: false,
    before: status(),
    after: moved(),
    example: { before: { status: 'CREATED' }, after: { status: 'PENDING_CONFIRMATION', party: 'PETITIONER' } },
  }),
  'petition.confirmed': defineEvent({
    description: 'The enrollee confirmed their address.',
    about: 'Petition',
    changesRights: false,
    before: status(),
    after: moved(),
    example: { before: { status: 'PENDING_CONFIRMATION' }, after: { status: 'CONFIRMED', party: 'ENROLLEE' } },
  }),
  'petition.approved': defineEvent({
    description: 'A petition was approved, by as many approvers as its flow asks for.',
    about: 'Petition',
    changesRights: false,
    before: status(),
    after: moved(),
    example: { before: { status: 'PENDING_APPROVAL' }, after: { status: 'APPROVED', party: 'APPROVER' } },
  }),
  'petition.denied': defineEvent({
    description: 'A petition was denied: by an approver, or because a check was not passed.',
    about: 'Petition',
    changesRights: false,
    before: status(),
    after: moved(),
    example: { before: { status: 'PENDING_APPROVAL' }, after: { status: 'DENIED', party: 'APPROVER' } },
  }),
  'petition.flagged_duplicate': defineEvent({
    description: 'A petition ended because its person is enrolled already.',
    about: 'Petition',
    changesRights: false,
    before: status(),
    after: moved(),
    example: { before: { status: 'CONFIRMED' }, after: { status: 'DUPLICATE', party: 'ENROLLEE' } },
  }),
  'petition.advanced': defineEvent({
    description: 'Something was done in a petition that leaves its status: `action` says what.',
    about: 'Petition',
    changesRights: false,
    after: z.strictObject({ action: oneOf(PetitionAction), party: oneOf(PetitionParty) }),
    example: { after: { action: 'ATTRIBUTES_UPDATED', party: 'PETITIONER' } },
  }),
  'petition.finalized': defineEvent({
    description: 'A petition is through: its person can be provisioned, in these systems if the flow names any.',
    about: 'Petition',
    changesRights: false,
    after: z.strictObject({
      userId: globalId('User'),
      /** Null where the flow leads to no organization. */
      membershipId: globalId('Membership').nullable(),
      accountSystems: z.array(z.string()),
    }),
    example: {
      after: { userId: exampleId('User'), membershipId: exampleId('Membership'), accountSystems: ['mail'] },
    },
  }),
  'petition.deleted': defineEvent({
    description: 'A petition was deleted, with its history; whom it had enrolled stays.',
    about: 'Petition',
    changesRights: false,
    before: z.strictObject({
      status: oneOf(PetitionStatus),
      flowId: globalId('EnrollmentFlow').nullable(),
      flowVersion: z.int(),
    }),
    example: { before: { status: 'CANCELED', flowId: exampleId('EnrollmentFlow'), flowVersion: 1 } },
  }),
  'petition.mail_failed': defineEvent({
    description: 'A mail of a petition was not delivered. The petition stays as it is.',
    about: 'Petition',
    changesRights: false,
    after: z.strictObject({ kind: oneOf(PetitionMailKind), reason: z.string() }),
    example: { after: { kind: 'CONFIRMATION', reason: 'The mail server refused it (550 5.1.1).' } },
  }),
};
