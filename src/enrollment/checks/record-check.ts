import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import type { SourceMode } from '../../entities/enums.js';
import type { SourceErrorCode } from '../../entities/source-enums.js';
import type { SourceOutcome } from '../machine/state.js';

/** What a source said for a petition, or that it did not answer. */
export interface SourceCheck {
  /** Its name stays when the source is deleted. */
  source: { id: string; name: string };
  /** How it was asked; MATCH: as match server. */
  mode: SourceMode | 'MATCH';
  outcome: SourceOutcome;
  /** How many records it gave of the person who was asked about. */
  hits: number;
  /** Which records the petition has by it: they are its own until there is a person whose they are. */
  recordIds?: readonly string[];
  /** Of UNAVAILABLE: why there was no answer. */
  errorCode?: SourceErrorCode | null;
  /** For administrators and approvers: it holds no secret, and nothing of a person; cut at 500 characters. */
  message?: string | null;
}

const LONGEST_MESSAGE = 500;

/** A source that does not answer is asked again and again: that is one row, which says how often and what was last. */
const REPEAT = `
update petition_source_checks c set attempts = c.attempts + 1, error_code = $5, message = $6, at = $7
from (select id, outcome from petition_source_checks
  where tenant_id = $1 and petition_id = $2 and source_id = $3 and mode = $4 order by id desc limit 1) last
where c.tenant_id = $1 and c.id = last.id and last.outcome = 'UNAVAILABLE'
returning c.id`;

const INSERT = `
insert into petition_source_checks
  (id, tenant_id, petition_id, source_id, source_name, mode, outcome, hits, record_ids, error_code, message, at)
values ($2, $1, $3, (select s.id from sources s where s.tenant_id = $1 and s.id = $4 for key share), $5, $6, $7, $8, $9,
  $10, $11, $12)`;

/** Writes down what a source said for a petition, in the transaction of the command that tells the petition so. */
export async function recordSourceCheck(
  manager: EntityManager,
  { tenantId, at }: Writer,
  petitionId: string,
  { source, mode, outcome, hits, recordIds = [], errorCode = null, message = null }: SourceCheck,
): Promise<void> {
  const said = message === null ? null : [...message].slice(0, LONGEST_MESSAGE).join('');
  if (outcome === 'UNAVAILABLE') {
    const values = [tenantId, petitionId, source.id, mode, errorCode, said, at];
    if ((await runSql(manager, REPEAT, values)).length) return;
  }
  const what = [source.id, source.name, mode, outcome, hits, recordIds, errorCode, said, at];
  await runSql(manager, INSERT, [tenantId, v7(), petitionId, ...what]);
}
