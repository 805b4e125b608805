import { v7 } from 'uuid';
import { readDomain } from '../../src/joining/domains/read-domain.js';
import type { Gateway } from './gateway.js';

/** A rule of an organization about a domain, proven as if DNS had said so; its proof is `proven`. */
export async function proveDomain(
  gateway: Gateway,
  { id }: { id: string },
  text: string,
  { isProven = true } = {},
): Promise<void> {
  const read = readDomain(text);
  if (!('domain' in read)) throw new Error(read.reason);
  await gateway.rows(
    `insert into organization_jit_domains (id, tenant_id, organization_id, domain, proof, proven_at, created_at)
     values ($2, $1, $3, $4, 'proven', case when $5 then now() end, now())`,
    [v7(), id, read.domain, isProven],
  );
}

/**
 * Gives an organization a default role, by name: one of the tenant that is made where there is none, or one of the
 * organization's own. Gives the name.
 */
export async function makeJitRole(
  gateway: Gateway,
  { id }: { id: string },
  name: string,
  { isOwn = false } = {},
): Promise<string> {
  const owner = isOwn ? id : null;
  const find =
    'select id from roles where tenant_id = $1 and name = $2 and organization_id is not distinct from $3::uuid';
  const [known] = await gateway.rows<{ id: string }>(find, [name, owner]);
  const roleId = known?.id ?? v7();
  if (!known) {
    await gateway.rows(
      `insert into roles (id, tenant_id, name, description, is_built_in, organization_id) values ($2, $1, $3, '', false, $4)`,
      [roleId, name, owner],
    );
  }
  await gateway.rows(
    'insert into organization_jit_roles (id, tenant_id, organization_id, role_id) values ($2, $1, $3, $4)',
    [v7(), id, roleId],
  );
  return name;
}

/** Whoever comes through this connection joins the organization. */
export async function addJitConnection(
  gateway: Gateway,
  { id }: { id: string },
  connectionId = gateway.connection.id,
): Promise<void> {
  await gateway.rows(
    `insert into organization_jit_connections (id, tenant_id, organization_id, connection_id, created_at)
     values ($2, $1, $3, $4, now())`,
    [v7(), id, connectionId],
  );
}
