import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { transact } from '../database/transact.js';
import { Organization } from '../entities/organization.js';
import { NameSource, NameStatus } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { checkText, refuseFaults } from '../faults.js';
import { type IdentifierInput, insertIdentifiers, readIdentifiers } from './identifiers.js';

export interface CreateOrganization {
  idempotencyKey?: string | null;
  name: string;
  description?: string | null;
  identifiers?: IdentifierInput[] | null;
}

/** Makes an organization and gives its id. Throws Faults: REQUIRED, TOO_LONG, INVALID, TAKEN, IDEMPOTENCY_KEY_REUSED. */
export async function createOrganization(context: OperationContext, input: CreateOrganization): Promise<string> {
  const { identifiers, faults } = readIdentifiers(input.identifiers ?? []);
  refuseFaults([
    checkText(input.name, { isRequired: true, longest: 128 }, 'name'),
    checkText(input.description, { longest: 256 }, 'description'),
    ...faults,
  ]);
  const { idempotencyKey: key, ...rest } = input;
  const writer = writerOf(context, 'organizationCreate');
  const { tenantId, at } = writer;
  return transact(context.database, tenantId, async (manager) => {
    const id = v7();
    const request = {
      tenantId,
      caller: writer.actor,
      at,
      operation: 'organizationCreate',
      key,
      input: rest,
      objectId: id,
    };
    const made = await takeIdempotencyKey(manager, request);
    if (made) return made;
    const organization = manager.create(Organization, {
      id,
      tenantId,
      name: input.name.trim(),
      nameStatus: NameStatus.CONFIRMED,
      nameSource: NameSource.ADMINISTRATOR,
      description: input.description?.trim() || null,
    });
    await manager.flush();
    const taken = await insertIdentifiers(
      manager,
      tenantId,
      id,
      identifiers.map((identifier, index) => ({ ...identifier, index })),
    );
    refuseFaults(taken);
    const { name, nameStatus, nameSource, description = null } = organization;
    const after = {
      ...{ name, nameStatus, nameSource, description, identifiers },
      completionUserId: null,
      origin: 'ADMIN' as const,
    };
    await recordEvents(manager, writer, [{ type: 'organization.created', organizationId: id, objectId: id, after }]);
    return id;
  });
}
