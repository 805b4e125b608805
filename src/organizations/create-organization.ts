import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { brokenConstraint, RetryTransaction, runSql, transact } from '../database/transact.js';
import { Organization } from '../entities/organization.js';
import { slugOf, uniqueSlug } from '../entities/slug.js';
import { recordEvents } from '../events/record.js';
import { Faults, refuseFaults } from '../faults.js';
import { type IdentifierInput, insertIdentifiers, readIdentifiers } from './identifiers.js';
import { findMissingFactors, findTakenSlug, type OrganizationSettings, readSettings, takenSlug } from './settings.js';
import { publishedChanges } from './update-organization.js';
import { SLUG_CONSTRAINT } from './write-organization.js';

export interface CreateOrganization extends Omit<OrganizationSettings, 'status'> {
  idempotencyKey?: string | null;
  name: string;
  identifiers?: IdentifierInput[] | null;
}

/**
 * Makes an organization and gives its id. Without a slug it gets that of its name, with an ending where another one has
 * it. Throws Faults, all at once: REQUIRED, TOO_LONG, INVALID, TAKEN, NO_FACTOR_ENABLED, IDEMPOTENCY_KEY_REUSED.
 */
export async function createOrganization(context: OperationContext, input: CreateOrganization): Promise<string> {
  const { identifiers, faults } = readIdentifiers(input.identifiers ?? []);
  // Null leaves what is optional as it is without.
  const given = Object.fromEntries(Object.entries(input).filter(([name, value]) => name === 'name' || value !== null));
  const { settings, faults: ofSettings } = readSettings(given);
  refuseFaults([...ofSettings, ...faults]);
  const { idempotencyKey: key, ...rest } = input;
  const writer = writerOf(context, 'organizationCreate');
  const { tenantId, at } = writer;
  return transact(context.database, tenantId, async (manager) => {
    const id = v7();
    const request = {
      ...{ tenantId, caller: writer.actor, at, operation: 'organizationCreate' },
      ...{ key, input: rest, objectId: id },
    };
    const made = await takeIdempotencyKey(manager, request);
    if (made) return made;
    const { customData, ...columns } = settings;
    const wanted = settings.slug ?? slugOf(settings.name!);
    const isTaken = (await findTakenSlug(manager, tenantId, wanted)) !== null;
    const slug = isTaken ? uniqueSlug(settings.name!, id) : wanted;
    const {
      name,
      nameStatus,
      nameSource,
      description = null,
    } = manager.create(Organization, {
      ...(columns as typeof columns & { name: string }),
      ...{ id, tenantId, slug, createdAt: at, updatedAt: at },
    });
    await manager.flush().catch((error: unknown) => {
      if (brokenConstraint(error) !== SLUG_CONSTRAINT) throw error;
      throw settings.slug === undefined ? new RetryTransaction() : new Faults([takenSlug(wanted)]);
    });
    if (customData !== undefined) {
      const text = 'update organizations set custom_data = $3::json where tenant_id = $1 and id = $2';
      await runSql(manager, text, [tenantId, id, customData]);
    }
    refuseFaults([
      settings.slug !== undefined && isTaken && takenSlug(wanted),
      settings.isMfaRequired && (await findMissingFactors(manager, tenantId)),
      ...(await insertIdentifiers(
        manager,
        tenantId,
        id,
        identifiers.map((identifier, index) => ({ ...identifier, index })),
      )),
    ]);
    const after = {
      ...publishedChanges(settings),
      ...{ name, nameStatus, nameSource, description: description ?? null, slug, identifiers },
      completionUserId: null,
      origin: 'ADMIN' as const,
    };
    await recordEvents(manager, writer, [{ type: 'organization.created', organizationId: id, objectId: id, after }]);
    return id;
  });
}
