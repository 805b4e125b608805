import { viewerOf, writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { transact } from '../database/transact.js';
import { NameSource, NameStatus } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { checkText, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { confirmedName } from './settings.js';
import { lockOrganization, publishedChanges } from './update-organization.js';
import { writeOrganization } from './write-organization.js';

/**
 * FIRST_MEMBER_ONCE: the member whose sign-in made the organization gives it its name, once, while nobody has confirmed
 * one. Throws Faults: COMPLETION_CLOSED, REQUIRED, TOO_LONG, INVALID.
 */
export async function completeOrganization(
  context: OperationContext,
  input: { id: string; name: string },
): Promise<void> {
  const writer = writerOf(context, 'organizationComplete');
  await transact(context.database, writer.tenantId, async (manager) => {
    const organization = await lockOrganization(manager, input.id);
    const isOpen =
      organization.completionUserId !== null &&
      organization.completionUserId === viewerOf(context).userId &&
      organization.nameStatus !== NameStatus.CONFIRMED;
    refuseFaults([
      !isOpen &&
        fault(
          UserErrorCode.COMPLETION_CLOSED,
          'The name of this organization is for its administrators to change.',
          'id',
        ),
      checkText(input.name, { isRequired: true, longest: 128 }, 'name'),
    ]);
    const { name, nameStatus, nameSource, completionUserId } = organization;
    const confirmed = confirmedName(input.name, NameSource.FIRST_MEMBER);
    await writeOrganization(manager, writer, organization, confirmed);
    await recordEvents(manager, writer, [
      {
        type: 'organization.updated',
        organizationId: organization.id,
        objectId: organization.id,
        before: publishedChanges({ name, nameStatus, nameSource, completionUserId }),
        after: publishedChanges(confirmed),
      },
    ]);
  });
}
