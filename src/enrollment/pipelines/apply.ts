import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../../actor.js';
import { runSql } from '../../database/transact.js';
import { BuiltInRole, MembershipSource, UserStatus } from '../../entities/enums.js';
import type { Fact } from '../../events/catalogue.js';
import { changeRoles, type HeldRole } from '../../memberships/change-roles.js';
import { deleteMembers } from '../../memberships/delete-members.js';
import { endAccessOf } from '../../memberships/end-access.js';
import { addedFacts, insertMembers } from '../../memberships/insert-members.js';
import { lockAdministered } from '../../memberships/lock-administered.js';
import { settleAdministrators } from '../../memberships/settle-administrators.js';
import type { EnrolledPerson } from '../finalize/plan-changes.js';
import { changedNames, createdFact, updatedFacts } from '../finalize/write-user.js';
import { identifierKey } from './applied.js';
import type { PipelinePerson } from './world.js';

/** Somebody else has taken an address or an identifier in the meantime: what was planned cannot be written. */
export class OvertakenError extends Error {}

/** A person before and after the plans of a batch; `before` is null for an account that is to be made. */
export interface PersonChange {
  before: PipelinePerson | null;
  after: PipelinePerson;
}

const COLUMNS = `id uuid, status text, email text, "emailNormalized" text, "isEmailVerified" boolean, "givenName" text,
  "familyName" text, attributes jsonb`;

const INSERT = `
insert into users (id, tenant_id, status, email, email_normalized, is_email_verified, given_name, family_name, attributes,
  created_at, updated_at)
select id, $1, status, email, "emailNormalized", "isEmailVerified", "givenName", "familyName", attributes, $3, $3
from jsonb_to_recordset($2::jsonb) as w(${COLUMNS}) order by id
on conflict (tenant_id, email_normalized) do nothing returning id`;

/** Addresses that are given up first, so that whoever else gets one finds it free. */
const GIVE_UP = `update users set email = null, email_normalized = null
  where tenant_id = $1 and id = any($2::uuid[])`;

const UPDATE = `
update users u set status = w.status, email = w.email, email_normalized = w."emailNormalized",
  is_email_verified = w."isEmailVerified", given_name = w."givenName", family_name = w."familyName",
  attributes = w.attributes, updated_at = $3, version = u.version + 1,
  has_email_conflict = u.has_email_conflict and u.email_normalized is not distinct from w."emailNormalized"
from jsonb_to_recordset($2::jsonb) as w(${COLUMNS})
where u.tenant_id = $1 and u.id = w.id`;

const DELETE_IDENTIFIERS = `
delete from user_identifiers i using jsonb_to_recordset($2::jsonb) as w("userId" uuid, type text, value text)
where i.tenant_id = $1 and i.user_id = w."userId" and i.type = w.type and i.value = w.value`;

const INSERT_IDENTIFIERS = `
insert into user_identifiers (id, tenant_id, user_id, type, value, created_at)
select gen_random_uuid(), $1, "userId", type, value, $3
from jsonb_to_recordset($2::jsonb) as w("userId" uuid, type text, value text) order by type, value
on conflict (tenant_id, type, value) do nothing returning id`;

const SET_ATTRIBUTES = `
update memberships m set attributes = w.attributes from jsonb_to_recordset($2::jsonb) as w(id uuid, attributes jsonb)
where m.tenant_id = $1 and m.id = w.id`;

/**
 * Writes what became of people, by a number of statements that does not depend on theirs, and gives what the events say
 * of it. The caller holds the locks of `readWorld`. Throws {@link OvertakenError}.
 */
export async function writePeople(
  manager: EntityManager,
  writer: Writer,
  changes: readonly PersonChange[],
): Promise<Fact[]> {
  const { tenantId, at } = writer;
  const made = changes.filter(({ before }) => !before).map(({ after }) => after);
  const known = changes.filter((change) => change.before) as { before: PipelinePerson; after: PipelinePerson }[];
  const suspended = known.filter(({ before, after }) => isSuspended(before, after)).map(({ after }) => after.userId);
  const administered = suspended.length ? await lockAdministered(manager, tenantId, suspended) : [];

  const edited = known.filter(({ before, after }) => !isDeepStrictEqual(rowOf(before), rowOf(after)));
  const taken = new Set(changes.map(({ after }) => after.emailNormalized));
  const givenUp = edited
    .filter(
      ({ before, after }) => before.emailNormalized !== after.emailNormalized && taken.has(before.emailNormalized),
    )
    .map(({ after }) => after.userId);
  if (givenUp.length) await runSql(manager, GIVE_UP, [tenantId, givenUp]);
  if (edited.length) {
    const rows = edited.map(({ after }) => rowOf(after));
    await runSql(manager, UPDATE, [tenantId, JSON.stringify(rows), at]);
  }
  if (made.length) {
    const rows = await runSql(manager, INSERT, [tenantId, JSON.stringify(made.map(rowOf)), at]);
    if (rows.length < made.length) throw new OvertakenError('An address was taken in the meantime.');
  }
  await writeIdentifiers(manager, writer, changes);
  const facts: Fact[] = [
    ...made.map((person) => createdFact(person.userId, toEnrolled(person), person.identifiers)),
    ...known.flatMap(({ before, after }) => [
      ...updatedFacts(after.userId, toEnrolled(before), toEnrolled(after)),
      ...(isSuspended(before, after) ? [suspendedFact(before)] : []),
    ]),
  ];
  const members = await writeMembers(manager, writer, changes);
  if (suspended.length) facts.push(...(await endAccessOf(manager, tenantId, suspended)));
  const settled = await settleAdministrators(manager, writer, [...administered, ...members.organizationIds]);
  return [...facts, ...members.facts, ...settled];
}

function isSuspended(before: PipelinePerson, after: PipelinePerson): boolean {
  return before.status !== after.status && after.status === UserStatus.SUSPENDED;
}

const suspendedFact = ({ userId, status }: PipelinePerson): Fact => ({
  ...{ type: 'user.suspended', userId, objectId: userId },
  before: { status },
  after: { status: UserStatus.SUSPENDED },
});

function rowOf(person: PipelinePerson) {
  const { userId, status, email, emailNormalized, isEmailVerified, givenName, familyName, attributes } = person;
  return { id: userId, status, email, emailNormalized, isEmailVerified, givenName, familyName, attributes };
}

const toEnrolled = (person: PipelinePerson): EnrolledPerson => ({ ...person, membership: null });

async function writeIdentifiers(
  manager: EntityManager,
  { tenantId, at }: Writer,
  changes: readonly PersonChange[],
): Promise<void> {
  const differing = (from: PipelinePerson | null, to: PipelinePerson | null) => {
    const kept = new Set(to?.identifiers.map(identifierKey));
    const gone = from?.identifiers.filter((identifier) => !kept.has(identifierKey(identifier))) ?? [];
    return gone.map(({ type, value }) => ({ userId: from!.userId, type, value }));
  };
  const removed = changes.flatMap(({ before, after }) => differing(before, after));
  const added = changes.flatMap(({ before, after }) => differing(after, before));
  if (removed.length) await runSql(manager, DELETE_IDENTIFIERS, [tenantId, JSON.stringify(removed)]);
  if (!added.length) return;
  const rows = await runSql(manager, INSERT_IDENTIFIERS, [tenantId, JSON.stringify(added), at]);
  if (rows.length < added.length) throw new OvertakenError('An identifier was taken in the meantime.');
}

/** Ends and makes memberships, and gives and takes roles. Gives where administrators may have come or gone. */
async function writeMembers(
  manager: EntityManager,
  writer: Writer,
  changes: readonly PersonChange[],
): Promise<{ facts: Fact[]; organizationIds: string[] }> {
  const source = MembershipSource.PIPELINE;
  const ended: string[] = [];
  const joined = new Map<string, { organizationId: string; roleIds: string[]; people: PipelinePerson[] }>();
  const [grants, revokes]: HeldRole[][] = [[], []];
  const attributes: { id: string; attributes: Record<string, unknown> }[] = [];
  const facts: Fact[] = [];
  for (const { before, after } of changes) {
    for (const [organizationId, member] of Object.entries(before?.memberships ?? {}))
      if (after.memberships[organizationId]?.id !== member.id) ended.push(member.id!);
    for (const [organizationId, member] of Object.entries(after.memberships)) {
      const roleIds = member.roles.map(({ roleId }) => roleId).sort();
      if (member.id === null) {
        const key = [organizationId, ...roleIds].join(' ');
        const group = joined.get(key) ?? { organizationId, roleIds, people: [] };
        joined.set(key, group);
        group.people.push(after);
        continue;
      }
      const known = before!.memberships[organizationId]!;
      const held = known.roles.map(({ roleId }) => roleId);
      const membershipId = member.id;
      grants!.push(...roleIds.filter((id) => !held.includes(id)).map((roleId) => ({ membershipId, roleId })));
      revokes!.push(...held.filter((id) => !roleIds.includes(id)).map((roleId) => ({ membershipId, roleId })));
      const names = changedNames(known.attributes, member.attributes);
      if (!names) continue;
      attributes.push({ id: membershipId, attributes: member.attributes });
      facts.push({
        ...{ type: 'membership.updated', organizationId, userId: after.userId, objectId: membershipId },
        before: { attributes: names.before },
        after: { attributes: names.after },
      });
    }
  }
  const touched = new Set<string>();
  const removed = await deleteMembers(manager, writer, ended);
  for (const { organizationId, before } of removed)
    if (before.roles.includes(BuiltInRole.ADMINISTRATOR)) touched.add(organizationId!);
  // One statement for each set of roles: as many as the pipeline has affiliations, whatever the number of people.
  for (const { organizationId, roleIds, people } of joined.values()) {
    const added = await insertMembers(manager, writer, {
      pairs: people.map(({ userId }) => ({ organizationId, userId })),
      source,
      roles: roleIds.map((roleId) => ({ organizationId, roleId })),
    });
    if (added.length < people.length) throw new OvertakenError('Somebody became a member in the meantime.');
    const byUser = new Map(people.map((person) => [person.userId, person]));
    for (const fact of addedFacts(added, { source })) {
      const given = byUser.get(fact.userId!)!.memberships[organizationId]!.attributes;
      const names = Object.keys(given).sort();
      if (names.length) {
        attributes.push({ id: fact.objectId!, attributes: given });
        fact.after.attributes = names;
      }
      if (fact.after.roles.includes(BuiltInRole.ADMINISTRATOR)) touched.add(organizationId);
      facts.push(fact);
    }
  }
  const changed = await changeRoles(manager, writer, { grants: grants!, revokes: revokes!, source });
  if (attributes.length) await runSql(manager, SET_ATTRIBUTES, [writer.tenantId, JSON.stringify(attributes)]);
  return {
    facts: [...removed, ...changed.facts, ...facts],
    organizationIds: [...new Set([...touched, ...changed.organizationIds])],
  };
}
