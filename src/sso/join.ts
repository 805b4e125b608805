import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { LinkCase, MembershipSource } from '../entities/enums.js';
import type { Fact } from '../events/catalogue.js';
import { decideJit, type JitDecision, type JitPerson } from '../memberships/jit/decide.js';
import { findJitRules } from '../memberships/jit/find-rules.js';
import { joinJustInTime } from '../memberships/jit/join.js';
import type { SignInClaims } from './claims.js';
import { refuseAssurance } from './decide.js';

/** What just-in-time rules do for somebody who comes through this connection; nothing is asked for nobody (null). */
export async function askRules(
  manager: EntityManager,
  tenantId: string,
  connectionId: string,
  person: JitPerson | null,
): Promise<Pick<JitDecision, 'joins'> & { cases: LinkCase[] }> {
  if (!person) return { joins: [], cases: [] };
  const { emailDomain } = person;
  const { joins } = decideJit(await findJitRules(manager, tenantId, { connectionId, emailDomain }), person);
  const isByConnection = joins.some(({ source }) => source === MembershipSource.JIT_CONNECTION);
  const row = isByConnection ? LinkCase.J1_CONNECTION : LinkCase.J2_DOMAIN;
  return { joins, cases: joins.length ? [row] : [] };
}

/**
 * Just-in-time rules when a person links another identity to their account themselves: those about its connection, if
 * that connection would let this sign-in in. Gives the facts to record.
 */
export async function joinByLinking(
  manager: EntityManager,
  writer: Writer,
  { userId, connection, claims }: { userId: string; connection: ConnectionSettings; claims: SignInClaims },
): Promise<Fact[]> {
  if (refuseAssurance(claims, connection)) return [];
  const person = { isCreated: false, emailDomain: null, isEmailVerified: false };
  const rules = await askRules(manager, writer.tenantId, connection.id, person);
  return joinJustInTime(manager, writer, userId, rules, connection);
}
