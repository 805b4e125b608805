import type { TenantContext } from '../context.js';
import type { Database } from './database.js';

const KEPT_MILLISECONDS = 10_000;

interface Row {
  id: string;
  slug: string;
  host: string | null;
}

/** The ids of all tenants, for what is done for each of them on its own account. */
export async function readTenantIds(database: Database): Promise<string[]> {
  const rows = await database.read<{ id: string }>(null, 'select id from tenants', []);
  return rows.map(({ id }) => id);
}

/** There is no tenant that this host name could be. */
export class UnknownTenantError extends Error {}

/**
 * Finds the tenant of a host name: the one that has it, else the one that has none. `publicUrl` gives the scheme, and
 * the address of the tenant without a host name.
 */
export function createTenantFinder(
  database: Database,
  publicUrl: () => string,
): (host: string) => Promise<TenantContext> {
  let kept: { until: number; tenants: Promise<Row[]> } | undefined;
  return async (host) => {
    if (!kept || kept.until < Date.now()) {
      kept = {
        until: Date.now() + KEPT_MILLISECONDS,
        tenants: database.read<Row>(null, 'select id, slug, host from tenants', []),
      };
      kept.tenants.catch(() => (kept = undefined));
    }
    const tenants = await kept.tenants;
    const tenant = tenants.find((row) => row.host === host) ?? tenants.find((row) => row.host === null);
    if (!tenant) throw new UnknownTenantError(`No tenant answers at ${host}.`);
    const { id, slug } = tenant;
    return { id, slug, publicUrl: publicUrlOf(tenant.host, publicUrl()) };
  };
}

/** Where the browsers of a tenant are: at its own host name, if it has one, in the way of the gateway's address. */
export function publicUrlOf(host: string | null, publicUrl: string): string {
  return host ? `${new URL(publicUrl).protocol}//${host}` : publicUrl;
}
