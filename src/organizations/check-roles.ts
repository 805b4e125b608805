import { BuiltInRole, RoleKind, UserStatus } from '../entities/enums.js';
import { type Fault, fault, UserErrorCode } from '../faults.js';
import type { FoundMembers, FoundRole } from './lock-members.js';

/** The most faults of a kind that are named one by one. */
const MOST_NAMED = 100;

/** The roles that an input names, by id, by name, or both. */
export interface NamedRoles {
  roleIds?: readonly string[] | null;
  roleNames?: readonly string[] | null;
}

/**
 * The roles for users that an input names, each once, and what is wrong with the others: one that is not there (another
 * organization's is not), one for applications, and a name that the tenant and the organization both have.
 */
export function readRoles({ roles }: Pick<FoundMembers, 'roles'>, { roleIds, roleNames }: NamedRoles) {
  const faults: Fault[] = [];
  const chosen = new Map<string, FoundRole>();
  const choose = (found: FoundRole[], what: string, ...field: string[]) => {
    if (!found.length) faults.push(fault(UserErrorCode.NOT_FOUND, `There is no role ${what} here.`, ...field));
    else if (found.length > 1)
      faults.push(fault(UserErrorCode.INVALID, `Two roles are called ${what}: say which one by its id.`, ...field));
    else if (found[0]!.kind !== RoleKind.USER)
      faults.push(fault(UserErrorCode.INVALID, `The role ${found[0]!.name} is for applications.`, ...field));
    else chosen.set(found[0]!.id, found[0]!);
  };
  for (const [index, id] of (roleIds ?? []).entries()) {
    choose(
      roles.filter((role) => role.id === id),
      'with this id',
      'roleIds',
      String(index),
    );
  }
  for (const [index, name] of (roleNames ?? []).entries()) {
    const named = roles.filter((role) => role.name === name);
    const ofUsers = named.filter(({ kind }) => kind === RoleKind.USER);
    choose(ofUsers.length ? ofUsers : named, name, 'roleNames', String(index));
  }
  return { roles: [...chosen.values()], faults };
}

/** The users of an input who are not there, by their place in it. */
export function refuseUnknown(
  { users }: Pick<FoundMembers, 'users'>,
  userIds: readonly string[],
  message: string,
): Fault[] {
  const unknown = [...userIds.entries()].filter(([, id]) => !users.has(id));
  return nameFaults(
    UserErrorCode.NOT_FOUND,
    unknown.map(([index]) => index),
    message,
  );
}

/** Only active users can be administrators: those of an input who are not, where that is what they would become. */
export function refuseInactiveAdministrators(
  { users }: Pick<FoundMembers, 'users'>,
  userIds: readonly string[],
  roles: readonly FoundRole[],
): Fault[] {
  const administrator = roles.find(({ name, organizationId }) => isAdministrator(name) && !organizationId);
  if (!administrator) return [];
  const inactive = [...userIds.entries()].filter(([, id]) => {
    const user = users.get(id);
    return user && user.status !== UserStatus.ACTIVE && !user.roleIds.includes(administrator.id);
  });
  return nameFaults(
    UserErrorCode.WRONG_STATUS,
    inactive.map(([index]) => index),
    'Only an active user can be an administrator.',
  );
}

/** The built-in role: no other has its name. */
export const isAdministrator = (role: string): boolean => role === (BuiltInRole.ADMINISTRATOR as string);

function nameFaults(code: UserErrorCode, indexes: number[], message: string): Fault[] {
  const named = indexes.slice(0, MOST_NAMED).map((index) => fault(code, message, 'userIds', String(index)));
  const rest = indexes.length - named.length;
  return rest ? [...named, fault(code, `${message} So it is with ${rest} more.`, 'userIds')] : named;
}
