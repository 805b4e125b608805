import { v7 } from 'uuid';
import { runSql } from '../database/transact.js';
import type { Fact } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { type Change, changeDirectory, scimUrl, type ScimContext } from './context.js';
import { followGroups } from './follow-groups.js';
import {
  changeMembers,
  foldOperations,
  type MemberChange,
  membersFacts,
  noChange,
  readMembers,
} from './group-members.js';
import type { Operation } from './patch.js';
import { checkLine } from './person.js';
import { GROUP_COLUMNS, groupVersion, type Shown, showGroup, type StoredGroup } from './present.js';
import { readResource, type Resource } from './read-resource.js';
import { GROUP } from './schemas.js';
import { invalidValue, notFound, ScimError } from './scim-error.js';
import { foldName } from './storage.js';
import type { Precondition } from './users.js';

/** Adds a group. It gives nothing until an administrator maps it to an organization. */
export function createGroup(context: ScimContext, body: unknown): Promise<Shown> {
  const { members, ...settings } = readResource(GROUP, body);
  const added = new Set(readMembers(members));
  const { displayName, externalId } = readSettings(settings);
  return changeDirectory(context, async (change) => {
    const { manager, writer, tenantId, connection, at } = change;
    const id = v7();
    await runSql(
      manager,
      `insert into scim_groups
         (id, tenant_id, connection_id, display_name, display_name_normalized, external_id, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $7)`,
      [id, tenantId, connection.id, displayName, foldName(displayName), externalId, at],
    );
    const changed = await changeMembers(change, id, { ...noChange(), added });
    const after = { connection: connection.slug, displayName, externalId };
    await recordEvents(manager, writer, [
      { type: 'scim_group.created', objectId: id, after },
      ...membersFacts(change, id, changed),
    ]);
    const stored = { id, displayName, externalId, createdAt: at, updatedAt: at, version: 1 };
    return showGroup(stored, await readGroupMembers(change, id), scimUrl(context.tenant));
  });
}

/** Puts a group in the place of what is there. Members who stay are not touched. */
export function replaceGroup(
  context: ScimContext,
  id: string,
  body: unknown,
  isExpected?: Precondition,
): Promise<Shown> {
  const { members, ...resource } = readResource(GROUP, body);
  const change = { replacesAll: true, added: new Set(readMembers(members)), removed: new Set<string>() };
  return changeDirectory(context, async (directory) => {
    const stored = await changeGroup(directory, id, async () => ({ resource, members: change }), isExpected);
    return showGroup(stored, await readGroupMembers(directory, id), scimUrl(context.tenant));
  });
}

/** Changes a group, a constant number of statements however many members that is about. Gives its new version. */
export function patchGroup(
  context: ScimContext,
  id: string,
  operations: readonly Operation[],
  isExpected?: Precondition,
): Promise<string> {
  return changeDirectory(context, async (change) => {
    const fold = (known: Resource) => foldOperations(known, operations, () => readGroupMembers(change, id));
    return groupVersion(await changeGroup(change, id, fold, isExpected));
  });
}

/** Removes a group, and what its mappings gave to its members. */
export function deleteGroup(context: ScimContext, id: string, isExpected?: Precondition): Promise<void> {
  return changeDirectory(context, async (change) => {
    const { manager, writer, tenantId, connection } = change;
    const { displayName, externalId } = await findGroup(change, id, isExpected);
    const members = await runSql<{ userId: string }>(
      manager,
      `select s.user_id as "userId" from scim_group_members gm
       join scim_users s on s.tenant_id = $1 and s.id = gm.scim_user_id
       where gm.tenant_id = $1 and gm.group_id = $2`,
      [tenantId, id],
    );
    const isMapped = await hasMappings(change, id);
    await runSql(manager, 'delete from scim_groups where tenant_id = $1 and id = $2', [tenantId, id]);
    const followed = isMapped
      ? await followGroups(
          change,
          members.map(({ userId }) => userId),
        )
      : [];
    const before = { connection: connection.slug, displayName, externalId };
    await recordEvents(manager, writer, [{ type: 'scim_group.deleted', objectId: id, before }, ...followed]);
  });
}

async function changeGroup(
  change: Change,
  id: string,
  make: (known: Resource) => Promise<{ resource: Resource; members: MemberChange }>,
  isExpected: Precondition | undefined,
): Promise<StoredGroup> {
  const { manager, writer, tenantId, connection, at } = change;
  const stored = await findGroup(change, id, isExpected);
  const { externalId: key, displayName: name } = stored;
  const { resource, members } = await make({ displayName: name, ...(key === null ? {} : { externalId: key }) });
  const { displayName, externalId } = readSettings(resource);
  const changed = await changeMembers(change, id, members);
  const facts: Fact[] = membersFacts(change, id, changed);
  if (displayName !== name || externalId !== key) {
    const slug = connection.slug;
    facts.unshift({
      type: 'scim_group.updated',
      objectId: id,
      before: { connection: slug, displayName: name, externalId: key },
      after: { connection: slug, displayName, externalId },
    });
  }
  if (!facts.length) return stored;
  const next = { ...stored, displayName, externalId, updatedAt: at, version: stored.version + 1 };
  await runSql(
    manager,
    `update scim_groups set display_name = $3, display_name_normalized = $4, external_id = $5, updated_at = $6,
       version = $7 where tenant_id = $1 and id = $2`,
    [tenantId, id, displayName, foldName(displayName), externalId, at, next.version],
  );
  if (await hasMappings(change, id))
    facts.push(...(await followGroups(change, [...changed.added, ...changed.removed])));
  await recordEvents(manager, writer, facts);
  return next;
}

async function findGroup(
  { manager, tenantId, connection }: Change,
  id: string,
  isExpected: Precondition | undefined,
): Promise<StoredGroup> {
  const [stored] = await runSql<StoredGroup>(
    manager,
    `select ${GROUP_COLUMNS} from scim_groups g where g.tenant_id = $1 and g.connection_id = $2 and g.id = $3`,
    [tenantId, connection.id, id],
  );
  if (!stored) throw notFound('group');
  if (isExpected && !isExpected(groupVersion(stored)))
    throw new ScimError(412, null, 'The group was changed since you read it.');
  return stored;
}

async function readGroupMembers({ manager, tenantId }: Change, id: string): Promise<string[]> {
  const rows = await runSql<{ id: string }>(
    manager,
    'select scim_user_id as id from scim_group_members where tenant_id = $1 and group_id = $2 order by scim_user_id',
    [tenantId, id],
  );
  return rows.map((row) => row.id);
}

async function hasMappings({ manager, tenantId }: Change, id: string): Promise<boolean> {
  const rows = await runSql(
    manager,
    'select 1 from scim_group_mappings where tenant_id = $1 and group_id = $2 limit 1',
    [tenantId, id],
  );
  return rows.length > 0;
}

function readSettings({ displayName, externalId }: Resource): { displayName: string; externalId: string | null } {
  const name = checkLine('displayName', displayName as string | undefined);
  if (name === null) throw invalidValue('displayName is needed.');
  return { displayName: name, externalId: checkLine('externalId', externalId as string | undefined) };
}
