import { errors, type Provider } from 'oidc-provider';
import { toGlobalId } from '../../database/loaders/ids.js';
import { ACCESS_TOKEN_ALGORITHM } from './keys.js';
import type { OrganizationRights } from './rights.js';
import type { Target } from './target.js';

export const TOKEN_SECONDS = 3600;

type Context = Parameters<Parameters<Provider['registerGrantType']>[1]>[0];
export type TokenContext = Context;
type AnyToken = InstanceType<Provider['AccessToken']> | InstanceType<Provider['ClientCredentials']>;

/** Refusals at the token endpoint that leave everything as it was: 403, as what was asked may be right later. */
export class Denied extends errors.AccessDenied {
  constructor(description: string) {
    super(description);
    this.status = this.statusCode = 403;
  }
}

/** Who is not in an organization is not told whether there is one. */
export function requireRights(rights: OrganizationRights | null, who: string): OrganizationRights {
  if (!rights) throw new Denied(`${who} is not in this organization`);
  if (rights.isBarred) throw new Denied('ORGANIZATION_MFA_REQUIRED');
  return rights;
}

/** What is asked and may be given, and what is left out; all that may be given when nothing is asked. */
export function grantScopes(asked: unknown, permissions: readonly string[]): { granted: string[]; dropped: string[] } {
  const wanted = typeof asked === 'string' ? [...new Set(asked.split(' ').filter(Boolean))] : [];
  if (!wanted.length) return { granted: [...permissions].sort(), dropped: [] };
  return {
    granted: wanted.filter((name) => permissions.includes(name)),
    dropped: wanted.filter((name) => !permissions.includes(name)),
  };
}

const EXTRA = new WeakMap<object, Record<string, unknown>>();

/** What oidc-provider adds to the claims of a token that it signs. */
export function extraClaims(token: object): Record<string, unknown> | undefined {
  return EXTRA.get(token);
}

/** Makes an access token for an organization or the tenant, as RFC 9068 has it, and answers with it. */
export async function issueToken(
  ctx: Context,
  token: AnyToken,
  target: Target,
  given: {
    scopes: { granted: string[]; dropped: string[] };
    claims?: Record<string, unknown>;
    seconds?: number;
    answer?: Record<string, unknown>;
  },
): Promise<void> {
  const { granted, dropped } = given.scopes;
  const scope = granted.join(' ');
  token.resourceServer = new ctx.oidc.provider.ResourceServer(target.resource, {
    audience: target.resource,
    scope,
    accessTokenTTL: given.seconds ?? TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: ACCESS_TOKEN_ALGORITHM } },
  });
  token.scope = scope || undefined;
  EXTRA.set(token, {
    ...given.claims,
    ...(target.organizationId ? { organization_id: toGlobalId('Organization', target.organizationId) } : {}),
  });
  const value = await token.save();
  ctx.body = {
    access_token: value,
    token_type: 'Bearer',
    expires_in: token.expiration,
    scope,
    ...(dropped.length ? { dropped_scope: dropped.join(' ') } : {}),
    ...given.answer,
  };
}
