import { z } from 'zod';
import { connectionSlug } from './values.js';
import { defineEvent } from './define.js';

const domain = () => z.strictObject({ domain: z.string() });

const rules = () =>
  z
    .strictObject({
      emailDomains: z.array(z.string()),
      connections: z.array(connectionSlug()),
      /** The names of the roles that everybody is given who joins by these rules. */
      roles: z.array(z.string()),
    })
    .partial();

/** Events about the rules by which people join an organization as they come in. */
export const jitEvents = {
  'organization.jit_changed': defineEvent({
    description: 'The just-in-time rules of an organization were changed: the whole of the list that changed.',
    about: 'Organization',
    changesRights: false,
    before: rules(),
    after: rules(),
    example: { before: { emailDomains: [] }, after: { emailDomains: ['*.example.com', 'example.com'] } },
  }),
  'organization.jit_domain_proven': defineEvent({
    description: 'DNS has the record that proves a domain: from now on people join the organization by their address.',
    about: 'Organization',
    changesRights: false,
    after: domain(),
    example: { after: { domain: 'example.com' } },
  }),
  'organization.jit_domain_unproven': defineEvent({
    description: 'The record that proves a domain was gone for days: people join by their address no more.',
    about: 'Organization',
    changesRights: false,
    before: domain(),
    after: z.strictObject({
      /** The name of the record that is to be published again. */
      record: z.string(),
    }),
    example: { before: { domain: 'example.com' }, after: { record: '_vestibule-challenge.example.com' } },
  }),
};
