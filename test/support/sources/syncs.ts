import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runSync } from '../../../src/enrollment/synchronization/run-sync.js';
import type { Browser } from '../browser.js';
import type { Gateway } from '../gateway.js';

export const RUN = `id mode trigger isForced status total done created updated unchanged removed failed attempts rate eta
  error { code message } createdAt startedAt finishedAt nextAttemptAt`;
const START = `mutation ($input: SourceSyncStartInput!) {
  sourceSyncStart(input: $input) { sourceSyncRun { ${RUN} } userErrors { code message field } } }`;
const READ = `query ($id: ID!) { sourceSyncRun(id: $id) { ${RUN} errors(first: 100) { totalCount nodes { key code message at } } } }`;

/** Asks for a sync of a source. */
export async function startSync(
  gateway: Gateway,
  browser: Browser,
  source: { id: string },
  input: { mode?: string; isForced?: boolean; idempotencyKey?: string } = {},
) {
  const { data, errors } = await gateway.graphql(browser, START, { input: { sourceId: `src_${source.id}`, ...input } });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.sourceSyncStart;
}

/** Does what the job of the source does, once. */
export function work({ services, tenant }: Gateway, { id }: { id: string }, signal = new AbortController().signal) {
  return runSync(services, { tenantId: tenant.id, sourceId: id }, signal);
}

/** A run as an administrator sees it. */
export async function readRun(gateway: Gateway, browser: Browser, id: string) {
  const { data, errors } = await gateway.graphql(browser, READ, { id });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.sourceSyncRun;
}

/** A whole sync, as it ends. */
export async function sync(
  gateway: Gateway,
  browser: Browser,
  source: { id: string },
  input: { mode?: string; isForced?: boolean } = {},
) {
  const { sourceSyncRun, userErrors } = await startSync(gateway, browser, source, input);
  if (userErrors.length) throw new Error(JSON.stringify(userErrors));
  await work(gateway, source);
  return readRun(gateway, browser, sourceSyncRun.id);
}

/** Puts a file of people where the source of kind CSV with this path reads it. */
export async function writePeople(
  folder: string,
  tenantId: string,
  path: string,
  rows: Iterable<readonly string[]>,
): Promise<void> {
  await mkdir(join(folder, tenantId, 'files'), { recursive: true });
  const lines = ['key,family,given,email'];
  for (const row of rows) lines.push(row.join(','));
  await writeFile(join(folder, tenantId, 'files', path), `${lines.join('\n')}\n`);
}

/** The settings of such a source. */
export const csvSettings = (path: string) => ({
  path,
  mapping: { key: 'key', familyName: 'family', givenName: 'given', emails: ['email'] },
});

/** Tables in which a sync of what has not changed writes nothing. */
const QUIET = [
  'source_records',
  'users',
  'user_identifiers',
  'memberships',
  'membership_roles',
  'petitions',
  'source_states',
];

/** Which version of each row there is: a row that is written has another one, whatever is in it. Without events of runs. */
export async function rowVersions(gateway: Gateway): Promise<Record<string, string[]>> {
  const versions: Record<string, string[]> = {};
  for (const table of QUIET) {
    const rows = await gateway.rows<{ version: string }>(
      `select id || ' ' || xmin::text || ' ' || ctid::text as version from ${table} where tenant_id = $1 order by id`,
    );
    versions[table] = rows.map(({ version }) => version);
  }
  const events = await gateway.rows<{ id: string }>(
    `select id::text from events where tenant_id = $1 and type not like 'source_sync.%' order by id`,
  );
  return { ...versions, events: events.map(({ id }) => id) };
}
