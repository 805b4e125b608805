import type { EntityManager } from '@mikro-orm/postgresql';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import type { FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { type Fault, fault, refuseFaults, UserErrorCode } from '../faults.js';

/** How a list of rules is changed: ADD leaves what is there, SET replaces the whole, REMOVE needs each to be there. */
export type ListChange = 'ADD' | 'SET' | 'REMOVE';

/** The most rules of one kind that an organization has. */
export const MOST_RULES = 100;

/** One of the lists of an organization's rules, by keys that are compared as text. */
export interface RuleList {
  /** The mutations are named after it: `EmailDomains`. */
  name: 'EmailDomains' | 'Connections' | 'Roles';
  /** The field of the input, and what the message calls one of them. */
  field: string;
  noun: string;
  /** Its property in events. */
  property: 'emailDomains' | 'connections' | 'roles';
  /** The keys that are there, each with the name that events have for it. */
  read: (manager: EntityManager, tenantId: string, organizationId: string) => Promise<{ key: string; name: string }[]>;
  /** What is wrong with keys that are to be added, by their place in the input. */
  check?: (
    manager: EntityManager,
    tenantId: string,
    organizationId: string,
    keys: readonly string[],
  ) => Promise<Map<string, Pick<Fault, 'code' | 'message'>>>;
  insert: (
    manager: EntityManager,
    organization: { tenantId: string; id: string; at: Date },
    keys: string[],
  ) => Promise<void>;
  remove: (manager: EntityManager, organization: { tenantId: string; id: string }, keys: string[]) => Promise<void>;
}

/**
 * Changes a list of an organization's just-in-time rules, all of it or nothing, under the organization's lock. What is
 * there already stays as it is, its proof included. Throws Faults: NOT_FOUND, REQUIRED, INVALID.
 */
export async function changeList(
  context: OperationContext,
  list: RuleList,
  change: ListChange,
  { organizationId, keys }: { organizationId: string; keys: readonly string[] },
): Promise<void> {
  if (change !== 'SET' && !keys.length)
    refuseFaults([fault(UserErrorCode.REQUIRED, `Name at least one ${list.noun}.`, list.field)]);
  const verb = { ADD: 'Add', SET: 'Set', REMOVE: 'Remove' }[change];
  const writer = writerOf(context, `organizationJit${list.name}${verb}`);
  const { tenantId, at } = writer;
  await transact(context.database, tenantId, async (manager) => {
    const text = 'select id from organizations where tenant_id = $1 and id = $2 for no key update';
    const locked = await runSql(manager, text, [tenantId, organizationId]);
    const missing = fault(UserErrorCode.NOT_FOUND, 'There is no such organization.', 'organizationId');
    refuseFaults([!locked.length && missing]);
    const known = await list.read(manager, tenantId, organizationId);
    const isKnown = (key: string) => known.some((rule) => rule.key === key);
    const placeOf = (key: string) => [list.field, String(keys.indexOf(key))];
    const given = [...new Set(keys)];
    const added = change === 'REMOVE' ? [] : given.filter((key) => !isKnown(key));
    const removed =
      change === 'ADD'
        ? []
        : change === 'SET'
          ? known.map(({ key }) => key).filter((key) => !given.includes(key))
          : given;
    const absent = removed.filter((key) => !isKnown(key));
    const wrong = await (added.length && list.check?.(manager, tenantId, organizationId, added));
    refuseFaults([
      ...absent.map((key) =>
        fault(UserErrorCode.NOT_FOUND, `There is no rule about this ${list.noun}.`, ...placeOf(key)),
      ),
      ...[...(wrong || [])].map(([key, { code, message }]) => fault(code, message, ...placeOf(key))),
      known.length + added.length - removed.length > MOST_RULES &&
        fault(UserErrorCode.INVALID, `An organization has at most ${MOST_RULES} of these rules.`, list.field),
    ]);
    if (!added.length && !removed.length) return;
    if (removed.length) await list.remove(manager, { tenantId, id: organizationId }, removed);
    if (added.length) await list.insert(manager, { tenantId, id: organizationId, at }, added);
    const names = (rules: { name: string }[]) => ({ [list.property]: rules.map(({ name }) => name) });
    const fact: FactOf<'organization.jit_changed'> = {
      type: 'organization.jit_changed',
      organizationId,
      objectId: organizationId,
      before: names(known),
      after: names(await list.read(manager, tenantId, organizationId)),
    };
    await recordEvents(manager, writer, [fact]);
  });
}
