import { z } from 'zod';
import { FactorKind } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { connectionSlug, globalId, instant, oneOf } from './values.js';

const factor = () => z.strictObject({ kind: oneOf(FactorKind), name: z.string().nullable() });
const named = () => z.strictObject({ name: z.string().nullable() });

/** Events about second factors. None of them says anything that a factor could be shown with. */
export const factorEvents = {
  'factor.added': defineEvent({
    description:
      'A user has a second factor more: one of their own, one that a provider has used, or one that a directory or an administrator vouches for.',
    about: 'Factor',
    changesRights: true,
    after: z.strictObject({
      ...factor().shape,
      /** Of a provider's factor. */
      connection: connectionSlug().nullable(),
    }),
    example: { after: { kind: 'TOTP', name: 'Phone', connection: null } },
  }),
  'factor.renamed': defineEvent({
    description: 'A user gave a second factor another name.',
    about: 'Factor',
    changesRights: false,
    before: named(),
    after: named(),
    example: { before: { name: null }, after: { name: 'Phone' } },
  }),
  'factor.removed': defineEvent({
    description: 'A second factor was taken from a user. Sessions that it was shown in have shown none any more.',
    about: 'Factor',
    changesRights: true,
    before: factor(),
    example: { before: { kind: 'PASSKEY', name: 'Laptop' } },
  }),
  'factor.proved': defineEvent({
    description: 'A user showed a second factor in a session.',
    about: 'Factor',
    changesRights: true,
    after: z.strictObject({ kind: oneOf(FactorKind), sessionId: globalId('Session') }),
    example: { after: { kind: 'TOTP', sessionId: 'ses_0199a1b2-c3d4-7e5f-8a6b-0000000000fe' } },
  }),
  'factor.blocked': defineEvent({
    description: 'Too many wrong codes were given for a second factor: none is taken for a while.',
    about: 'Factor',
    changesRights: false,
    after: z.strictObject({ failedAttempts: z.int(), until: instant() }),
    example: { after: { failedAttempts: 5, until: '2026-03-02T09:15:57.314Z' } },
  }),
  'user.factors_reset': defineEvent({
    description:
      "An administrator took all second factors from a user, who has lost them. The user's sessions have shown none any more.",
    about: 'User',
    changesRights: true,
    before: z.strictObject({ kinds: z.array(oneOf(FactorKind)) }),
    example: { before: { kinds: ['TOTP', 'PASSKEY'] } },
  }),
};
