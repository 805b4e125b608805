import { z } from 'zod';
import { defineEvent } from './define.js';
import { exampleId, globalId, instant } from './values.js';

const place = { sourceId: globalId('Source'), key: z.string() };
const user = { userId: globalId('User') };
const record = { sourceId: exampleId('Source'), key: 'uid=ada,ou=people,dc=example,dc=org' };

/**
 * Events about the records of sources: whose they are, and whether the source has them. A record that is new or changed
 * and nobody's has no event of its own.
 */
export const sourceRecordEvents = {
  'source_record.linked': defineEvent({
    description: 'A record of a source was linked to a user.',
    about: 'SourceRecord',
    changesRights: false,
    after: z.strictObject({ ...place, ...user }),
    example: { after: { ...record, userId: exampleId('User') } },
  }),
  'source_record.unlinked': defineEvent({
    description:
      'An administrator unlinked a record of a source from a user: what it had copied and given is taken back.',
    about: 'SourceRecord',
    changesRights: false,
    before: z.strictObject({ ...place, ...user }),
    example: { before: { ...record, userId: exampleId('User') } },
  }),
  'source_record.relinked': defineEvent({
    description: 'An administrator gave a record of a source to another user.',
    about: 'SourceRecord',
    changesRights: false,
    before: z.strictObject(user),
    after: z.strictObject({ ...place, ...user }),
    example: {
      before: { userId: exampleId('User') },
      after: { ...record, userId: 'usr_0199a1b2-c3d4-7e5f-8a6b-0000000000ff' },
    },
  }),
  'source_record.removed': defineEvent({
    description: 'A source has a record no more. What becomes of the person is told by events of their own.',
    about: 'SourceRecord',
    changesRights: false,
    /** When the membership ends that was given for it, unless the record comes back; null: it does not wait. */
    after: z.strictObject({ ...place, graceEndsAt: instant().nullable() }),
    example: { after: { ...record, graceEndsAt: '2026-04-01T09:15:27.314Z' } },
  }),
  'source_record.returned': defineEvent({
    description: 'A source has a record again that it had no more.',
    about: 'SourceRecord',
    changesRights: false,
    after: z.strictObject(place),
    example: { after: record },
  }),
  'source_record.grace_ended': defineEvent({
    description: 'The grace period of a record that its source has no more is over.',
    about: 'SourceRecord',
    changesRights: false,
    after: z.strictObject(place),
    example: { after: record },
  }),
  'source_record.synced': defineEvent({
    description: 'An administrator had one record fetched from its source again.',
    about: 'SourceRecord',
    changesRights: false,
    after: z.strictObject({ ...place, change: z.enum(['CHANGED', 'UNCHANGED', 'RETURNED', 'REMOVED']) }),
    example: { after: { ...record, change: 'CHANGED' } },
  }),
};
