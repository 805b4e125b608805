import { z } from 'zod';
import { defineEvent } from './define.js';
import { instant } from './values.js';

/** Events about the audit log: whoever reads it out or takes something from it is in it. */
export const auditEvents = {
  'audit.exported': defineEvent({
    description: 'The audit log was read out.',
    about: null,
    changesRights: false,
    after: z.strictObject({
      /** What was asked for, by the names of the filter. */
      filter: z.record(z.string(), z.unknown()),
      count: z.int().optional(),
    }),
    example: { after: { filter: { types: ['user.signed_in'] }, count: 1200 } },
  }),
  'audit.erased': defineEvent({
    description: 'What the audit log said about a person was taken out of it. userId says whose it was.',
    about: 'User',
    changesRights: false,
    after: z.strictObject({
      /** How many events held something. */
      events: z.int(),
      reason: z.string(),
    }),
    example: { after: { events: 42, reason: 'Request of 3 March' } },
  }),
  'audit.trimmed': defineEvent({
    description: 'Events older than the tenant keeps them were removed.',
    about: null,
    changesRights: false,
    after: z.strictObject({
      /** The last event that was removed, and its hash in the chain: what is left goes on from it. */
      sequence: z.int(),
      hash: z.string(),
      /** How many were removed. */
      events: z.int(),
      /** Everything before this instant. */
      before: instant(),
    }),
    example: {
      after: {
        sequence: 4711,
        hash: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
        events: 200,
        before: '2025-01-01T00:00:00.000Z',
      },
    },
  }),
};
