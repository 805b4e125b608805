import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { runSql, transact } from '../database/transact.js';
import { Organization } from '../entities/organization.js';
import type { FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, type Fault, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { toldCustomData } from './custom-data.js';
import { type IdentifierInput, insertIdentifiers, readIdentifiers } from './identifiers.js';
import {
  findMissingFactors,
  findTakenSlug,
  type OrganizationSettings,
  type ReadSettings,
  readSettings,
} from './settings.js';
import { writeOrganization } from './write-organization.js';

/** Changes of an organization: what is absent stays, null clears. `id` is the uuid. */
export interface UpdateOrganization extends OrganizationSettings {
  id: string;
  expectedVersion?: number | null;
  identifiers?: IdentifierInput[] | null;
}

/**
 * Edits an organization. Throws Faults, all at once: NOT_FOUND, STALE_VERSION, REQUIRED, TOO_LONG, INVALID, TAKEN,
 * NO_FACTOR_ENABLED.
 */
export async function updateOrganization(context: OperationContext, input: UpdateOrganization): Promise<void> {
  const given = input.identifiers === undefined ? null : readIdentifiers(input.identifiers ?? []);
  const { settings, faults } = readSettings(input);
  const writer = writerOf(context, 'organizationUpdate');
  const { tenantId } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const organization = await lockOrganization(manager, input.id);
    const knownData = settings.customData === undefined ? '' : await readStoredData(manager, organization);
    const changes = changesOf({ ...organization, customData: knownData }, settings);
    refuseFaults([
      checkVersion(input.expectedVersion, organization.version),
      ...faults,
      changes.slug !== undefined && (await findTakenSlug(manager, tenantId, changes.slug)),
      changes.isMfaRequired && (await findMissingFactors(manager, tenantId)),
      ...(given?.faults ?? []),
    ]);
    const properties = Object.keys(changes) as (keyof ReadSettings)[];
    const known = { ...organization, customData: knownData };
    const before = publishedChanges(
      Object.fromEntries(properties.map((property) => [property, known[property] ?? null])),
    );
    const after = publishedChanges(changes);
    if (given) {
      const replaced = await replaceIdentifiers(manager, tenantId, organization.id, given.identifiers);
      refuseFaults(replaced.faults);
      if (replaced.isChanged) {
        before.identifiers = replaced.before;
        after.identifiers = given.identifiers;
      }
    }
    if (!Object.keys(after).length) return;
    await writeOrganization(manager, writer, organization, changes);
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

/** The custom data of an organization that is locked, as JSON text. */
export async function readStoredData(manager: EntityManager, { tenantId, id }: Organization): Promise<string> {
  const [row] = await runSql<{ text: string }>(
    manager,
    'select custom_data::text as text from organizations where tenant_id = $1 and id = $2',
    [tenantId, id],
  );
  return row!.text;
}

/** What events say of these changes. When a name is looked up again is no part of what an organization is. */
export function publishedChanges({
  nameLookupAt: _,
  completionUserId,
  customData,
  ...changes
}: ReadSettings): FactOf<'organization.updated'>['after'] {
  return {
    ...changes,
    ...(completionUserId === undefined
      ? {}
      : { completionUserId: completionUserId && toGlobalId('User', completionUserId) }),
    ...(customData === undefined ? {} : { customData: toldCustomData(customData) }),
  };
}

function changesOf(known: object, settings: ReadSettings): ReadSettings {
  const changed = Object.entries(settings).filter(
    ([property, value]) => ((known as Record<string, unknown>)[property] ?? null) !== value,
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
