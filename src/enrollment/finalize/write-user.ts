import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Writer } from '../../actor.js';
import { brokenConstraint, runSql, stateOf } from '../../database/transact.js';
import { UserStatus } from '../../entities/enums.js';
import type { Fact, FactOf } from '../../events/catalogue.js';
import { fault, Faults, UserErrorCode } from '../../faults.js';
import type { Identifier } from '../identifiers/assign.js';
import type { EnrolledPerson } from './plan-changes.js';

const INSERT = `
insert into users (id, tenant_id, status, email, email_normalized, is_email_verified, given_name, family_name, attributes,
  created_at, updated_at)
values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $10)
on conflict (tenant_id, email_normalized) do nothing returning id`;

const UPDATE = `
update users set status = $3, email = $4, email_normalized = $5, is_email_verified = $6, given_name = $7,
  family_name = $8, attributes = $9, updated_at = $10, version = version + 1,
  has_email_conflict = has_email_conflict and email_normalized is not distinct from $5
where tenant_id = $1 and id = $2`;

/** What is stored of an account. */
export type StoredUser = Omit<EnrolledPerson, 'identifiers' | 'membership'>;

const taken = (email: string | null) =>
  new Faults([
    fault(
      UserErrorCode.TAKEN,
      `Another account has the address ${email ?? ''}: settle whose it is, then continue the petition.`,
    ),
  ]);

const valuesOf = ({ tenantId, at }: Writer, userId: string, user: StoredUser): unknown[] => [
  tenantId,
  userId,
  user.status,
  user.email,
  user.emailNormalized,
  user.isEmailVerified,
  user.givenName,
  user.familyName,
  JSON.stringify(user.attributes),
  at,
];

/** Makes a user. Throws Faults TAKEN when somebody has the address. */
export async function insertUser(manager: EntityManager, writer: Writer, user: StoredUser): Promise<string> {
  const [made] = await runSql<{ id: string }>(manager, INSERT, valuesOf(writer, v7(), user));
  if (!made) throw taken(user.email);
  return made.id;
}

/** Writes a user whose row is locked. Nothing is written where nothing differs. Throws Faults TAKEN. */
export async function updateUser(
  manager: EntityManager,
  writer: Writer,
  userId: string,
  before: StoredUser,
  after: StoredUser,
): Promise<void> {
  if (COLUMNS.every((name) => isDeepStrictEqual(before[name], after[name]))) return;
  await runSql(manager, UPDATE, valuesOf(writer, userId, after)).catch((error: unknown) => {
    const isTaken = stateOf(error) === '23505' && brokenConstraint(error)?.includes('email_normalized');
    throw isTaken ? taken(after.email) : error;
  });
}

const PROFILE = ['email', 'isEmailVerified', 'givenName', 'familyName'] as const;
const COLUMNS = ['status', 'emailNormalized', 'attributes', ...PROFILE] as const;

/** What the event of a new user says. */
export function createdFact(
  userId: string,
  { status, email, isEmailVerified, givenName, familyName, attributes }: StoredUser,
  identifiers: readonly Identifier[],
): FactOf<'user.created'> {
  const names = Object.keys(attributes).sort();
  const about = { userId, objectId: userId };
  const after: FactOf<'user.created'>['after'] = { status, email, isEmailVerified, givenName, familyName };
  if (names.length) after.attributes = names;
  if (identifiers.length) after.identifiers = toShown(identifiers);
  return { type: 'user.created', ...about, after };
}

/** What the events say of a user who was changed: the properties that were; and that a pending user was let in. */
export function updatedFacts(userId: string, before: EnrolledPerson, after: EnrolledPerson): Fact[] {
  const facts: Fact[] = [];
  const about = { userId, objectId: userId };
  const [old, now]: FactOf<'user.updated'>['after'][] = [{}, {}];
  for (const name of PROFILE) {
    if (before[name] !== after[name]) {
      Object.assign(old!, { [name]: before[name] });
      Object.assign(now!, { [name]: after[name] });
    }
  }
  const names = changedNames(before.attributes, after.attributes);
  if (names) {
    old!.attributes = names.before;
    now!.attributes = names.after;
  }
  if (!isDeepStrictEqual(toShown(before.identifiers), toShown(after.identifiers))) {
    old!.identifiers = toShown(before.identifiers);
    now!.identifiers = toShown(after.identifiers);
  }
  if (Object.keys(now!).length) facts.push({ type: 'user.updated', ...about, before: old!, after: now! });
  if (before.status === UserStatus.PENDING && after.status === UserStatus.ACTIVE) {
    const [pending, active] = [{ status: before.status }, { status: after.status }];
    facts.push({ type: 'user.approved', ...about, before: pending, after: active });
  }
  return facts;
}

/** Of attributes whose values are others now: their names, where they had a value and where they have one. */
export function changedNames(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): { before: string[]; after: string[] } | null {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (!changed.length) return null;
  return {
    before: changed.filter((name) => Object.hasOwn(before, name)),
    after: changed.filter((name) => Object.hasOwn(after, name)),
  };
}

/** Identifiers in the order in which they are shown. */
function toShown(identifiers: readonly Identifier[]): Identifier[] {
  const keyOf = ({ type, value }: Identifier) => `${type}\n${value}`;
  const shown = identifiers.map(({ type, value }) => ({ type, value }));
  return shown.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}
