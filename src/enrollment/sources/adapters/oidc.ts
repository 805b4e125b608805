import { ClientSecretBasic, ClientSecretPost, None, type ClientAuth } from 'openid-client';
import { z } from 'zod';
import { SourceCapability, SourceErrorCode, SourceKind } from '../../../entities/source-enums.js';
import { isLoopbackHost } from '../../../outbound.js';
import { defineKind, type SourceSignIn } from '../adapter.js';
import { compileMapping, expression, expressionMapping } from '../expressions.js';
import { SourceError } from '../source-error.js';
import { openIdSignIn } from './openid-sign-in.js';

/** An https address, or one of this machine; no user, query or fragment in it. */
export const webAddress = (what: string) =>
  z
    .url()
    .max(500)
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const { protocol, hostname, username, password, search, hash } = new URL(text);
      const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
      return isSafe && !username && !password && !search && !hash;
    }, 'is an https address without user, query and fragment')
    .describe(what);

export const prompt = z
  .enum(['login', 'consent', 'select_account'])
  .nullish()
  .describe('What the provider asks of the person, though they may be signed in there; null: what it likes.');

const mapping = expressionMapping.omit({ emailsAreVerified: true }).extend({
  key: expression('JMESPath: the claim that names the person at the provider, for ever.').default('sub'),
  givenName: expression('JMESPath: the given name.').nullish().default('given_name'),
  familyName: expression('JMESPath: the family name.').nullish().default('family_name'),
  emails: expression('JMESPath: the email address, or a list of them.').nullish().default('email'),
});

const settings = z.strictObject({
  issuer: webAddress('The issuer: its metadata are at /.well-known/openid-configuration below it.'),
  clientId: z.string().min(1).max(255).describe('The id of this gateway at the provider.'),
  clientAuthentication: z
    .enum(['CLIENT_SECRET_POST', 'CLIENT_SECRET_BASIC', 'NONE'])
    .default('CLIENT_SECRET_POST')
    .describe('How the gateway shows who it is. NONE: a public client, protected by PKCE as all are.'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'is one scope'))
    .max(20)
    .refine((scopes) => scopes.includes('openid'), 'openid must be one of them')
    .default(['openid', 'profile', 'email'])
    .describe('The scopes that are asked for.'),
  prompt,
  mapping: mapping.prefault({}).describe('How the claims, of ID token and userinfo together, become a person.'),
  trustsEmails: z
    .boolean()
    .default(false)
    .describe('Whether the provider vouches for every address; else for that of which it says email_verified.'),
});

/** How a client with a secret, or without, shows who it is. Throws SourceError MISCONFIGURED without a secret that it needs. */
export function clientAuthentication(
  way: z.infer<typeof settings>['clientAuthentication'],
  secret?: string,
): ClientAuth {
  if (way === 'NONE') return None();
  if (!secret) throw new SourceError(SourceErrorCode.MISCONFIGURED, 'The source has no client secret.');
  return way === 'CLIENT_SECRET_BASIC' ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}

/** An OpenID provider: people sign in there, and what it says of them is their record. */
export default defineKind({
  kind: SourceKind.OIDC,
  description: 'An OpenID Connect provider at which people sign in.',
  settings,
  secrets: { clientSecret: 'The secret of the client; none with the client authentication NONE.' },
  allCapabilities: [SourceCapability.AUTHENTICATE],
  capabilities: () => [SourceCapability.AUTHENTICATE],
  open({ settings: given, secrets, keepsRaw }, services) {
    const { issuer, clientId, scopes, trustsEmails } = given;
    const toRecord = compileMapping({ ...given.mapping, emailsAreVerified: trustsEmails }, { keepsRaw });
    const read = (claims: Record<string, unknown>): SourceSignIn => {
      const { record, fault } = toRecord(claims);
      if (!record) return { record: null, refused: `The claims are no person: ${fault.message}` };
      if (isTrue(claims.email_verified) && typeof claims.email === 'string') vouchFor(record.emails, claims.email);
      return { record, refused: null };
    };
    return {
      authenticate: openIdSignIn(
        {
          client: {
            issuer,
            clientId,
            authentication: clientAuthentication(given.clientAuthentication, secrets.clientSecret),
          },
          scopes,
          prompt: given.prompt ?? null,
          read: async (claims) => read(claims),
        },
        services,
      ),
      close: async () => undefined,
    };
  },
});

/** Some providers write it as a text. */
const isTrue = (value: unknown) => value === true || value === 'true';

/** `email_verified` is said of the claim `email` alone. */
function vouchFor(emails: { address: string; isVerified: boolean }[], verified: string): void {
  const address = verified.trim().toLowerCase();
  for (const email of emails) if (email.address.toLowerCase() === address) email.isVerified = true;
}
