import { z } from 'zod';
import { defineEvent } from './define.js';
import { exampleId, globalId, instant } from './values.js';

const delegation = () =>
  z.strictObject({
    userId: globalId('User'),
    delegateId: globalId('User'),
    /** Null: in all organizations. */
    organizationId: globalId('Organization').nullable(),
    startsAt: instant(),
    endsAt: instant(),
  });

const DELEGATION = {
  userId: exampleId('User'),
  delegateId: 'usr_0199a1b2-c3d4-7e5f-8a6b-000000000099',
  organizationId: exampleId('Organization'),
  startsAt: '2026-08-01T00:00:00.000Z',
  endsAt: '2026-08-22T00:00:00.000Z',
};

/** Events about who decides on petitions for somebody who is away. */
export const approverDelegationEvents = {
  'approver_delegation.created': defineEvent({
    description: 'Somebody is to decide on petitions for somebody else, for a time.',
    about: 'ApproverDelegation',
    changesRights: true,
    after: delegation(),
    example: { after: DELEGATION },
  }),
  'approver_delegation.deleted': defineEvent({
    description: 'Somebody no longer decides for somebody else.',
    about: 'ApproverDelegation',
    changesRights: true,
    before: delegation(),
    example: { before: DELEGATION },
  }),
};
