import type { EntityManager } from '@mikro-orm/postgresql';
import { FLOW_SOURCES, type FlowSourceRow } from '../../database/loaders/flow-sources.js';
import { runSql } from '../../database/transact.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { PipelineMatch } from '../../entities/source-enums.js';
import { capabilitiesOf } from '../sources/capabilities.js';
import type { FoundSource } from './check-sources.js';

type Named = Pick<FlowSettings, 'sources' | 'matchSourceId'>;

/** The ids of the sources that a flow names. */
export function namedSources({ sources, matchSourceId }: Named): string[] {
  const ids = sources.map(({ sourceId }) => sourceId);
  return [...new Set(matchSourceId ? [...ids, matchSourceId] : ids)];
}

/**
 * Of the sources that a flow names those that its owner may use, by id: an organization uses what is open to organizations.
 * They are not deleted until the transaction ends.
 */
export async function findFlowSources(
  manager: EntityManager,
  tenantId: string,
  settings: Named,
  organizationId: string | null,
): Promise<Map<string, FoundSource>> {
  const ids = namedSources(settings);
  if (!ids.length) return new Map();
  const text = `${FLOW_SOURCES} order by s.id for key share of s`;
  return describeSources(await runSql<FlowSourceRow>(manager, text, [tenantId, ids]), organizationId);
}

/** Rows as flows know them, by id: those that the owner may use. */
export async function describeSources(
  rows: readonly FlowSourceRow[],
  organizationId: string | null,
): Promise<Map<string, FoundSource>> {
  const usable = rows.filter(({ isOpenToOrganizations }) => organizationId === null || isOpenToOrganizations);
  const found = usable.map(async ({ id, name, kind, status, settings, pipelineSettings }) => {
    const { match = PipelineMatch.NONE, createsUsers = false } = pipelineSettings ?? {};
    const givesPeople = pipelineSettings !== null && (createsUsers || match !== PipelineMatch.NONE);
    const capabilities = await capabilitiesOf({ kind, settings });
    return [id, { name, kind, status, capabilities, givesPeople }] as const;
  });
  return new Map(await Promise.all(found));
}
