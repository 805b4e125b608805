import { defineEvent } from './define.js';

/** Events about sessions. A session begins with `user.signed_in`; one that runs out writes none. */
export const sessionEvents = {
  'session.ended': defineEvent({
    description: 'A session was ended before its time.',
    about: 'Session',
    changesRights: true,
    example: {},
  }),
};
