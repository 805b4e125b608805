import { errors, type JWTPayload, jwtVerify } from 'jose';
import { createBatch, indexBy } from '../../database/batch.js';
import { uuidOf } from '../../database/loaders/ids.js';
import type { OperationContext, TenantContext, Viewer } from '../../context.js';
import { ADMINISTER, BuiltInRole } from '../../entities/enums.js';
import { isBarredSql, shownForToken } from '../../factors/organization-mfa.js';
import { hashSecret } from '../../secret.js';
import { ACCESS_TOKEN_ALGORITHM, type SigningKeys } from './keys.js';
import { ADMINISTER_TENANT, readResource, type Target } from './target.js';

/** What one of our access tokens says. Ids are uuids. */
export interface AccessTokenClaims {
  tokenId: string;
  target: Target;
  scopes: string[];
  /** The application that it was issued to. */
  applicationId: string;
  /** The person; null for an application that calls for itself. */
  userId: string | null;
  /** The sign-in that it ends with. */
  sessionId: string | null;
  /** The key of the grant that it ends with. */
  grantKey: string | null;
  authenticatedAt: Date;
  /** When the sign-in showed a second factor. */
  mfaAt: Date | null;
  amr: string[];
  acr: string | null;
  expiresAt: Date;
  payload: JWTPayload;
}

type VerifyContext = Pick<OperationContext, 'clock'> & { keys: SigningKeys };

/** Keys that are in use were published long ago: what is not among them is looked up this often at most. */
const UNKNOWN_KEY_MILLISECONDS = 2_000;

/**
 * Reads an access token of this tenant: RFC 9068, signed by a key that is published, for its issuer, for something of
 * ours, and not expired. Null for everything else. It says nothing of whether its rights still stand.
 */
export async function verifyAccessToken(
  { keys, clock }: VerifyContext,
  tenant: TenantContext,
  token: string,
): Promise<AccessTokenClaims | null> {
  const verify = async (atMostOld?: number) => {
    const { published } = await keys.find(tenant.id, atMostOld);
    return jwtVerify(token, published, {
      algorithms: [ACCESS_TOKEN_ALGORITHM],
      issuer: issuerOf(tenant),
      typ: 'at+jwt',
      currentDate: clock(),
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'aud', 'client_id'],
    });
  };
  try {
    const { payload } = await verify().catch((error: unknown) => {
      if (error instanceof errors.JWKSNoMatchingKey) return verify(UNKNOWN_KEY_MILLISECONDS);
      throw error;
    });
    return readClaims(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return null;
    throw error;
  }
}

export function issuerOf({ publicUrl }: TenantContext): string {
  return `${publicUrl}/oidc`;
}

function readClaims(payload: JWTPayload): AccessTokenClaims | null {
  const { aud, jti, sub, iat, exp, client_id: clientId, scope, auth_time: authTime, amr, acr } = payload;
  const target = readResource(aud);
  const applicationId = uuidOf('Application', clientId);
  const userId = uuidOf('User', sub);
  if (!target || !applicationId || typeof jti !== 'string') return null;
  if (!userId && sub !== clientId) return null;
  const methods = Array.isArray(amr) ? amr.map(String) : [];
  const authenticatedAt = new Date(1000 * (typeof authTime === 'number' ? authTime : iat!));
  return {
    tokenId: jti,
    target,
    scopes: typeof scope === 'string' ? scope.split(' ') : [],
    applicationId,
    userId,
    sessionId: uuidOf('Session', payload.session_id),
    grantKey: typeof payload.grant === 'string' ? payload.grant : null,
    authenticatedAt,
    mfaAt: methods.includes('mfa') ? authenticatedAt : null,
    amr: methods,
    acr: typeof acr === 'string' ? acr : null,
    expiresAt: new Date(exp! * 1000),
    payload,
  };
}

/** SQL: whether the token was revoked by itself, or with the grant that it came of. */
const STANDS = `
  (w."grantKey" is null or exists (select 1 from oidc_records g
    where g.tenant_id = $1 and g.model = 'Grant' and g.key = w."grantKey" and g.expires_at > $3))
  and not exists (select 1 from oidc_records t
    where t.tenant_id = $1 and t.model = 'RevokedToken' and t.key = w."tokenKey")`;

const rolesSql = (table: string, column: string, holder: string) => `
  (select coalesce(json_agg(r.name order by r.name), '[]') from ${table} held
   join roles r on r.tenant_id = held.tenant_id and r.id = held.role_id
   where held.tenant_id = $1 and held.${column} = ${holder}.id) as roles,
  exists (select 1 from ${table} held
   join role_permissions rp on rp.tenant_id = held.tenant_id and rp.role_id = held.role_id
   join permissions p on p.tenant_id = rp.tenant_id and p.id = rp.permission_id
   where held.tenant_id = $1 and held.${column} = ${holder}.id and p.name = '${ADMINISTER}') as administers`;

const OF_USERS = `
select w."tokenKey", ${rolesSql('membership_roles', 'membership_id', 'm')},
  ${isBarredSql({ organization: 'o', tenantId: '$1', userId: 'm.user_id', mfaAt: shownForToken('w."mfaAt"') })} as "isBarred"
from jsonb_to_recordset($2::jsonb) as w("tokenKey" text, "userId" uuid, "applicationId" uuid, "organizationId" uuid,
  "sessionId" uuid, "grantKey" text, "mfaAt" timestamptz)
join applications a on a.tenant_id = $1 and a.id = w."applicationId" and a.status = 'ENABLED'
join users u on u.tenant_id = $1 and u.id = w."userId" and u.status = 'ACTIVE'
join organizations o on o.tenant_id = $1 and o.id = w."organizationId" and o.status = 'ACTIVE'
join memberships m on m.tenant_id = $1 and m.organization_id = o.id and m.user_id = u.id
left join sessions s on s.tenant_id = $1 and s.id = w."sessionId" and s.expires_at > $3
where (w."sessionId" is null or s.id is not null) and ${STANDS}`;

const OF_APPLICATIONS = `
select w."tokenKey", a.is_tenant_administrator as "isTenantAdministrator", oa.id is not null as "isMember", false as "isBarred",
  ${rolesSql('organization_application_roles', 'organization_application_id', 'oa')}
from jsonb_to_recordset($2::jsonb) as w("tokenKey" text, "applicationId" uuid, "organizationId" uuid, "grantKey" text)
join applications a on a.tenant_id = $1 and a.id = w."applicationId" and a.status = 'ENABLED'
left join organizations o on o.tenant_id = $1 and o.id = w."organizationId" and o.status = 'ACTIVE'
left join organization_applications oa
  on oa.tenant_id = $1 and oa.organization_id = o.id and oa.application_id = a.id
where ${STANDS}`;

interface Rights {
  tokenKey: string;
  roles: string[];
  /** A role grants the permission that makes an administrator. */
  administers: boolean;
  isBarred: boolean;
  isTenantAdministrator?: boolean;
  isMember?: boolean;
}

/** Finds who calls by an access token, with the rights that they have at this moment; null when it serves no more. */
export type TokenViewerLoader = (tenantId: string, claims: AccessTokenClaims) => Promise<Viewer | null>;

/**
 * Rights are read anew at each request, by one statement for all tokens of a moment. What the scope leaves out counts
 * for nothing, and what the roles no longer give counts for nothing either.
 */
export function createTokenViewerLoader({
  database,
  clock,
}: Pick<OperationContext, 'database' | 'clock'>): TokenViewerLoader {
  const batch = (text: string) =>
    createBatch<Rights>(async ({ tenantId }, asked) => {
      const rows = await database.read<Rights>(tenantId, text, [tenantId, `[${asked.join(',')}]`, clock()]);
      const found = indexBy(rows, ({ tokenKey }) => tokenKey);
      return new Map(
        asked.flatMap((text) => {
          const rights = found.get((JSON.parse(text) as { tokenKey: string }).tokenKey);
          return rights ? [[text, rights]] : [];
        }),
      );
    });
  const ofUsers = batch(OF_USERS);
  const ofApplications = batch(OF_APPLICATIONS);
  return async (tenantId, claims) => {
    const { userId, applicationId, sessionId, grantKey, mfaAt, target } = claims;
    const tokenKey = hashSecret(claims.tokenId);
    const asked = {
      tokenKey,
      userId,
      applicationId,
      organizationId: target.organizationId,
      sessionId,
      grantKey,
      mfaAt,
    };
    if (userId && !target.organizationId) return null;
    const rights = await (userId ? ofUsers : ofApplications)(tenantId, JSON.stringify(asked));
    return rights ? viewerOf(claims, rights) : null;
  };
}

function viewerOf(claims: AccessTokenClaims, rights: Rights): Viewer | null {
  const { target, userId, scopes } = claims;
  const isTenantAdministrator =
    target.organizationId === null && rights.isTenantAdministrator === true && scopes.includes(ADMINISTER_TENANT);
  if (target.organizationId === null ? !isTenantAdministrator : rights.isMember === false) return null;
  const isAdministrator = rights.administers && scopes.includes(ADMINISTER);
  const plain = rights.roles.filter((name) => name !== BuiltInRole.ADMINISTRATOR);
  const roles = isAdministrator ? [...plain, BuiltInRole.ADMINISTRATOR] : plain;
  const held = target.organizationId === null ? [] : [[target.organizationId, roles] as const];
  return {
    userId,
    applicationId: userId ? null : claims.applicationId,
    sessionId: null,
    connectionId: null,
    isTenantAdministrator,
    rolesByOrganization: new Map(rights.isBarred ? [] : held),
    barredOrganizations: new Map(rights.isBarred ? held : []),
    authenticatedAt: claims.authenticatedAt,
    expiresAt: claims.expiresAt,
  };
}
