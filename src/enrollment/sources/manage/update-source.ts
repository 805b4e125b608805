import type { EntityManager } from '@mikro-orm/postgresql';
import { writerOf } from '../../../actor.js';
import type { OperationContext } from '../../../context.js';
import { runSql, transact } from '../../../database/transact.js';
import { recordEvents } from '../../../events/record.js';
import { checkVersion, refuseFaults } from '../../../faults.js';
import { findKind } from '../kinds.js';
import { checkSource } from './check-source.js';
import { changeConfiguration, type SourceChanges } from './configuration.js';
import { refuseWhileOrganizationsUse } from './find-use.js';
import {
  changeSecrets,
  checkPipeline,
  COLUMN_NAMES,
  columnValues,
  differences,
  lockSource,
  placeholdersFrom,
  published,
  settingDifferences,
} from './store.js';

const UPDATE = `update sources set updated_at = $3, version = version + 1,
    (${COLUMN_NAMES.join(', ')}) = row(${placeholdersFrom(4).join(', ')})
  where tenant_id = $1 and id = $2`;

export type UpdateSource = SourceChanges & { id: string; expectedVersion?: number | null };

/**
 * Changes a source. Calls that are under way end as they began; those that come use what it is set to now. Repeating it
 * changes nothing. Throws Faults with all that is wrong: NOT_FOUND, STALE_VERSION, REQUIRED, INVALID, TOO_LONG, IN_USE.
 */
export async function updateSource(context: OperationContext, input: UpdateSource): Promise<void> {
  const writer = writerOf(context, 'sourceUpdate');
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const known = await lockSource(manager, tenantId, input.id);
    const wanted = changeConfiguration(known, input);
    refuseFaults([
      checkVersion(input.expectedVersion, known.version),
      ...checkSource(await findKind(known.kind), input, wanted),
      await checkPipeline(manager, tenantId, wanted.pipelineId),
      known.isOpenToOrganizations &&
        !wanted.isOpenToOrganizations &&
        (await refuseWhileOrganizationsUse(manager, tenantId, known.id)),
    ]);
    const { changed: secrets, ...sealed } = changeSecrets(context.sealing, known, input.secrets);
    const changed = differences(known, wanted);
    if (!changed.length && !secrets.length) return;
    const source = { ...wanted, ...sealed };
    await runSql(manager, UPDATE, [tenantId, known.id, at, ...columnValues(source)]);
    const settings = settingDifferences(known.settings, wanted.settings);
    if (settings.length || secrets.length) await forgetState(manager, tenantId, known.id, settings.length > 0);
    const isTold = (name: string) => (name === 'secretNames' ? secrets.length > 0 : changed.includes(name as never));
    const pick = (from: object) => Object.fromEntries(Object.entries(from).filter(([name]) => isTold(name)));
    await recordEvents(manager, writer, [
      {
        type: 'source.updated',
        objectId: known.id,
        before: pick(published(known)),
        after: {
          ...pick(published(source)),
          ...(settings.length ? { settings } : {}),
          ...(secrets.length ? { secrets } : {}),
        },
      },
    ]);
  });
}

/** How it was says nothing of how it is set now; nor does the place up to where changes of other settings were read. */
async function forgetState(manager: EntityManager, tenantId: string, id: string, isOther: boolean): Promise<void> {
  await runSql(
    manager,
    `update source_states set health = 'UNKNOWN', error_code = null, error_message = null, failures = 0,
       change_cursor = case when $3 then null else change_cursor end
     where tenant_id = $1 and source_id = $2`,
    [tenantId, id, isOther],
  );
}
