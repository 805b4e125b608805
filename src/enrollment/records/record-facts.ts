import { toGlobalId } from '../../database/loaders/ids.js';
import type { Fact } from '../../events/catalogue.js';
import type { RecordRow } from './record-rows.js';

/** What the events say of a record: whose it has become, or is no more; and that the source has it no more, or again. */
export function recordFacts(before: RecordRow, after: RecordRow): Fact[] {
  const facts: Fact[] = [];
  const place = { sourceId: toGlobalId('Source', after.sourceId), key: after.key };
  const userOf = (userId: string) => toGlobalId('User', userId);
  const about = { objectId: after.id, userId: after.userId ?? before.userId };
  if (before.status !== after.status) {
    const graceEndsAt = after.graceEndsAt && new Date(after.graceEndsAt).toISOString();
    facts.push(
      after.status === 'REMOVED'
        ? { type: 'source_record.removed', ...about, after: { ...place, graceEndsAt } }
        : { type: 'source_record.returned', ...about, after: place },
    );
  }
  if (before.userId === after.userId) return facts;
  if (before.userId && after.userId) {
    const [old, now] = [{ userId: userOf(before.userId) }, { ...place, userId: userOf(after.userId) }];
    facts.push({ type: 'source_record.relinked', ...about, before: old, after: now });
  } else if (after.userId) {
    facts.push({ type: 'source_record.linked', ...about, after: { ...place, userId: userOf(after.userId) } });
  } else if (before.userId) {
    facts.push({ type: 'source_record.unlinked', ...about, before: { ...place, userId: userOf(before.userId) } });
  }
  return facts;
}
