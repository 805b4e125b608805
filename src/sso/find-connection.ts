import type { Database } from '../database/database.js';
import { ConnectionStatus } from '../entities/enums.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { CONNECTION_SETTINGS } from '../database/loaders/connections.js';
import { Refusal } from './refusal.js';

/** The connection of this name, if people may sign in through it; refuses CONNECTION_UNKNOWN. */
export async function findEnabledConnection(
  database: Database,
  tenantId: string,
  slug: string,
): Promise<ConnectionSettings> {
  // Anybody may send anything here, a NUL included, which the database would take for an error of ours.
  if (!/^[a-z0-9-]{1,63}$/.test(slug)) throw new Refusal('CONNECTION_UNKNOWN');
  const [connection] = await database.read<ConnectionSettings>(
    tenantId,
    `select ${CONNECTION_SETTINGS} from connections c where c.tenant_id = $1 and c.slug = $2`,
    [tenantId, slug],
  );
  if (connection?.status !== ConnectionStatus.ENABLED) throw new Refusal('CONNECTION_UNKNOWN');
  return connection;
}
