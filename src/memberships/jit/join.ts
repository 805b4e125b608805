import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { RetryTransaction, runSql, stateOf } from '../../database/transact.js';
import { BuiltInRole, MembershipSource } from '../../entities/enums.js';
import type { Fact } from '../../events/catalogue.js';
import { addedFacts, insertMembers } from '../insert-members.js';
import { settleAdministrators } from '../settle-administrators.js';
import type { JitDecision } from './decide.js';

const LOCK = `
select id from organizations where tenant_id = $1 and id = any($2::uuid[]) and status = 'ACTIVE' order by id`;
// Shared: those who come in at once do not wait for each other, and no organization is suspended meanwhile.
const LOCK_SHARED = `${LOCK} for share`;
// Who becomes an administrator may end that the organization needs one: its row is changed then.
const LOCK_ALONE = `${LOCK} for no key update`;

const FOREIGN_KEY_VIOLATION = '23503';

/**
 * Makes a person a member where the rules lead, with the roles of each organization, and gives what the events say of
 * it. Who is a member already stays as they are. A constant number of statements, however many organizations there are.
 */
export async function joinJustInTime(
  manager: EntityManager,
  writer: Writer,
  userId: string,
  { joins }: Pick<JitDecision, 'joins'>,
  connection: { id: string; slug: string },
): Promise<Fact[]> {
  if (!joins.length) return [];
  const ids = joins.map(({ organizationId }) => organizationId);
  const lock = joins.some(({ givesAdministrator }) => givesAdministrator) ? LOCK_ALONE : LOCK_SHARED;
  const locked = await runSql<{ id: string }>(manager, lock, [writer.tenantId, ids]);
  const active = new Set(locked.map(({ id }) => id));
  const facts: Fact[] = [];
  const administered: string[] = [];
  // The rules about connections and those about domains exclude each other: this is one statement.
  for (const source of [MembershipSource.JIT_CONNECTION, MembershipSource.JIT_DOMAIN] as const) {
    const ofSource = joins.filter((join) => join.source === source && active.has(join.organizationId));
    const through = source === MembershipSource.JIT_CONNECTION ? connection : null;
    const added = await insertMembers(manager, writer, {
      pairs: ofSource.map(({ organizationId }) => ({ organizationId, userId })),
      source,
      connection: through,
      roles: ofSource.flatMap(({ organizationId, roleIds }) => roleIds.map((roleId) => ({ organizationId, roleId }))),
    }).catch((error: unknown) => {
      // A role was deleted since the rules were read.
      throw stateOf(error) === FOREIGN_KEY_VIOLATION ? new RetryTransaction() : error;
    });
    facts.push(...addedFacts(added, { source, connection: through }));
    for (const { organizationId, roles } of added) {
      if (roles.includes(BuiltInRole.ADMINISTRATOR)) administered.push(organizationId);
    }
  }
  return [...facts, ...(await settleAdministrators(manager, writer, administered))];
}
