import type { Storage } from './filter-sql.js';
import { GROUP, USER, USER_SCHEMA } from './schemas.js';

/** The form of names that are compared without regard to case. */
export const foldName = (name: string): string => name.normalize('NFC').toLowerCase();

const times = (table: string) => ({
  created: { shape: 'time' as const, sql: `${table}.created_at` },
  lastModified: { shape: 'time' as const, sql: `${table}.updated_at` },
});

const meta = (table: string, type: string): Storage['columns'][string] => ({
  shape: 'object',
  sql: `${table}.id`,
  at: (sub) => {
    const time = times(table)[sub as 'created'];
    return time ?? { shape: 'text', sql: sub === 'resourceType' ? `'${type}'` : 'null::text' };
  },
});

/** How users are stored: `s` is the table. `$1` is the tenant. */
export const USER_STORAGE: Storage = {
  type: USER,
  json: 's.attributes',
  fold: foldName,
  columns: {
    id: { shape: 'uuid', sql: 's.id' },
    externalId: { shape: 'text', sql: 's.external_id' },
    userName: { shape: 'folded', sql: 's.user_name_normalized' },
    active: { shape: 'boolean', sql: 's.is_active' },
    meta: meta('s', 'User'),
    schemas: {
      shape: 'list',
      from: (alias) => ({
        table: `(select '${USER_SCHEMA}' as value ${USER.extensions
          .map(({ name }) => `union all select '${name}' where s.attributes ? '${name}'`)
          .join(' ')}) as ${alias}`,
        where: 'true',
      }),
      at: (alias) => ({ shape: 'text', sql: `${alias}.value` }),
    },
    groups: {
      shape: 'list',
      from: (alias) => ({
        table: `(select gm.scim_user_id, g.id, g.display_name_normalized from scim_group_members gm
          join scim_groups g on g.tenant_id = $1 and g.id = gm.group_id where gm.tenant_id = $1) as ${alias}`,
        where: `${alias}.scim_user_id = s.id`,
      }),
      at: (alias, sub) => {
        if (sub === 'display') return { shape: 'folded', sql: `${alias}.display_name_normalized` };
        if (sub === 'type') return { shape: 'text', sql: `'direct'` };
        return sub === '$ref' ? { shape: 'text', sql: 'null::text' } : { shape: 'uuid', sql: `${alias}.id` };
      },
    },
  },
};

/** How groups are stored: `g` is the table. `$1` is the tenant. */
export const GROUP_STORAGE: Storage = {
  type: GROUP,
  json: null,
  fold: foldName,
  columns: {
    id: { shape: 'uuid', sql: 'g.id' },
    externalId: { shape: 'text', sql: 'g.external_id' },
    displayName: { shape: 'folded', sql: 'g.display_name_normalized' },
    meta: meta('g', 'Group'),
    schemas: {
      shape: 'list',
      from: (alias) => ({ table: `(select '${GROUP.schema}' as value) as ${alias}`, where: 'true' }),
      at: (alias) => ({ shape: 'text', sql: `${alias}.value` }),
    },
    members: {
      shape: 'list',
      from: (alias) => ({
        table: `scim_group_members ${alias}`,
        where: `${alias}.tenant_id = $1 and ${alias}.group_id = g.id`,
      }),
      at: (alias, sub) => {
        if (sub === 'type') return { shape: 'text', sql: `'User'` };
        return sub === '$ref' ? { shape: 'text', sql: 'null::text' } : { shape: 'uuid', sql: `${alias}.scim_user_id` };
      },
    },
  },
};
