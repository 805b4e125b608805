import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { runSql, transact } from '../database/transact.js';
import { NameSource, NameStatus, type OrganizationStatus } from '../entities/enums.js';
import { Organization } from '../entities/organization.js';
import type { FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { checkText, checkVersion, type Fault, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { type IdentifierInput, insertIdentifiers, readIdentifiers } from './identifiers.js';

/** Changes of an organization: what is absent stays, null clears. `id` is the uuid. */
export interface UpdateOrganization {
  id: string;
  expectedVersion?: number | null;
  name?: string | null;
  description?: string | null;
  identifiers?: IdentifierInput[] | null;
  status?: OrganizationStatus | null;
}

/** Edits an organization. Throws Faults: NOT_FOUND, STALE_VERSION, REQUIRED, TOO_LONG, INVALID, TAKEN. */
export async function updateOrganization(context: OperationContext, input: UpdateOrganization): Promise<void> {
  const given = input.identifiers === undefined ? null : readIdentifiers(input.identifiers ?? []);
  const writer = writerOf(context, 'organizationUpdate');
  await transact(context.database, writer.tenantId, async (manager) => {
    const organization = await lockOrganization(manager, input.id);
    refuseFaults([
      checkVersion(input.expectedVersion, organization.version),
      checkText(input.name, { isRequired: true, longest: 128 }, 'name'),
      checkText(input.description, { longest: 256 }, 'description'),
      input.status === null && fault(UserErrorCode.REQUIRED, 'status cannot be cleared.', 'status'),
      ...(given?.faults ?? []),
    ]);
    const changes = changesOf(organization, input);
    const properties = Object.keys(changes) as (keyof Changes)[];
    const known = Object.fromEntries(properties.map((property) => [property, organization[property]])) as Changes;
    const before = publishedChanges(known);
    const after = publishedChanges(changes);
    Object.assign(organization, changes);
    if (given) {
      const replaced = await replaceIdentifiers(manager, writer.tenantId, organization.id, given.identifiers);
      refuseFaults(replaced.faults);
      if (replaced.isChanged) {
        before.identifiers = replaced.before;
        after.identifiers = given.identifiers;
        organization.updatedAt = writer.at;
      }
    }
    if (!Object.keys(after).length) return;
    await manager.flush();
    await recordEvents(manager, writer, [
      { type: 'organization.updated', organizationId: organization.id, objectId: organization.id, before, after },
    ]);
  });
}

/** The organization, locked until the transaction ends; Faults NOT_FOUND when it is gone. */
export async function lockOrganization(manager: EntityManager, id: string): Promise<Organization> {
  const organization = await manager.findOne(Organization, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!organization && fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'id')]);
  return organization!;
}

/** A name that a person gives is sure: it is never looked up or overwritten again. */
export function confirmedName(name: string, nameSource: NameSource) {
  return {
    name: name.trim(),
    nameStatus: NameStatus.CONFIRMED,
    nameSource,
    nameLookupAt: null as Date | null,
    completionUserId: null as string | null,
  };
}

type Changes = Partial<
  ReturnType<typeof confirmedName> & Pick<Organization, 'completionUserId' | 'description' | 'status'>
>;

/** What events say of these changes. When a name is looked up again is no part of what an organization is. */
export function publishedChanges({
  nameLookupAt: _,
  completionUserId,
  ...changes
}: Changes): FactOf<'organization.updated'>['after'] {
  if (completionUserId === undefined) return changes;
  return { ...changes, completionUserId: completionUserId && toGlobalId('User', completionUserId) };
}

function changesOf(organization: Organization, { name, description, status }: UpdateOrganization): Changes {
  const wanted: Changes = {
    ...(name ? confirmedName(name, NameSource.ADMINISTRATOR) : {}),
    ...(description === undefined ? {} : { description: description?.trim() || null }),
    ...(status ? { status } : {}),
  };
  const changed = Object.entries(wanted).filter(
    ([property, value]) => organization[property as keyof Organization] !== value,
  );
  return Object.fromEntries(changed);
}

async function replaceIdentifiers(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  wanted: IdentifierInput[],
): Promise<{ before: IdentifierInput[]; isChanged: boolean; faults: Fault[] }> {
  const before = await runSql<IdentifierInput & { id: string }>(
    manager,
    'select id, scheme, value from organization_identifiers where tenant_id = $1 and organization_id = $2 order by scheme, value',
    [tenantId, organizationId],
  );
  const isSame = (left: IdentifierInput) => (right: IdentifierInput) =>
    left.scheme === right.scheme && left.value === right.value;
  const gone = before.filter((identifier) => !wanted.some(isSame(identifier)));
  const added = wanted
    .map((identifier, index) => ({ ...identifier, index }))
    .filter((identifier) => !before.some(isSame(identifier)));
  if (gone.length) {
    await runSql(manager, 'delete from organization_identifiers where tenant_id = $1 and id = any($2::uuid[])', [
      tenantId,
      gone.map(({ id }) => id),
    ]);
  }
  const faults = await insertIdentifiers(manager, tenantId, organizationId, added);
  return {
    before: before.map(({ scheme, value }) => ({ scheme, value })),
    isChanged: gone.length + added.length > 0,
    faults,
  };
}
