import { v7 } from 'uuid';
import { ActorKind } from '../entities/enums.js';
import type { Database } from '../database/database.js';
import { runSql, transact } from '../database/transact.js';
import { recordEvents } from '../events/record.js';
import { writeTemplate } from './template.js';

/** Makes a tenant with its built-in roles; the tenant that has this slug stays as it is. Gives the id. */
export async function createTenant(
  database: Database,
  { slug, name, host = null }: { slug: string; name: string; host?: string | null },
): Promise<string> {
  const [known] = await database.read<{ id: string }>(null, 'select id from tenants where slug = $1', [slug]);
  if (known) return known.id;
  const id = v7();
  return transact(database, id, async (manager) => {
    const made = await runSql<{ id: string }>(
      manager,
      'insert into tenants (id, slug, name, host, created_at) values ($1, $2, $3, $4, now()) on conflict do nothing returning id',
      [id, slug, name, host],
    );
    if (!made.length) {
      const [other] = await runSql<{ id: string }>(manager, 'select id from tenants where slug = $1', [slug]);
      if (other) return other.id;
      throw new Error(`Another tenant has the host name ${host}.`);
    }
    const at = new Date();
    await writeTemplate(manager, id, at);
    const actor = { kind: ActorKind.OPERATOR, userId: null, via: 'tenant create' };
    await recordEvents(manager, { tenantId: id, at, actor }, [
      { type: 'tenant.created', objectId: id, after: { slug, name, host } },
    ]);
    return id;
  });
}
