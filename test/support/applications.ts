import { v7 } from 'uuid';
import type { Gateway } from './gateway.js';

/*
 * Roles, permissions and applications as they are stored. Each gives the global id of what it made.
 */

let serial = 0;

/** Of the tenant's template, unless an organization is named (by its uuid). */
export async function makeRole(
  gateway: Gateway,
  { kind = 'USER', organizationId = null }: { kind?: 'USER' | 'APPLICATION'; organizationId?: string | null } = {},
): Promise<string> {
  const id = v7();
  await gateway.rows(
    `insert into roles (id, tenant_id, organization_id, name, kind, created_at) values ($2, $1, $3, $4, $5, now())`,
    [id, organizationId, `Role ${++serial}`, kind],
  );
  return `rol_${id}`;
}

/** Granted by the role that is named. */
export async function makePermission(gateway: Gateway, roleId?: string): Promise<string> {
  const id = v7();
  await gateway.rows('insert into permissions (id, tenant_id, name, created_at) values ($2, $1, $3, now())', [
    id,
    `made:${++serial}`,
  ]);
  if (roleId) {
    await gateway.rows(
      'insert into role_permissions (id, tenant_id, role_id, permission_id) values (gen_random_uuid(), $1, $2, $3)',
      [roleId.slice(4), id],
    );
  }
  return `prm_${id}`;
}

/** A machine with a secret that nobody knows, in the organization that is named (by its uuid), with this role there. */
export async function makeApplication(
  gateway: Gateway,
  { organizationId, roleId }: { organizationId?: string; roleId?: string } = {},
): Promise<{ application: string; secret: string; organizationApplication: string }> {
  const [id, secret, place] = [v7(), v7(), v7()];
  await gateway.rows(
    `insert into applications (id, tenant_id, name, kind, status, created_at, updated_at)
     values ($2, $1, $3, 'MACHINE', 'ENABLED', now(), now())`,
    [id, `Application ${++serial}`],
  );
  await gateway.rows(
    `insert into application_secrets (id, tenant_id, application_id, secret_hash, hint, created_at)
     values ($2, $1, $3, $4, 'hint', now())`,
    [secret, id, `nobody knows ${secret}`],
  );
  if (organizationId) {
    await gateway.rows(
      `insert into organization_applications (id, tenant_id, organization_id, application_id, added_at)
       values ($2, $1, $3, $4, now())`,
      [place, organizationId, id],
    );
  }
  if (organizationId && roleId) {
    await gateway.rows(
      `insert into organization_application_roles (id, tenant_id, organization_application_id, role_id, granted_at)
       values (gen_random_uuid(), $1, $2, $3, now())`,
      [place, roleId.slice(4)],
    );
  }
  return { application: `app_${id}`, secret: `aps_${secret}`, organizationApplication: `oap_${place}` };
}
