import { v7 } from 'uuid';
import { toGlobalId } from '../database/loaders/ids.js';
import { runSql } from '../database/transact.js';
import type { FactOf } from '../events/catalogue.js';
import type { Change } from './context.js';
import type { Filter } from './filter.js';
import { matchesValue } from './match.js';
import { type Operation, resolveTarget, targetsOf } from './patch.js';
import { put, readValue, type Resource } from './read-resource.js';
import { findByName, GROUP } from './schemas.js';
import { invalidValue, ScimError } from './scim-error.js';

/** How many operations of a PATCH may look through all members of a group. */
const MOST_CHOICES = 100;

const MEMBERS = findByName(GROUP.attributes, 'members')!;

/** What becomes of the members of a group. Ids are those of users of the directory. */
export interface MemberChange {
  /** All who are not added go. */
  replacesAll: boolean;
  added: Set<string>;
  removed: Set<string>;
}

export const noChange = (): MemberChange => ({ replacesAll: false, added: new Set(), removed: new Set() });

/** The ids of members as a directory sends them. */
export function readMembers(value: unknown): string[] {
  const members = (readValue(MEMBERS, value) ?? []) as Resource[];
  return members.map((member) => {
    if (typeof member.value !== 'string') throw invalidValue('A member has a value: the id of the user.');
    if (((member.type as string | undefined) ?? 'User').toLowerCase() !== 'user')
      throw invalidValue('Groups are no members of groups.');
    return member.value;
  });
}

/**
 * The operations of a PATCH of a group, as one change of its members and the other attributes as they are then. `known`
 * is read only where a filter asks for more than ids, and once.
 */
export async function foldOperations(
  resource: Resource,
  operations: readonly Operation[],
  known: () => Promise<readonly string[]>,
): Promise<{ resource: Resource; members: MemberChange }> {
  const changed = { ...resource };
  let members = noChange();
  let choices = 0;
  let read: Promise<readonly string[]> | undefined;
  const readOnce = () => (read ??= known());
  for (const operation of operations) {
    const { op } = operation;
    for (const { path, value } of targetsOf(GROUP, operation)) {
      const { attribute, sub } = resolveTarget(GROUP, path);
      const { name, required } = attribute!;
      if (name !== 'members') {
        if (op === 'remove' && required)
          throw new ScimError(400, 'mutability', `${name} is required: it cannot be removed.`);
        put(changed, name, op === 'remove' ? undefined : readValue(attribute!, value));
        continue;
      }
      if (sub) throw new ScimError(400, 'mutability', 'A member is added or removed, never changed.');
      if (path.filter) {
        if (op !== 'remove') throw new ScimError(400, 'mutability', 'Members that a filter chooses are removed alone.');
        const ids = idsOf(path.filter);
        if (!ids && ++choices > MOST_CHOICES)
          throw new ScimError(400, 'tooMany', `A PATCH chooses members by filters at most ${MOST_CHOICES} times.`);
        const chosen = ids ?? (await chooseMembers(path.filter, members, readOnce));
        chosen.forEach((id) => removeMember(members, id));
      } else if (op === 'replace' || (op === 'remove' && value === undefined)) {
        members = { replacesAll: true, added: new Set(op === 'replace' ? readMembers(value) : []), removed: new Set() };
      } else {
        const change = op === 'add' ? addMember : removeMember;
        readMembers(value).forEach((id) => change(members, id));
      }
    }
  }
  return { resource: changed, members };
}

function addMember({ added, removed }: MemberChange, id: string): void {
  removed.delete(id);
  added.add(id);
}

function removeMember({ added, removed }: MemberChange, id: string): void {
  added.delete(id);
  removed.add(id);
}

/** `value eq "…"`, alone or several of them: the members need not be read for it. */
function idsOf(filter: Filter): string[] | null {
  if (filter.kind === 'or') {
    const parts = filter.parts.map(idsOf);
    return parts.every((ids) => ids !== null) ? parts.flat() : null;
  }
  const isId = filter.kind === 'compare' && filter.operator === 'eq' && filter.path.attribute.toLowerCase() === 'value';
  return isId && typeof filter.value === 'string' && !filter.path.sub ? [filter.value] : null;
}

async function chooseMembers(
  filter: Filter,
  { replacesAll, added, removed }: MemberChange,
  known: () => Promise<readonly string[]>,
) {
  const before = replacesAll ? [] : (await known()).filter((id) => !removed.has(id));
  return [...new Set([...before, ...added])].filter((value) => matchesValue(filter, MEMBERS, { value, type: 'User' }));
}

const APPLY = `
with gone as (
  delete from scim_group_members gm where gm.tenant_id = $1 and gm.group_id = $2
    and case when $5 then not gm.scim_user_id = any($3::uuid[]) else gm.scim_user_id = any($4::uuid[]) end
  returning gm.scim_user_id
), come as (
  insert into scim_group_members (id, tenant_id, group_id, scim_user_id)
  select n.id, $1, $2, n.scim_user_id from unnest($6::uuid[], $3::uuid[]) as n(id, scim_user_id)
  on conflict (tenant_id, group_id, scim_user_id) do nothing
  returning scim_user_id
)
select s.user_id as "userId", c.is_added as "isAdded" from (
  select scim_user_id, true as is_added from come union all select scim_user_id, false from gone) c
join scim_users s on s.tenant_id = $1 and s.id = c.scim_user_id order by s.user_id`;

/**
 * Changes the members of a group: two statements, however many they are. Gives the accounts of those who came and went.
 * Refuses users that are not of this directory.
 */
export async function changeMembers(
  { manager, tenantId, connection }: Change,
  groupId: string,
  { replacesAll, added, removed }: MemberChange,
): Promise<{ added: string[]; removed: string[] }> {
  const ids = [...added];
  if (ids.length) {
    const known = await runSql<{ id: string }>(
      manager,
      'select id from scim_users where tenant_id = $1 and connection_id = $2 and id = any($3::uuid[])',
      [tenantId, connection.id, ids.filter(isUuid)],
    );
    const found = new Set(known.map(({ id }) => id));
    const unknown = ids.find((id) => !found.has(id));
    if (unknown !== undefined)
      throw invalidValue(`members: there is no user ${JSON.stringify(unknown.slice(0, 64))} of this directory.`);
  }
  const gone = [...removed].filter(isUuid);
  if (!ids.length && !gone.length && !replacesAll) return { added: [], removed: [] };
  const changed = await runSql<{ userId: string; isAdded: boolean }>(manager, APPLY, [
    tenantId,
    groupId,
    ids,
    gone,
    replacesAll,
    ids.map(() => v7()),
  ]);
  const accounts = (isAdded: boolean) => changed.filter((one) => one.isAdded === isAdded).map(({ userId }) => userId);
  return { added: accounts(true), removed: accounts(false) };
}

/** What the events say of changed members; nothing where nobody came or went. */
export function membersFacts(
  { connection }: Change,
  groupId: string,
  { added, removed }: { added: string[]; removed: string[] },
): FactOf<'scim_group.members_changed'>[] {
  if (!added.length && !removed.length) return [];
  const ids = (users: string[]) => users.map((id) => toGlobalId('User', id));
  const after = { connection: connection.slug, added: ids(added), removed: ids(removed) };
  return [{ type: 'scim_group.members_changed', objectId: groupId, after }];
}

export function isUuid(id: unknown): id is string {
  return typeof id === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id);
}
