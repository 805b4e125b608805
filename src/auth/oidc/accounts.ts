import type { Account } from 'oidc-provider';
import { toGlobalId, uuidOf } from '../../database/loaders/ids.js';
import { isBarredSql, shownForToken } from '../../factors/organization-mfa.js';
import type { RecordsContext } from './records.js';
import type { SignInFacts } from './rights.js';
import { ORGANIZATION_ROLES_SCOPE, ORGANIZATIONS_SCOPE } from './scopes.js';

interface UserRow {
  email: string | null;
  isEmailVerified: boolean;
  givenName: string | null;
  familyName: string | null;
}

interface MembershipRow {
  organizationId: string;
  name: string;
  slug: string;
  roles: string[];
}

const FIND = `
select email, is_email_verified as "isEmailVerified", given_name as "givenName", family_name as "familyName"
from users where tenant_id = $1 and id = $2 and status = 'ACTIVE'`;

/** More organizations than any person has: a claim has to stay of a size that can be carried. */
const MOST_ORGANIZATIONS = 200;

const IS_BARRED = isBarredSql({
  organization: 'o',
  tenantId: '$1',
  userId: '$2',
  mfaAt: shownForToken('$4::timestamptz'),
});

/** An organization that keeps the person out for want of a second factor gives them no role, here as anywhere. */
const MEMBERSHIPS = `
select o.id as "organizationId", o.name, o.slug, case when ${IS_BARRED} then '[]' else (
    select coalesce(json_agg(r.name order by r.name), '[]') from membership_roles mr
    join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
    where mr.tenant_id = m.tenant_id and mr.membership_id = m.id) end as roles
from memberships m join organizations o on o.tenant_id = m.tenant_id and o.id = m.organization_id
left join sessions s on s.tenant_id = $1 and s.id = $3
where m.tenant_id = $1 and m.user_id = $2 and o.status = 'ACTIVE'
order by o.id limit ${MOST_ORGANIZATIONS}`;

/**
 * A person as applications know them: by their global id. Nobody who is suspended, or gone, has an account. `facts` are
 * of the sign-in that the application asks by, where there is one.
 */
export async function findAccount(
  { database }: RecordsContext,
  tenantId: string,
  sub: string,
  { sessionId, mfaAt }: SignInFacts = { sessionId: null, mfaAt: null },
): Promise<Account | undefined> {
  const id = uuidOf('User', sub);
  if (!id) return undefined;
  const [user] = await database.read<UserRow>(tenantId, FIND, [tenantId, id]);
  if (!user) return undefined;
  return {
    accountId: sub,
    async claims(_use, scope) {
      const scopes = scope.split(' ');
      const { email, isEmailVerified, givenName, familyName } = user;
      const asksOrganizations = scopes.includes(ORGANIZATIONS_SCOPE) || scopes.includes(ORGANIZATION_ROLES_SCOPE);
      const organizations = asksOrganizations
        ? organizationClaims(
            await database.read<MembershipRow>(tenantId, MEMBERSHIPS, [tenantId, id, sessionId, mfaAt]),
          )
        : {};
      const given = {
        email: email ?? undefined,
        email_verified: email ? isEmailVerified : undefined,
        given_name: givenName ?? undefined,
        family_name: familyName ?? undefined,
        name: [givenName, familyName].filter(Boolean).join(' ') || undefined,
      };
      const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      return { sub, ...known, ...organizations };
    },
  };
}

function organizationClaims(memberships: MembershipRow[]) {
  const found = memberships.map((row) => ({ ...row, id: toGlobalId('Organization', row.organizationId) }));
  return {
    organizations: found.map(({ id }) => id),
    organization_data: found.map(({ id, name, slug }) => ({ id, name, slug })),
    organization_roles: found.flatMap(({ id, roles }) => roles.map((role) => `${id}:${role}`)),
  };
}
