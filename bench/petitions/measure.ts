import pg from 'pg';
import { pino } from 'pino';
import { v7 } from 'uuid';
import type { Viewer } from '../../src/context.js';
import { openDatabase } from '../../src/database/database.js';
import { createSealing } from '../../src/database/sealing.js';
import { changeSettings, DEFAULT_SETTINGS } from '../../src/enrollment/flows/default-settings.js';
import { denyPetition } from '../../src/enrollment/approvals/decide.js';
import type { PetitionContext } from '../../src/enrollment/petitions/run-command.js';
import { administer, createDatabase, type Server } from '../database.js';
import { medianOf } from '../measure.js';

/** Transitions of petitions a second, one after another, against the same done by hand. */
export interface PetitionLine {
  title: string;
  floor: number;
  own: number;
  /** Of one transition, `begin` and `commit` among them. */
  statements: number;
}

const SMALL = { organizations: 2_000, users: 20_000 };
const A_ROUND = 200;

/** What no way of deciding on a petition can do without: the lock, the row, its decision, its history and its event. */
const BY_HAND = [
  'select status, version from petitions where tenant_id = $1 and id = $2 for update',
  `update petitions set status = 'DENIED', step = 'DONE', waits_for = null, decided_by_user_id = $3, decided_at = now(),
     finished_at = now(), due_at = null, updated_at = now(), version = version + 1
   where tenant_id = $1 and id = $2`,
  `insert into petition_decisions (id, tenant_id, petition_id, approver_user_id, is_approval, at)
   values (gen_random_uuid(), $1, $2, $3, false, now())`,
  `insert into petition_history
     (id, tenant_id, petition_id, sequence, action, status_before, status_after, party, actor_user_id, at)
   values (gen_random_uuid(), $1, $2, 2, 'DENIED', 'PENDING_APPROVAL', 'DENIED', 'APPROVER', $3, now())`,
  `insert into events (id, tenant_id, type, at, actor_kind, actor_user_id, via, object_id, "before", "after",
     changes_salt, origin_salt)
   values (gen_random_uuid(), $1, 'petition.denied', now(), 'USER', $3, 'bench', $2, '{"status":"PENDING_APPROVAL"}',
     '{"status":"DENIED","party":"APPROVER"}', decode(md5('salt'), 'hex'), decode(md5('salt'), 'hex'))`,
];

/** Decisions on petitions that wait for approval, in a database of their own. */
export async function measurePetitions(
  server: Server,
  rounds: number,
  tell: (line: string) => void,
): Promise<PetitionLine[]> {
  const { url, openUrl, tenantId, remove } = await createDatabase(server, SMALL, []);
  const statements: string[] = [];
  const database = await openDatabase({
    ...{ url, folder: '', poolSize: 2 },
    onStatement: (text) => statements.push(text),
  });
  const floor = new pg.Client({ connectionString: openUrl });
  await floor.connect();
  try {
    const flow = await makeFlow(openUrl, tenantId);
    const context = contextOf(database, tenantId, flow.approverId);
    const rates = { floor: [] as number[], own: [] as number[] };
    let counted = 0;
    for (let round = 0; round <= rounds; round++) {
      const byHand = await makePetitions(openUrl, tenantId, flow);
      const handTime = await clock(async () => {
        for (const id of byHand) await decideByHand(floor, tenantId, id, flow.approverId);
      });
      const own = await makePetitions(openUrl, tenantId, flow);
      statements.length = 0;
      const ownTime = await clock(async () => {
        for (const id of own) await denyPetition(context, { id, comment: null, isConfirmed: false });
      });
      counted = statements.length / A_ROUND;
      if (round === 0) continue;
      rates.floor.push((A_ROUND * 1_000) / handTime);
      rates.own.push((A_ROUND * 1_000) / ownTime);
    }
    const line: PetitionLine = {
      title: 'one decision on a petition',
      floor: medianOf(rates.floor),
      own: medianOf(rates.own),
      statements: Math.round(counted),
    };
    const share = ((100 * line.own) / line.floor).toFixed(0);
    tell(`${line.title}: ${line.own.toFixed(0)}/s, ${share} % of its bare SQL (${line.floor.toFixed(0)}/s)`);
    return [line];
  } finally {
    await floor.end();
    await database.close();
    await remove();
  }
}

async function clock(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function decideByHand(floor: pg.Client, tenantId: string, id: string, approverId: string): Promise<void> {
  await floor.query('begin');
  for (const [index, text] of BY_HAND.entries()) {
    const values = text.includes('$3') ? [tenantId, id, approverId] : [tenantId, id];
    await floor.query({ name: `petition-${index}`, text, values });
  }
  await floor.query('commit');
}

interface BenchFlow {
  versionId: string;
  flowId: string;
  organizationId: string;
  approverId: string;
}

/** A flow that asks for approval, of an organization, and one of its administrators. */
async function makeFlow(openUrl: string, tenantId: string): Promise<BenchFlow> {
  const [flowId, versionId] = [v7(), v7()];
  const [chosen] = await administer<{ organizationId: string; approverId: string }>(
    openUrl,
    `select m.organization_id as "organizationId", m.user_id as "approverId" from memberships m
     join membership_roles mr on mr.tenant_id = $1 and mr.membership_id = m.id
     join roles r on r.tenant_id = $1 and r.id = mr.role_id and r.is_built_in and r.name = 'administrator'
     where m.tenant_id = $1 limit 1`,
    [tenantId],
  );
  const settings = changeSettings(DEFAULT_SETTINGS, { requiresApproval: true });
  await administer(
    openUrl,
    `insert into enrollment_flows
       (id, tenant_id, organization_id, name, status, current_version_id, created_at, updated_at)
     values ($2, $1, $3, 'Bench', 'ACTIVE', $4, now(), now())`,
    [tenantId, flowId, chosen!.organizationId, versionId],
  );
  await administer(
    openUrl,
    `insert into enrollment_flow_versions (id, tenant_id, flow_id, number, name, settings, created_at)
     values ($2, $1, $3, 1, 'Bench', $4, now())`,
    [tenantId, versionId, flowId, JSON.stringify(settings)],
  );
  return { versionId, flowId, ...chosen! };
}

async function makePetitions(openUrl: string, tenantId: string, flow: BenchFlow): Promise<string[]> {
  const ids = Array.from({ length: A_ROUND }, () => v7());
  const progress = {
    ...{ hasAttributes: false, isMatched: false, sources: {}, approvals: [] },
    ...{ isMerge: false, isNewRole: false },
  };
  await administer(
    openUrl,
    `with made as (
       insert into petitions (id, tenant_id, flow_id, flow_version_id, organization_id, status, step, waits_for, progress,
         locale, approver_kind, approver_organization_id, waits_since, created_at, updated_at)
       select p.id, $1, $3, $4, $5, 'PENDING_APPROVAL', 'WAIT_FOR_APPROVAL', 'APPROVER', $6, 'EN',
         'ORGANIZATION_ADMINISTRATORS', $5, now(), now(), now()
       from unnest($2::uuid[]) as p(id) returning id
     )
     insert into petition_history (id, tenant_id, petition_id, sequence, action, status_after, party, at)
     select gen_random_uuid(), $1, id, 1, 'CREATED', 'CREATED', 'PETITIONER', now() from made`,
    [tenantId, ids, flow.flowId, flow.versionId, flow.organizationId, JSON.stringify(progress)],
  );
  return ids;
}

function contextOf(database: PetitionContext['database'], tenantId: string, userId: string): PetitionContext {
  const viewer: Viewer = {
    ...{ userId, applicationId: null, sessionId: v7(), connectionId: v7(), isTenantAdministrator: true },
    ...{ rolesByOrganization: new Map(), barredOrganizations: new Map() },
    ...{ authenticatedAt: new Date(), expiresAt: new Date() },
  };
  return {
    database,
    tenant: { id: tenantId, slug: 'default', publicUrl: 'https://bench.test' },
    viewer,
    origin: { ipAddress: '127.0.0.1', userAgent: null },
    sealing: createSealing([Buffer.alloc(32)]),
    clock: () => new Date(),
    log: pino({ level: 'silent' }),
    petitionTokenHash: null,
    sendsMail: false,
  };
}
