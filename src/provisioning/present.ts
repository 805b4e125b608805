import { createHash } from 'node:crypto';
import type { Attribute } from './attributes.js';
import { readAttributePath } from './filter.js';
import { isObject, type Resource } from './read-resource.js';
import { resolvePath } from './resolve.js';
import { GROUP, type ResourceType, USER } from './schemas.js';

/** A user of a directory as it is stored. Times are RFC 3339 or dates. */
export interface StoredUser {
  id: string;
  userId: string;
  userName: string;
  userNameNormalized: string;
  externalId: string | null;
  isActive: boolean;
  isProvisioned: boolean;
  hasSuspended: boolean;
  attributes: Resource;
  createdAt: string | Date;
  updatedAt: string | Date;
  version: number;
}

/** The columns of {@link StoredUser}; `s` is the table. */
export const USER_COLUMNS = `s.id, s.user_id as "userId", s.user_name as "userName",
  s.user_name_normalized as "userNameNormalized", s.external_id as "externalId", s.is_active as "isActive",
  s.is_provisioned as "isProvisioned", s.has_suspended as "hasSuspended", s.attributes,
  s.created_at as "createdAt", s.updated_at as "updatedAt", s.version`;

export interface StoredGroup {
  id: string;
  displayName: string;
  externalId: string | null;
  createdAt: string | Date;
  updatedAt: string | Date;
  version: number;
}

/** The columns of {@link StoredGroup}; `g` is the table. */
export const GROUP_COLUMNS = `g.id, g.display_name as "displayName", g.external_id as "externalId",
  g.created_at as "createdAt", g.updated_at as "updatedAt", g.version`;

/** A group that a user is in. */
export interface GroupOfUser {
  id: string;
  displayName: string;
}

/** A resource that is shown, with its address and its version. */
export type Shown = Resource & { id: string; meta: { location: string; version: string } };

/** A user as SCIM shows it. */
export function showUser(user: StoredUser, groups: readonly GroupOfUser[], baseUrl: string): Shown {
  const { id, userName, externalId, isActive, attributes } = user;
  const extensions = USER.extensions.filter(({ name }) => name in attributes).map(({ name }) => name);
  return {
    schemas: [USER.schema, ...extensions],
    id,
    ...(externalId === null ? {} : { externalId }),
    userName,
    ...attributes,
    active: isActive,
    ...(groups.length
      ? {
          groups: groups.map(({ id: value, displayName: display }) => ({
            value,
            $ref: `${baseUrl}/Groups/${value}`,
            display,
            type: 'direct',
          })),
        }
      : {}),
    meta: metaOf(USER, user, baseUrl, userVersion(user, groups)),
  };
}

/** A group as SCIM shows it. `members` is null where they are not asked for: they may be many. */
export function showGroup(group: StoredGroup, members: readonly string[] | null, baseUrl: string): Shown {
  const { id, displayName, externalId } = group;
  return {
    schemas: [GROUP.schema],
    id,
    ...(externalId === null ? {} : { externalId }),
    displayName,
    ...(members?.length
      ? { members: members.map((value) => ({ value, $ref: `${baseUrl}/Users/${value}`, type: 'User' })) }
      : {}),
    meta: metaOf(GROUP, group, baseUrl, groupVersion(group)),
  };
}

export const groupVersion = ({ version }: StoredGroup): string => `W/"${version}"`;

/** The ETag of a user: the groups are in what is shown, so they count. */
export function userVersion({ version }: StoredUser, groups: readonly GroupOfUser[]): string {
  if (!groups.length) return `W/"${version}"`;
  const text = JSON.stringify(groups.map(({ id, displayName }) => [id, displayName]));
  return `W/"${version}-${createHash('sha256').update(text).digest('base64url').slice(0, 12)}"`;
}

function metaOf(type: ResourceType, row: StoredUser | StoredGroup, baseUrl: string, version: string) {
  return {
    resourceType: type.name,
    created: new Date(row.createdAt).toISOString(),
    lastModified: new Date(row.updatedAt).toISOString(),
    location: `${baseUrl}${type.endpoint}/${row.id}`,
    version,
  };
}

/** What a request asks to be shown (RFC 7644, section 3.9). */
export interface Selection {
  attributes: readonly string[];
  excludedAttributes: readonly string[];
}

/** Whether this attribute of the resource itself is shown at all. */
export function isSelected(type: ResourceType, { attributes, excludedAttributes }: Selection, name: string): boolean {
  const names = (paths: readonly string[], isWhole: boolean) =>
    paths.some((text) => {
      const path = readAttributePath(text);
      const found = path && resolvePath(type, path);
      return found?.attribute?.name === name && (!isWhole || !found.sub);
    });
  return attributes.length ? names(attributes, false) : !names(excludedAttributes, true);
}

/** The part of a resource that is asked for; `id` and `schemas` always are. Names that nothing has are passed over. */
export function select(type: ResourceType, resource: Shown, { attributes, excludedAttributes }: Selection): Resource {
  if (attributes.length) {
    const chosen: Resource = { schemas: resource.schemas, id: resource.id };
    for (const text of attributes) copy(type, resource, chosen, text);
    return chosen;
  }
  if (!excludedAttributes.length) return resource;
  const kept = structuredClone(resource) as Resource;
  for (const text of excludedAttributes) remove(type, kept, text);
  return kept;
}

function copy(type: ResourceType, from: Resource, to: Resource, text: string): void {
  const path = readAttributePath(text);
  const found = path && resolvePath(type, path);
  if (!found) return;
  let [source, target] = [from, to];
  if (found.extension) {
    const inner = from[found.extension.name];
    if (!isObject(inner)) return;
    if (!found.attribute) {
      to[found.extension.name] = inner;
      return;
    }
    [source, target] = [inner, (to[found.extension.name] ??= {}) as Resource];
  }
  const { name } = found.attribute!;
  const value = source[name];
  if (value === undefined) return;
  if (!found.sub) {
    target[name] = value;
    return;
  }
  const sub = found.sub;
  const known = target[name];
  const merge = (one: Resource, before: unknown) =>
    one[sub.name] === undefined ? before : { ...(before as object), [sub.name]: one[sub.name] };
  const merged = Array.isArray(value)
    ? value.map((one: Resource, index) => merge(one, (known as unknown[] | undefined)?.[index] ?? {}))
    : merge(value as Resource, known);
  if (merged !== undefined) target[name] = merged;
}

function remove(type: ResourceType, from: Resource, text: string): void {
  const path = readAttributePath(text);
  const found = path && resolvePath(type, path);
  const isAlways = (attribute: Attribute | null) => attribute?.returned === 'always';
  if (!found || isAlways(found.attribute)) return;
  const holder = found.extension && found.attribute ? from[found.extension.name] : from;
  if (!isObject(holder)) return;
  const name = (found.attribute ?? found.extension!).name;
  if (!found.sub) {
    delete holder[name];
    return;
  }
  const value = holder[name];
  for (const one of Array.isArray(value) ? value : [value]) {
    if (isObject(one)) delete one[found.sub.name];
  }
}
