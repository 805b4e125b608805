import type { EntityManager } from '@mikro-orm/postgresql';
import { hasRecentSession, type Writer } from '../actor.js';
import type { OperationContext, SessionViewer } from '../context.js';
import type { Database } from '../database/database.js';
import { runSql } from '../database/transact.js';
import { FactorKind } from '../entities/enums.js';
import { noticeUser } from '../events/notices.js';
import { recordEvents } from '../events/record.js';
import { type Fault, fault, refuseFaults, UserErrorCode } from '../faults.js';

/** The kinds that a person adds and shows here. */
export type OwnKind = FactorKind.TOTP | FactorKind.PASSKEY;

/** An operation of a person on their own account, by a session of theirs. */
export type OwnContext = OperationContext & { session: SessionViewer };

/** How many apps and passkeys one person has, at most. */
const MOST_FACTORS = 10;

/** What decides whether a session may change its person's factors. */
interface Standing {
  tenantName: string;
  /** The kinds that count in the tenant. */
  enabled: FactorKind[];
  isProven: boolean;
  factors: { id: string; kind: FactorKind }[];
}

const STANDING = `
  select t.name as "tenantName", t.mfa_factors as enabled, s.mfa_at is not null as "isProven",
    (select coalesce(json_agg(json_build_object('id', f.id, 'kind', f.kind)), '[]') from user_factors f
     where f.tenant_id = $1 and f.user_id = s.user_id) as factors
  from sessions s join tenants t on t.id = s.tenant_id
  where s.tenant_id = $1 and s.id = $2`;

/** How a session stands, as read now; Faults NOT_FOUND when it has just ended. */
export async function readStanding(
  from: Database | EntityManager,
  tenantId: string,
  session: SessionViewer,
): Promise<Standing> {
  const values = [tenantId, session.sessionId];
  const [standing] =
    'read' in from
      ? await from.read<Standing>(tenantId, STANDING, values)
      : await runSql<Standing>(from, STANDING, values);
  refuseFaults([!standing && fault(UserErrorCode.NOT_FOUND, 'This session has ended: sign in again.')]);
  return standing!;
}

/** Locks the person: whatever adds or takes factors, or counts them, comes one after another. */
export async function lockPerson(manager: EntityManager, tenantId: string, userId: string): Promise<void> {
  const rows = await runSql(manager, 'select id from users where tenant_id = $1 and id = $2 for no key update', [
    tenantId,
    userId,
  ]);
  refuseFaults([!rows.length && fault(UserErrorCode.NOT_FOUND, 'There is no such user.', 'userId')]);
}

/** What a person with such factors can show here or at a provider. What others assert cannot be shown. */
const SHOWABLE: readonly FactorKind[] = [FactorKind.TOTP, FactorKind.PASSKEY, FactorKind.PROVIDER];

/**
 * Whether a session may not change its person's factors. A stolen session is not enough: it must be fresh, and who has
 * a factor must have shown one. REAUTHENTICATION_REQUIRED, FACTOR_PROOF_REQUIRED.
 */
export function refuseUnproven(context: OwnContext, { isProven, enabled, factors }: Standing): Fault | null {
  if (!hasRecentSession(context)) {
    return fault(
      UserErrorCode.REAUTHENTICATION_REQUIRED,
      'Sign in again first: second factors are changed within ten minutes of a sign-in.',
    );
  }
  if (isProven || !hasShowable({ enabled, factors })) return null;
  return fault(
    UserErrorCode.FACTOR_PROOF_REQUIRED,
    'Show a second factor that you have first: by factorProve, or by signing in with it at your provider.',
  );
}

const hasShowable = ({ enabled, factors }: Pick<Standing, 'enabled' | 'factors'>) =>
  factors.some(({ kind }) => SHOWABLE.includes(kind) && enabled.includes(kind));

/**
 * Whether a session has shown none though its person has a factor that can be shown. Another account of a provider may
 * bring a second factor along: who links one needs proof as who adds a factor does.
 */
export async function lacksProof(manager: EntityManager, tenantId: string, session: SessionViewer): Promise<boolean> {
  const standing = await readStanding(manager, tenantId, session);
  return !standing.isProven && hasShowable(standing);
}

/** Why a session may not add a factor of this kind: as {@link refuseUnproven}; FACTOR_NOT_ENABLED, INVALID. */
export function refuseAdding(context: OwnContext, kind: OwnKind, standing: Standing): Fault | null {
  const own = standing.factors.filter((factor) => isOwn(factor.kind)).length;
  if (!standing.enabled.includes(kind)) return refuseDisabled(kind);
  if (own >= MOST_FACTORS) {
    return fault(UserErrorCode.INVALID, `You have ${MOST_FACTORS} second factors already: remove one first.`);
  }
  return refuseUnproven(context, standing);
}

export function refuseDisabled(kind: FactorKind): Fault {
  return fault(UserErrorCode.FACTOR_NOT_ENABLED, `Second factors of the kind ${kind} are not taken here.`);
}

export function isOwn(kind: FactorKind): kind is OwnKind {
  return kind === FactorKind.TOTP || kind === FactorKind.PASSKEY;
}

/** This session has shown a factor. Its cookie is replaced at the next request: it may more than before. */
export async function markProven(
  manager: EntityManager,
  writer: Writer,
  session: SessionViewer,
  factorId: string,
): Promise<void> {
  const rows = await runSql(
    manager,
    `update sessions set mfa_at = $3, mfa_factor_id = $4, rotate_at = $3 where tenant_id = $1 and id = $2 returning id`,
    [writer.tenantId, session.sessionId, writer.at, factorId],
  );
  refuseFaults([!rows.length && fault(UserErrorCode.NOT_FOUND, 'This session has ended: sign in again.')]);
}

/** Sessions in which these factors were shown have shown none any more. */
export async function endProofs(manager: EntityManager, tenantId: string, factorIds: readonly string[]): Promise<void> {
  await runSql(
    manager,
    `update sessions s set mfa_at = null, mfa_factor_id = null
     from unnest($2::uuid[]) as gone(id) where s.tenant_id = $1 and s.mfa_factor_id = gone.id`,
    [tenantId, factorIds],
  );
}

/** Tells of a factor that a user has from now on: by an event, and to the person. */
export async function tellAdded(
  manager: EntityManager,
  writer: Writer,
  factor: { id: string; userId: string; kind: FactorKind; name: string | null },
): Promise<void> {
  const { id, userId, kind, name } = factor;
  await recordEvents(manager, writer, [
    { type: 'factor.added', userId, objectId: id, after: { kind, name, connection: null } },
  ]);
  await noticeUser(manager, writer.tenantId, writer.at, userId, 'FACTOR_ADDED', { kind, name });
}
