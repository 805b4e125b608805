import type pg from 'pg';
import { v7 } from 'uuid';
import { createSecret, hashSecret } from '../../src/secret.js';
import type { Person } from './people.js';

/*
 * The floor of signing in: what a sign-in writes, by hand. One statement takes the login transaction, then one
 * transaction reads what is known and writes what is not, each statement prepared. It decides nothing: it is told
 * which case it is.
 */

const TAKE = `
  with taken as (delete from login_transactions where tenant_id = $1 and state_hash = $2 and binding_hash = $3 returning *)
  select taken.*, c.issuer as connection_issuer, c.session_minutes, c.slug
  from taken join connections c on c.tenant_id = taken.tenant_id and c.id = taken.connection_id`;

const FIND = `
  select i.id as "identityId", i.user_id as "userId", o.id as "organizationId", m.id as "membershipId", e.id as "emailUserId"
  from (values (1)) as one(n)
  left join identities i on i.tenant_id = $1 and i.connection_id = $2 and i.issuer = $3 and i.subject = $4
  left join users e on e.tenant_id = $1 and e.email_normalized = $5
  left join organization_identifiers x on x.tenant_id = $1 and x.scheme = 'SIRET' and x.value = $6
  left join organizations o on o.tenant_id = $1 and o.id = x.organization_id
  left join memberships m on m.tenant_id = $1 and m.organization_id = o.id and m.user_id = i.user_id`;

const ORGANIZATION = `
  with made as (
    insert into organizations (id, tenant_id, name, slug, name_status, name_source, search_text, status, created_at, updated_at)
    values ($2, $1, $3, 'organization-' || ($2::uuid)::text, 'RESOLVED', 'CLAIM', lower($3), 'ACTIVE', $6, $6)
  )
  insert into organization_identifiers (id, tenant_id, organization_id, scheme, value) values ($4, $1, $2, 'SIRET', $5)`;

const USER = `
  insert into users (id, tenant_id, status, email, email_normalized, given_name, family_name, created_at, updated_at)
  values ($2, $1, 'ACTIVE', $3, $3, $4, $5, $6, $6)`;

const IDENTITY = `
  insert into identities (id, tenant_id, user_id, connection_id, issuer, subject, email, created_at)
  values ($2, $1, $3, $4, $5, $6, $7, $8)`;

const MEMBERSHIP = `
  with joined as (
    insert into memberships (id, tenant_id, organization_id, user_id, source, connection_id, joined_at)
    values ($2, $1, $3, $4, 'SSO', $5, $6) returning id
  )
  insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
  select $7, $1, joined.id, r.id, $6 from joined join roles r on r.tenant_id = $1 and r.name = 'member'`;

const EVENTS = `
  insert into events (id, tenant_id, type, at, actor_kind, actor_user_id, via, organization_id, user_id, object_id, "after")
  select f.id, $1, f.type, $2, 'SIGN_IN', $3, 'signIn', f.organization, $3, f.object, f.after
  from jsonb_to_recordset($4::jsonb) as f(id uuid, type text, organization uuid, object uuid, after jsonb)`;

const SESSION = `
  with seen as (update identities set last_sign_in_at = $6, email = $10 where tenant_id = $1 and id = $5)
  insert into sessions (id, tenant_id, user_id, connection_id, identity_id, token_hash, rotate_at, transport,
    authenticated_at, created_at, expires_at, active_organization_id, cases)
  select $2, $1, u.id, $4, $5, $7, $6::timestamptz + interval '1 hour', 'COOKIE', $6, $6,
    $6::timestamptz + interval '12 hours', $8::uuid, $9::text[]
  from users u where u.tenant_id = $1 and u.id = $3 and u.status = 'ACTIVE' for share`;

export interface FloorContext {
  pool: pg.Pool;
  tenantId: string;
  connectionId: string;
  issuer: string;
}

/** Signs a person in whose login transaction is there. */
export async function signInByHand(
  { pool, tenantId, connectionId, issuer }: FloorContext,
  person: Person,
): Promise<void> {
  const client = await pool.connect();
  const run = (name: string, text: string, values: unknown[]) =>
    client.query({ name, text, values: [tenantId, ...values] });
  try {
    const { rows: taken } = await run('take', TAKE, [hashSecret(person.state), hashSecret(person.binding)]);
    if (!taken.length) throw new Error('There is no login transaction.');
    await client.query('begin');
    const { rows } = await run('find', FIND, [connectionId, issuer, person.subject, person.email, person.siret]);
    const found = rows[0] as Record<'identityId' | 'userId' | 'organizationId' | 'membershipId', string | null>;
    const at = new Date();
    let { identityId, userId, organizationId } = found;
    const facts: { type: string; object: string; organization?: string | null; after: object }[] = [];
    if (!organizationId) {
      organizationId = v7();
      await run('organization', ORGANIZATION, [organizationId, person.organizationName, v7(), person.siret, at]);
      facts.push({
        type: 'organization.created',
        object: organizationId,
        organization: organizationId,
        after: { name: person.organizationName },
      });
    }
    if (!userId) {
      userId = v7();
      await run('user', USER, [userId, person.email, person.givenName, person.familyName, at]);
      facts.push({ type: 'user.created', object: userId, after: { email: person.email, givenName: person.givenName } });
    }
    if (!identityId) {
      identityId = v7();
      await run('identity', IDENTITY, [identityId, userId, connectionId, issuer, person.subject, person.email, at]);
      facts.push({ type: 'identity.linked', object: identityId, after: { issuer, subject: person.subject } });
    }
    if (!found.membershipId) {
      const id = v7();
      await run('membership', MEMBERSHIP, [id, organizationId, userId, connectionId, at, v7()]);
      facts.push({
        type: 'membership.added',
        object: id,
        organization: organizationId,
        after: { organizationId, source: 'SSO' },
      });
    }
    const cases = [found.identityId ? 'U1_KNOWN' : 'U7_CREATED', found.membershipId ? 'O2_SAME' : 'O1_JOINED'];
    facts.push({ type: 'user.signed_in', object: identityId, organization: organizationId, after: { cases } });
    await run('events', EVENTS, [at, userId, JSON.stringify(facts.map((fact) => ({ id: v7(), ...fact })))]);
    const token = createSecret();
    await run('session', SESSION, [
      v7(),
      userId,
      connectionId,
      identityId,
      at,
      hashSecret(token),
      organizationId,
      cases,
      person.email,
    ]);
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}
