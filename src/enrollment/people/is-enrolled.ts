/**
 * SQL: whether the user `u` of the tenant $1 is known as somebody: a member of any organization, or an administrator of
 * the tenant. Anybody else's account is a newcomer's.
 */
export const IS_ENROLLED = `(u.is_tenant_administrator
  or exists (select 1 from memberships m where m.tenant_id = $1 and m.user_id = u.id))`;
