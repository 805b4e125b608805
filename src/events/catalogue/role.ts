import { z } from 'zod';
import { RoleKind } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { exampleId, globalId, oneOf } from './values.js';

const permission = { name: z.string(), description: z.string() };

const PERMISSION = { name: 'invoice:read', description: 'Reads invoices.' };

const role = {
  name: z.string(),
  description: z.string(),
  /** The names of what it grants, sorted. */
  permissions: z.array(z.string()),
};

const wholeRole = () =>
  z.strictObject({ ...role, kind: oneOf(RoleKind), organizationId: globalId('Organization').nullable() });

const ROLE = {
  name: 'accountant',
  description: 'Keeps the books.',
  kind: 'USER' as const,
  organizationId: null,
  permissions: ['invoice:read', 'invoice:write'],
};

/** Events about the tenant's permissions, and about roles: of its template, and of organizations. */
export const roleEvents = {
  'permission.created': defineEvent({
    description: 'A permission was made, which roles can grant.',
    about: 'Permission',
    changesRights: false,
    after: z.strictObject(permission),
    example: { after: PERMISSION },
  }),
  'permission.updated': defineEvent({
    description: 'A permission was edited: the properties that changed. Roles grant it under its new name.',
    about: 'Permission',
    changesRights: true,
    before: z.strictObject(permission).partial(),
    after: z.strictObject(permission).partial(),
    example: { before: { name: 'invoice:read' }, after: { name: 'invoices:read' } },
  }),
  'permission.deleted': defineEvent({
    description: 'A permission was deleted: no role grants it any more.',
    about: 'Permission',
    changesRights: true,
    before: z.strictObject({
      ...permission,
      /** How many roles granted it. */
      roles: z.int(),
    }),
    example: { before: { ...PERMISSION, roles: 2 } },
  }),
  'role.created': defineEvent({
    description: "A role was made: of the tenant's template, or of one organization.",
    about: 'Role',
    changesRights: false,
    after: wholeRole(),
    example: { after: ROLE },
  }),
  'role.updated': defineEvent({
    description: 'A role was edited: the properties that changed; its permissions, where they did, before and after.',
    about: 'Role',
    changesRights: true,
    before: z.strictObject(role).partial(),
    after: z.strictObject(role).partial(),
    example: { before: { permissions: ['invoice:read'] }, after: { permissions: ['invoice:read', 'invoice:write'] } },
  }),
  'role.deleted': defineEvent({
    description:
      'A role was deleted, and taken from whoever had it: organization.role_removed tells of each organization.',
    about: 'Role',
    changesRights: true,
    before: wholeRole(),
    example: { before: ROLE },
  }),
  'organization.role_removed': defineEvent({
    description: 'A role was deleted that members or applications of the organization had.',
    about: 'Organization',
    changesRights: true,
    before: z.strictObject({
      roleId: globalId('Role'),
      name: z.string(),
      /** How many members had it. */
      members: z.int(),
      /** How many applications had it. */
      applications: z.int(),
    }),
    example: { before: { roleId: exampleId('Role'), name: 'accountant', members: 12, applications: 0 } },
  }),
};
