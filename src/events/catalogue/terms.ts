import { z } from 'zod';
import { defineEvent } from './define.js';
import { exampleId, globalId } from './values.js';

const terms = {
  title: z.string(),
  url: z.string().nullable(),
  /** Rises with what is agreed to. */
  edition: z.int(),
  isActive: z.boolean(),
  organizationId: globalId('Organization').nullable(),
};

/** `body` says by true that the text changed; the text itself is not in events. */
const changes = () => z.strictObject({ ...terms, body: z.literal(true) }).partial();

const TERMS = {
  title: 'Terms of use',
  url: 'https://example.org/terms',
  edition: 1,
  isActive: true,
  organizationId: exampleId('Organization'),
};

/** Events about what people agree to as they are enrolled. */
export const termsEvents = {
  'terms.created': defineEvent({
    description: 'Terms were written down.',
    about: 'Terms',
    changesRights: false,
    after: z.strictObject(terms),
    example: { after: TERMS },
  }),
  'terms.updated': defineEvent({
    description: 'Terms changed: the properties that did. What is agreed to changes the edition as well.',
    about: 'Terms',
    changesRights: false,
    before: changes(),
    after: changes(),
    example: { before: { title: 'Terms', edition: 1 }, after: { title: 'Terms of use', edition: 2 } },
  }),
  'terms.deleted': defineEvent({
    description: 'Terms were deleted. What people agreed to stays on record.',
    about: 'Terms',
    changesRights: false,
    before: z.strictObject(terms),
    example: { before: TERMS },
  }),
};
