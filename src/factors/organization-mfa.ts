import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { runSql } from '../database/transact.js';
import { MfaRule } from '../entities/enums.js';

/** Where a statement has the person: columns or parameters of it. `mfaAt` is when this sign-in showed a second factor. */
export interface MfaPlaces {
  /** The alias of the organizations. */
  organization: string;
  tenantId: string;
  userId: string;
  mfaAt: string;
}

/** SQL: whether a user has a second factor of a kind that counts in the tenant. */
export const hasFactorSql = (tenantId: string, userId: string): string => `exists (
  select 1 from user_factors f join tenants t on t.id = f.tenant_id
  where f.tenant_id = ${tenantId} and f.user_id = ${userId} and f.kind = any(t.mfa_factors))`;

/**
 * SQL: whether an organization keeps this person out until they have, or have shown, a second factor. It is the one
 * definition: FACTOR_CONFIGURED asks that they have one of a kind that counts, FACTOR_USED that they have one and this
 * sign-in has shown one. Factors are looked for only where an organization asks.
 */
export function isBarredSql({ organization: o, tenantId, userId, mfaAt }: MfaPlaces): string {
  return `case when not ${o}.is_mfa_required then false
    when ${o}.mfa_rule = '${MfaRule.FACTOR_USED}' and ${mfaAt} is null then true
    else not ${hasFactorSql(tenantId, userId)} end`;
}

/**
 * SQL: when the sign-in of a token showed a second factor. While its session (alias `s`, which may be missing) is there,
 * that decides, as it does for the person: what a session has unlearnt, its tokens do not know better.
 */
export const shownForToken = (ofToken: string): string => `case when s.id is null then ${ofToken} else s.mfa_at end`;

const CHECK = `select ${isBarredSql({ organization: 'o', tenantId: '$1', userId: '$3', mfaAt: '$4::timestamptz' })} as "isBarred"
  from organizations o where o.tenant_id = $1 and o.id = $2`;

export interface MfaQuestion {
  userId: string;
  /** When the session, or the sign-in that a token came from, showed a second factor; null when it did not. */
  sessionMfaAt: Date | string | null;
  organizationId: string;
}

/**
 * Whether a person may be let into an organization, by a session or a token: null, or the code of the refusal. It says
 * nothing of whether they are a member. Applications are exempt: nobody asks about them.
 */
export async function checkOrganizationMfa(
  from: Database | EntityManager,
  tenantId: string,
  { userId, sessionMfaAt, organizationId }: MfaQuestion,
): Promise<'ORGANIZATION_MFA_REQUIRED' | null> {
  const values = [tenantId, organizationId, userId, sessionMfaAt];
  const rows =
    'read' in from
      ? await from.read<{ isBarred: boolean }>(tenantId, CHECK, values)
      : await runSql<{ isBarred: boolean }>(from, CHECK, values);
  return rows[0]?.isBarred ? 'ORGANIZATION_MFA_REQUIRED' : null;
}
