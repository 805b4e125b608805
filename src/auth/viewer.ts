import { createBatch, indexBy } from '../database/batch.js';
import type { SessionViewer } from '../context.js';
import type { Database } from '../database/database.js';
import { SessionTransport } from '../entities/enums.js';
import { isBarredSql } from '../factors/organization-mfa.js';
import { hashSecret } from '../secret.js';

/** A session as it was found for a token, with what the HTTP layer needs to keep it. */
export interface FoundSession {
  viewer: SessionViewer;
  transport: SessionTransport;
  /** The token is due to be replaced (never for one that was replaced already). */
  isDue: boolean;
}

interface Row {
  hash: string;
  sessionId: string;
  userId: string;
  connectionId: string;
  isTenantAdministrator: boolean;
  memberships: [organizationId: string, roles: string[], isBarred: boolean][];
  authenticatedAt: string;
  expiresAt: string;
  rotateAt: string;
  transport: SessionTransport;
}

const IS_BARRED = isBarredSql({
  organization: 'o',
  tenantId: 's.tenant_id',
  userId: 's.user_id',
  mfaAt: 's.mfa_at',
});

const COLUMNS = `
  s.id as "sessionId", s.user_id as "userId", s.connection_id as "connectionId",
  u.is_tenant_administrator as "isTenantAdministrator", s.authenticated_at as "authenticatedAt",
  s.expires_at as "expiresAt", s.rotate_at as "rotateAt", s.transport,
  (select coalesce(json_agg(json_build_array(m.organization_id, (
     select coalesce(json_agg(r.name), '[]') from membership_roles mr
     join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
     where mr.tenant_id = m.tenant_id and mr.membership_id = m.id),
     ${IS_BARRED})), '[]')
   from memberships m join organizations o on o.tenant_id = m.tenant_id and o.id = m.organization_id
   where m.tenant_id = s.tenant_id and m.user_id = s.user_id) as memberships
  from sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id`;

const byToken = (isWanted: string) => `select s.token_hash as hash, ${COLUMNS}
  where s.tenant_id = $1 and s.token_hash ${isWanted} and s.expires_at > $3 and u.status = 'ACTIVE'`;

const byPreviousToken = (isWanted: string) => `select s.previous_token_hash as hash, ${COLUMNS}
  where s.tenant_id = $1 and s.previous_token_hash ${isWanted} and s.previous_until > $3
    and s.expires_at > $3 and u.status = 'ACTIVE'`;

const BY_SESSION = `select s.id::text as hash, ${COLUMNS}
  where s.tenant_id = $1 and s.id = any($2::uuid[]) and s.expires_at > $3 and u.status = 'ACTIVE'`;

/** Finds the session of a token, its user and their memberships: one statement for all requests of a moment. */
export type ViewerLoader = (tenantId: string, token: string) => Promise<FoundSession | null>;

export function createViewerLoader(database: Database, clock: () => Date): ViewerLoader {
  const batch = (statement: (isWanted: string) => string) => {
    // That of one token is planned once; that of several anew as long as their number decides about the plan.
    const [ofOne, ofMany] = [statement('= $2'), statement('= any($2::text[])')];
    return createBatch<Row>(async ({ tenantId }, hashes) => {
      const isOne = hashes.length === 1;
      const values = [tenantId, isOne ? hashes[0] : hashes, clock()];
      return indexBy(await database.read<Row>(tenantId, isOne ? ofOne : ofMany, values), (row) => row.hash);
    });
  };
  const current = batch(byToken);
  const previous = batch(byPreviousToken);
  return async (tenantId, token) => {
    const hash = hashSecret(token);
    const row = await current(tenantId, hash);
    if (row) return readSession(row, row.transport === SessionTransport.COOKIE && new Date(row.rotateAt) <= clock());
    const replaced = await previous(tenantId, hash);
    return replaced ? readSession(replaced, false) : null;
  };
}

/** Reads the viewers of sessions anew, by one statement; a session that is gone or has expired has none. */
export type ViewersReader = (tenantId: string, sessionIds: readonly string[]) => Promise<Map<string, SessionViewer>>;

export function createViewersReader(database: Database, clock: () => Date): ViewersReader {
  return async (tenantId, sessionIds) => {
    const rows = await database.read<Row>(tenantId, BY_SESSION, [tenantId, sessionIds, clock()]);
    return new Map(rows.map((row) => [row.sessionId, readSession(row, false).viewer]));
  };
}

function readSession(row: Row, isDue: boolean): FoundSession {
  return {
    viewer: {
      userId: row.userId,
      applicationId: null,
      sessionId: row.sessionId,
      connectionId: row.connectionId,
      isTenantAdministrator: row.isTenantAdministrator,
      rolesByOrganization: rolesOf(row.memberships, false),
      barredOrganizations: rolesOf(row.memberships, true),
      authenticatedAt: new Date(row.authenticatedAt),
      expiresAt: new Date(row.expiresAt),
    },
    transport: row.transport,
    isDue,
  };
}

function rolesOf(memberships: Row['memberships'], isBarred: boolean): Map<string, string[]> {
  return new Map(memberships.flatMap(([id, roles, isOut]) => (isOut === isBarred ? [[id, roles]] : [])));
}
