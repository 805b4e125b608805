import type { OperationContext } from '../context.js';
import { transact } from '../database/transact.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { isUsableSubject, readClaims } from './claims.js';
import { type Decision, decide } from './decide.js';
import { findForLink } from './find.js';
import { askRules } from './join.js';
import { principalCase } from './link.js';
import { Refusal } from './refusal.js';

export interface Preview {
  case: ReturnType<typeof principalCase>;
  cases: Decision['cases'];
  refusal: string | null;
  userId: string | null;
  createsUser: boolean;
  organizationId: string | null;
  createsOrganization: boolean;
  leaves: string[];
}

/** What a sign-in with these claims would come under now, by the same reading and the same decision. Writes nothing. */
export async function previewLink(
  { database, tenant }: OperationContext,
  connection: ConnectionSettings,
  raw: Record<string, unknown>,
): Promise<Preview> {
  if (raw.sub !== undefined && !isUsableSubject(raw.sub)) throw new Refusal('INVALID_CLAIMS');
  const claims = readClaims({ sub: '', ...raw, iss: connection.issuer }, connection.claimNames);
  const { decision, rules } = await transact(database, tenant.id, async (manager) => {
    const decided = decide(claims, connection, await findForLink(manager, tenant.id, connection, claims));
    const person = decided.outcome === 'ADMITTED' ? decided.jit : null;
    return { decision: decided, rules: await askRules(manager, tenant.id, connection.id, person) };
  });
  const cases = [...decision.cases, ...rules.cases];
  const common = { case: principalCase(cases), cases };
  if (decision.outcome === 'REFUSED') {
    const nothing = { createsUser: false, organizationId: null, createsOrganization: false, leaves: [] };
    return { ...common, refusal: decision.code, userId: decision.userId, ...nothing };
  }
  const { user, organization } = decision;
  return {
    ...common,
    refusal: user.action === 'CREATE' && user.status === 'PENDING' ? 'PENDING' : null,
    userId: user.action === 'CREATE' ? null : user.userId,
    createsUser: user.action === 'CREATE',
    organizationId: organization.organizationId,
    createsOrganization: organization.create !== null,
    leaves: organization.leaves.map(({ organizationId }) => organizationId),
  };
}
