import { z } from 'zod';
import { defineEvent } from './define.js';
import { exampleId, globalId } from './values.js';

/** Events about sessions. A session begins with `user.signed_in`; one that runs out writes none. */
export const sessionEvents = {
  'session.ended': defineEvent({
    description: 'A session was ended before its time.',
    about: 'Session',
    changesRights: true,
    example: {},
  }),
  'session.organization_entered': defineEvent({
    description: 'A person chose the active organization of a session.',
    about: 'Session',
    changesRights: false,
    after: z.strictObject({ organizationId: globalId('Organization') }),
    example: { after: { organizationId: exampleId('Organization') } },
  }),
};
