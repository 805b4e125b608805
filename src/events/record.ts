import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Actor } from '../context.js';
import { runSql } from '../database/transact.js';
import type { EventType } from './catalogue.js';

/** A fact to write down. `before` and `after` hold what changed, by property name. */
export interface Fact {
  type: EventType;
  organizationId?: string | null;
  userId?: string | null;
  objectId?: string | null;
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
}

const INSERT = `
insert into events (id, tenant_id, type, at, actor_kind, actor_user_id, via, organization_id, user_id, object_id, "before", "after")
select f.id, $1, f.type, $2, $3, $4, $5, f."organizationId", f."userId", f."objectId", f."before", f."after"
from jsonb_to_recordset($6::jsonb)
  as f(id uuid, type text, "organizationId" uuid, "userId" uuid, "objectId" uuid, "before" jsonb, "after" jsonb)`;

/** Writes events in the transaction of the change that they tell of: one statement, however many. */
export async function recordEvents(
  manager: EntityManager,
  { tenantId, at, actor }: { tenantId: string; at: Date; actor: Actor },
  facts: readonly Fact[],
): Promise<void> {
  if (!facts.length) return;
  const rows = facts.map((fact) => ({ id: v7(), ...fact }));
  await runSql(manager, INSERT, [tenantId, at, actor.kind, actor.userId, actor.via, JSON.stringify(rows)]);
}
