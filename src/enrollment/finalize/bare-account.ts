/** Where an account has something of its own, or has done something that stays: tables, and their columns of users. */
const BELONGINGS: readonly [table: string, column: string][] = [
  ['memberships', 'user_id'],
  ['organizations', 'completion_user_id'],
  ['user_identifiers', 'user_id'],
  ['scim_users', 'user_id'],
  ['scim_departures', 'user_id'],
  ['source_records', 'user_id'],
  ['petitions', 'petitioner_user_id'],
  ['petitions', 'enrollee_user_id'],
  ['petitions', 'decided_by_user_id'],
  ['petition_decisions', 'approver_user_id'],
  ['petition_comments', 'author_user_id'],
  ['petition_merges', 'user_id'],
  ['terms_agreements', 'user_id'],
  ['approver_delegations', 'user_id'],
  ['approver_delegations', 'delegate_user_id'],
];

/**
 * A condition: this account, a row of `users`, has its logins and nothing else, so that nothing is lost where they become
 * somebody else's. A second factor of a provider comes back with the next sign-in; any other is the person's own. `$1` is
 * the tenant.
 */
export function isBareSql(user: string): string {
  const nothing = BELONGINGS.map(
    ([table, column]) => `not exists (select 1 from ${table} x where x.tenant_id = $1 and x.${column} = ${user}.id)`,
  );
  return `(${[
    `${user}.status = 'ACTIVE' and not ${user}.is_tenant_administrator and ${user}.attributes = '{}'`,
    `exists (select 1 from identities x where x.tenant_id = $1 and x.user_id = ${user}.id)`,
    `not exists (select 1 from user_factors x where x.tenant_id = $1 and x.user_id = ${user}.id and x.kind <> 'PROVIDER')`,
    // Applications that people have signed in to know them by their account.
    `not exists (select 1 from oidc_records x where x.tenant_id = $1 and x.user_id = ${user}.id and x.model = 'Grant')`,
    ...nothing,
  ].join('\n  and ')})`;
}
