import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { transact } from '../database/transact.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, refuseFaults } from '../faults.js';
import { mergePatch, readCustomData } from './custom-data.js';
import { lockOrganization, publishedChanges, readStoredData } from './update-organization.js';
import { writeOrganization } from './write-organization.js';

/** A merge patch of custom data. `id` is the uuid; `patch` comes as whatever JSON was sent. */
export interface PatchCustomData {
  id: string;
  expectedVersion?: number | null;
  patch: unknown;
}

/**
 * Changes some keys of an organization's custom data as RFC 7396 says, on what is stored at that moment: patches of
 * different keys at once both last. What changes nothing writes nothing. Throws Faults: NOT_FOUND, STALE_VERSION,
 * INVALID, TOO_LONG.
 */
export async function patchCustomData(context: OperationContext, input: PatchCustomData): Promise<void> {
  const { id, expectedVersion, patch } = input;
  // An object that could be stored is one that can be merged: it is bounded.
  const read = readCustomData(patch ?? [], 'patch');
  const writer = writerOf(context, 'organizationCustomDataPatch');
  await transact(context.database, writer.tenantId, async (manager) => {
    const organization = await lockOrganization(manager, id);
    refuseFaults([checkVersion(expectedVersion, organization.version), 'fault' in read && read.fault]);
    const known = await readStoredData(manager, organization);
    const merged = readCustomData(mergePatch(JSON.parse(known), patch), 'patch');
    if ('fault' in merged) return refuseFaults([merged.fault]);
    if (merged.text === known) return;
    await writeOrganization(manager, writer, organization, { customData: merged.text });
    const about = { organizationId: organization.id, objectId: organization.id };
    const [before, after] = [known, merged.text].map((customData) => publishedChanges({ customData }));
    await recordEvents(manager, writer, [{ type: 'organization.updated', ...about, before: before!, after: after! }]);
  });
}
