import { timingSafeEqual } from 'node:crypto';
import type { Database } from '../database/database.js';
import { hashSecret } from '../secret.js';

const VALID = `
select s.id, s.secret_hash as hash
from application_secrets s
join applications a on a.tenant_id = $1 and a.id = s.application_id
where s.tenant_id = $1 and s.application_id = $2 and (s.expires_at is null or s.expires_at > $3)
  and a.status = 'ENABLED' and a.kind in ('MACHINE', 'WEB')`;

const TOUCH = `
update application_secrets set last_used_at = $3
where tenant_id = $1 and id = $2 and (last_used_at is null or last_used_at < $3::timestamptz - interval '1 minute')`;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Whether this is one of the secrets of an enabled application that are valid at this moment. Of the secret that served,
 * it keeps when that was, to the minute. `applicationId` is the uuid.
 */
export async function verifyApplicationSecret(
  database: Database,
  tenantId: string,
  applicationId: string,
  secret: string,
  at: Date,
): Promise<boolean> {
  if (!UUID.test(applicationId)) return false;
  const given = Buffer.from(hashSecret(secret));
  const valid = await database.read<{ id: string; hash: string }>(tenantId, VALID, [tenantId, applicationId, at]);
  // Every one is compared: how long it takes says nothing of which it was.
  const fitting = valid.filter(({ hash }) => timingSafeEqual(Buffer.from(hash), given));
  if (fitting[0]) await database.read(tenantId, TOUCH, [tenantId, fitting[0].id, at]);
  return fitting.length > 0;
}
