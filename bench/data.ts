import pg from 'pg';
import { hashSecret } from '../src/secret.js';
import { siretOf } from '../test/support/sirets.js';

/** How much a database holds. One organization in twenty is large, with 42 members; the others have two. */
export interface Size {
  organizations: number;
  users: number;
}

export const STANDARD: Size = { organizations: 100_000, users: 200_000 };
export const LARGE: Size = { organizations: 500_000, users: 1_000_000 };

/** Each workload is asked by as many callers, each with a session of their own, about as many objects. */
export const CALLERS = 250;

const LARGE_MEMBERS = 42;
const SMALL_MEMBERS = 2;

const KINDS = { organization: 1, user: 2, membership: 3, grant: 4, session: 5, identity: 6, identifier: 7 } as const;
type Kind = keyof typeof KINDS;

/** The uuid of the n-th row of a kind: rising, as those of version 7 are. */
export function uuidOf(kind: Kind, n: number): string {
  return `0193000${KINDS[kind]}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

function uuidSql(kind: Kind, n: string): string {
  return `('0193000${KINDS[kind]}-0000-7000-8000-' || lpad(to_hex((${n})::bigint), 12, '0'))::uuid`;
}

export function largeOrganizations({ organizations }: Size): number {
  return organizations / 20;
}

/** The number of the user who is the j-th member of the n-th organization; j = 0 is its administrator. */
export function memberNumber({ users }: Size, n: number, j: number): number {
  return 1 + ((n * 7919 + j * 104_729) % users);
}

/** The number of a caller's user who is in no organization of the data: an administrator of the tenant. */
export function administratorNumber({ users }: Size, caller: number): number {
  return users + 1 + caller;
}

/** The number of a caller's user who is a plain member of twenty large organizations. */
export function joinerNumber({ users }: Size, caller: number): number {
  return users + 1 + CALLERS + caller;
}

/** The large organizations that the joiner is in. */
export function joinedOrganizations(size: Size, caller: number): number[] {
  return Array.from({ length: 20 }, (_, index) => 1 + ((caller * 20 + index) % largeOrganizations(size)));
}

export interface Caller {
  token: string;
  user: number;
}

interface LoadOptions {
  /** Of a superuser: foreign keys are not checked row by row, and row-level security does not bind. */
  url: string;
  tenantId: string;
  connectionId: string;
  issuer: string;
  size: Size;
  callers: Caller[];
}

/** Fills a migrated database, set by set, and has its statistics taken. */
export async function loadData({ url, tenantId, connectionId, issuer, size, callers }: LoadOptions): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("set session_replication_role = replica; set synchronous_commit = off; set work_mem = '256MB'");
    for (const [text, values] of statements({ tenantId, connectionId, issuer, size })) await client.query(text, values);
    await loadJoiners(client, tenantId, size);
    await loadSessions(client, tenantId, connectionId, callers);
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

function statements({
  tenantId,
  connectionId,
  issuer,
  size,
}: Omit<LoadOptions, 'url' | 'callers'>): [string, unknown[]][] {
  const { organizations, users } = size;
  const large = largeOrganizations(size);
  const member = `(1 + ((n::bigint * 7919 + j::bigint * 104729) % ${users}))`;
  const begun = `timestamptz '2025-01-01' + n * interval '1 second'`;
  const people = users + 2 * CALLERS;
  return [
    [
      `insert into organizations (id, tenant_id, name, slug, name_status, name_source, search_text, description, status, created_at, updated_at)
       select ${uuidSql('organization', 'n')}, $1, 'Organization ' || n, 'organization-' || n, 'CONFIRMED', 'CLAIM', 'organization ' || n,
         case when n % 3 = 0 then null else 'What organization ' || n || ' does' end, 'ACTIVE', ${begun}, ${begun}
       from generate_series(1, ${organizations}) n`,
      [tenantId],
    ],
    [
      `insert into organization_identifiers (id, tenant_id, organization_id, scheme, value)
       select ${uuidSql('identifier', 'n')}, $1, ${uuidSql('organization', 'n')}, 'SIRET', siret
       from unnest($2::text[]) with ordinality given(siret, n)`,
      [tenantId, Array.from({ length: organizations }, (_, index) => siretOf(index + 1))],
    ],
    [
      `insert into users (id, tenant_id, status, email, email_normalized, is_email_verified, given_name, family_name,
         is_tenant_administrator, created_at, updated_at)
       select ${uuidSql('user', 'n')}, $1, 'ACTIVE', 'person-' || n || '@example.org', 'person-' || n || '@example.org', true,
         'Given ' || n, 'Family ' || n, n > ${users} and n <= ${users + CALLERS}, ${begun}, ${begun}
       from generate_series(1, ${people}) n`,
      [tenantId],
    ],
    [
      `insert into identities (id, tenant_id, user_id, connection_id, issuer, subject, email, created_at, last_sign_in_at)
       select ${uuidSql('identity', 'n')}, $1, ${uuidSql('user', 'n')}, $2, $3, 'subject-' || n, 'person-' || n || '@example.org', ${begun}, ${begun}
       from generate_series(1, ${people}) n`,
      [tenantId, connectionId, issuer],
    ],
    [
      // Triggers do not run meanwhile: the name by which a member is sorted is given.
      `insert into memberships (id, tenant_id, organization_id, user_id, source, connection_id, joined_at, member_name)
       select ${uuidSql('membership', 'j * 10000000 + n')}, $1, ${uuidSql('organization', 'n')}, ${uuidSql('user', member)},
         'SSO', $2, ${begun}, 'given ' || ${member} || ' family ' || ${member}
       from generate_series(0, ${LARGE_MEMBERS - 1}) j
       cross join generate_series(1, case when j < ${SMALL_MEMBERS} then ${organizations} else ${large} end) n`,
      [tenantId, connectionId],
    ],
    [
      `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select ${uuidSql('grant', 'row_number() over (order by m.id, r.name)')}, $1, m.id, r.id, m.joined_at
       from memberships m join roles r on r.tenant_id = $1 and (r.name = 'member' or m.id < ${uuidSql('membership', '10000000')})
       where m.tenant_id = $1`,
      [tenantId],
    ],
    [
      `insert into sessions (id, tenant_id, user_id, connection_id, identity_id, token_hash, rotate_at, transport,
         authenticated_at, created_at, expires_at, cases)
       select ${uuidSql('session', 'n')}, $1, ${uuidSql('user', 'n')}, $2, ${uuidSql('identity', 'n')}, sha256(n::text::bytea)::text,
         now() + interval '1 hour', 'COOKIE', now(), now(), now() + interval '1 day', array['U1_KNOWN', 'O2_SAME']
       from generate_series(1, ${users}) n`,
      [tenantId, connectionId],
    ],
  ];
}

/** Joiners come after every other member: they change nobody's page. */
async function loadJoiners(client: pg.Client, tenantId: string, size: Size): Promise<void> {
  const joined = Array.from({ length: CALLERS }, (_, caller) =>
    joinedOrganizations(size, caller).map((organization, index) => ({
      membership: uuidOf('membership', 500_000_000 + caller * 100 + index),
      organization: uuidOf('organization', organization),
      user: uuidOf('user', joinerNumber(size, caller)),
      grant: uuidOf('grant', 500_000_000 + caller * 100 + index),
    })),
  ).flat();
  await client.query(
    `with given as (
       select * from jsonb_to_recordset($2::jsonb) as g(membership uuid, organization uuid, "user" uuid, "grant" uuid)
     ), joined as (
       insert into memberships (id, tenant_id, organization_id, user_id, source, joined_at)
       select membership, $1, organization, "user", 'ADMIN', now() from given
     )
     insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
     select "grant", $1, membership, r.id, now() from given join roles r on r.tenant_id = $1 and r.name = 'member'`,
    [tenantId, JSON.stringify(joined)],
  );
}

async function loadSessions(
  client: pg.Client,
  tenantId: string,
  connectionId: string,
  callers: Caller[],
): Promise<void> {
  const rows = callers.map(({ token, user }, index) => ({
    id: uuidOf('session', 500_000_000 + index),
    user: uuidOf('user', user),
    identity: uuidOf('identity', user),
    hash: hashSecret(token),
  }));
  await client.query(
    `insert into sessions (id, tenant_id, user_id, connection_id, identity_id, token_hash, rotate_at, transport,
       authenticated_at, created_at, expires_at, cases)
     select id, $1, "user", $2, identity, hash, now() + interval '1 hour', 'TOKEN', now(), now(), now() + interval '1 day',
       array['U1_KNOWN', 'O2_SAME']
     from jsonb_to_recordset($3::jsonb) as g(id uuid, "user" uuid, identity uuid, hash text)`,
    [tenantId, connectionId, JSON.stringify(rows)],
  );
}
