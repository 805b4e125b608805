import type { OperationContext } from '../context.js';
import { transact } from '../database/transact.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { isUsableSubject, readClaims } from './claims.js';
import { type Decision, decide } from './decide.js';
import { findForLink } from './find.js';
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
  const found = await transact(database, tenant.id, (manager) => findForLink(manager, tenant.id, connection, claims));
  const decision = decide(claims, connection, found);
  const common = { case: principalCase(decision.cases), cases: decision.cases };
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
