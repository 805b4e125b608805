import { z } from 'zod';
import { PipelineStatus } from '../../entities/source-enums.js';
import { defineEvent } from './define.js';
import { oneOf } from './values.js';

const properties = { name: z.string(), description: z.string().nullable(), status: oneOf(PipelineStatus) };

/** Events about what records of sources do. Of the settings, events hold the names alone. */
export const pipelineEvents = {
  'pipeline.created': defineEvent({
    description: 'A pipeline was made.',
    about: 'Pipeline',
    changesRights: false,
    after: z.strictObject({ ...properties, settings: z.array(z.string()) }),
    example: { after: { name: 'Staff', description: null, status: 'ACTIVE', settings: ['copiesName', 'match'] } },
  }),
  'pipeline.updated': defineEvent({
    description: 'A pipeline changed: the properties that did, and the names of the settings that did.',
    about: 'Pipeline',
    changesRights: false,
    before: z.strictObject(properties).partial(),
    after: z.strictObject({ ...properties, settings: z.array(z.string()) }).partial(),
    example: { before: { status: 'ACTIVE' }, after: { status: 'SUSPENDED', settings: ['removal'] } },
  }),
  'pipeline.deleted': defineEvent({
    description: 'A pipeline was deleted. What it had copied and given stays.',
    about: 'Pipeline',
    changesRights: false,
    before: z.strictObject({ name: z.string(), status: oneOf(PipelineStatus) }),
    example: { before: { name: 'Staff', status: 'SUSPENDED' } },
  }),
};
