import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import type { Origin, TenantContext } from '../context.js';
import type { Database } from '../database/database.js';
import { runSql, transact } from '../database/transact.js';
import { ActorKind, ConnectionStatus, EmailTrust } from '../entities/enums.js';
import { ScimError } from './scim-error.js';

/** The connection whose directory calls. */
export interface DirectoryConnection {
  id: string;
  slug: string;
  emailTrust: EmailTrust;
  emailDomains: string[];
}

/** What an operation of a directory works with. */
export interface ScimContext {
  database: Database;
  tenant: TenantContext;
  connection: DirectoryConnection;
  origin: Origin | null;
  clock: () => Date;
}

/** Where SCIM is served. */
export const scimUrl = ({ publicUrl }: Pick<TenantContext, 'publicUrl'>): string => `${publicUrl}/scim/v2`;

/** A change by a directory, in its transaction. */
export interface Change {
  manager: EntityManager;
  writer: Writer;
  tenantId: string;
  at: Date;
  connection: DirectoryConnection;
}

/**
 * Runs a change of one directory. Changes of one connection come one after another, by a lock of its row: what they read
 * of users and groups stays as it is until they commit. The lock is taken before all others of `transact`'s order.
 */
export async function changeDirectory<Result>(
  { database, tenant, connection, origin, clock }: ScimContext,
  work: (change: Change) => Promise<Result>,
): Promise<Result> {
  const tenantId = tenant.id;
  const at = clock();
  const actor = { kind: ActorKind.PROVIDER, userId: null, via: 'scim', origin };
  return transact(database, tenantId, async (manager) => {
    const [locked] = await runSql<{ status: ConnectionStatus }>(
      manager,
      'select status from connections where tenant_id = $1 and id = $2 for no key update',
      [tenantId, connection.id],
    );
    if (locked?.status !== ConnectionStatus.ENABLED) throw new ScimError(403, null, 'The connection is disabled.');
    return work({ manager, writer: { tenantId, at, actor }, tenantId, at, connection });
  });
}

/**
 * Whether the directory's word about an address is enough to match it to an account: a directory says nothing of how it
 * knows an address, so the connection must trust it in some way, and its domains count as at a sign-in.
 */
export function isAddressTrusted(
  { emailTrust, emailDomains }: Pick<DirectoryConnection, 'emailTrust' | 'emailDomains'>,
  address: { domain: string },
): boolean {
  if (emailTrust === EmailTrust.NONE) return false;
  return !emailDomains.length || emailDomains.includes(address.domain);
}
