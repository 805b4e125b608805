import { z } from 'zod';
import { IdentifierScheme, LinkCase } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { connectionSlug, oneOf } from './values.js';

const account = { issuer: z.string(), subject: z.string() };

/** What a sign-in came under: every row of the decision table that applied, and the one that says most. */
const came = { cases: z.array(oneOf(LinkCase)), case: oneOf(LinkCase).nullable(), connection: connectionSlug() };

/** Events about accounts at providers, and signing in with them. */
export const identityEvents = {
  'identity.linked': defineEvent({
    description: 'A provider account was linked to a user.',
    about: 'Identity',
    changesRights: false,
    after: z.strictObject({ ...account, connection: connectionSlug() }),
    example: { after: { issuer: 'https://provider.example', subject: '248289761001', connection: 'proconnect' } },
  }),
  'identity.unlinked': defineEvent({
    description:
      'A provider account was taken from a user. Each session that it had opened ends with an event of its own.',
    about: 'Identity',
    changesRights: false,
    before: z.strictObject(account),
    example: { before: { issuer: 'https://provider.example', subject: '248289761001' } },
  }),
  'user.signed_in': defineEvent({
    description: 'A person signed in, and has a new session.',
    about: 'Identity',
    changesRights: false,
    after: z.strictObject(came),
    example: { after: { cases: ['U1_KNOWN', 'O2_SAME'], case: 'O2_SAME', connection: 'proconnect' } },
  }),
  'user.sign_in_refused': defineEvent({
    description: 'A known person was not let in.',
    about: 'Identity',
    changesRights: false,
    after: z.strictObject({ ...came, code: z.string() }),
    example: {
      after: { cases: ['U2_SUSPENDED'], case: 'U2_SUSPENDED', connection: 'proconnect', code: 'SUSPENDED' },
    },
  }),
  'user.invalid_organization_identifier': defineEvent({
    description: 'The provider reported an organization identifier that is not one.',
    about: null,
    changesRights: false,
    after: z.strictObject({
      code: z.literal('INVALID_ORG_ID'),
      scheme: oneOf(IdentifierScheme),
      /** What was claimed, as JSON and cut. */
      claimed: z.string(),
      connection: connectionSlug(),
    }),
    example: {
      after: { code: 'INVALID_ORG_ID', scheme: 'SIRET', claimed: '"13002526500014"', connection: 'proconnect' },
    },
  }),
};
