import type { EntityManager } from '@mikro-orm/postgresql';
import { type Writer, writerOf } from '../actor.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { runSql, transact } from '../database/transact.js';
import { FactorKind } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../faults.js';
import { type PasskeyContext, siteOf } from './add-passkey.js';
import { totpPlace } from './add-totp.js';
import { askSession, takeChallenge } from './challenges.js';
import { markProven, type OwnKind, readStanding, refuseDisabled } from './own-factors.js';
import { findStep, pauseAfter, readCode } from './totp.js';

/** What can be shown: a code of an app, or a passkey by the browser's response. One of the two. */
export interface ProveFactor {
  code?: string | null;
  response?: Record<string, unknown> | null;
}

/**
 * What `navigator.credentials.get` takes, as JSON; null for a person without a passkey, who gives a code. Throws Faults:
 * NOT_FOUND for a session that has ended.
 */
export async function beginProof(context: PasskeyContext): Promise<Record<string, unknown> | null> {
  const { database, tenant, session } = context;
  const { enabled } = await readStanding(database, tenant.id, session);
  if (!enabled.includes(FactorKind.PASSKEY)) return null;
  const passkeys = await database.read<{ id: string; transports: string[] }>(
    tenant.id,
    `select credential_id as id, transports from user_factors
     where tenant_id = $1 and user_id = $2 and kind = '${FactorKind.PASSKEY}' order by id`,
    [tenant.id, session.userId],
  );
  if (!passkeys.length) return null;
  const { requestOptions } = await import('./passkey.js');
  const options = await requestOptions(siteOf(context), passkeys);
  await askSession(context, session, 'PROVE', options.challenge);
  return { ...options };
}

/**
 * Shows a second factor in this session, which then counts as proven until it ends. Gives the id of the factor. Throws
 * Faults: REQUIRED, WRONG_CODE, RATE_LIMITED, INVALID, FACTOR_NOT_ENABLED, NOT_FOUND.
 */
export function proveFactor(context: PasskeyContext, { code, response }: ProveFactor): Promise<string> {
  if (typeof code === 'string' && !response) return proveByCode(context, code);
  if (response && typeof code !== 'string') return proveByPasskey(context, response);
  throw new Faults([fault(UserErrorCode.REQUIRED, 'Give either code or response.', 'code')]);
}

interface App {
  id: string;
  sealedSecret: string;
  lastStep: string | number | null;
  failedAttempts: number;
  blockedUntil: Date | string | null;
}

/** Codes given at once come one after another: the rows are locked, and a step serves once. */
async function proveByCode(context: PasskeyContext, given: string): Promise<string> {
  const { session, sealing } = context;
  const code = readCode(given);
  refuseFaults([!code && fault(UserErrorCode.WRONG_CODE, 'A code is six digits.', 'code')]);
  const writer = writerOf(context, 'factorProve');
  const { tenantId, at } = writer;
  const outcome = await transact(context.database, tenantId, async (manager): Promise<string | Fault> => {
    await refuseKind(manager, context, FactorKind.TOTP);
    const apps = await runSql<App>(
      manager,
      `select id, sealed_secret as "sealedSecret", last_step as "lastStep", failed_attempts as "failedAttempts",
         blocked_until as "blockedUntil"
       from user_factors where tenant_id = $1 and user_id = $2 and kind = '${FactorKind.TOTP}' order by id for update`,
      [tenantId, session.userId],
    );
    if (!apps.length) return fault(UserErrorCode.NOT_FOUND, 'You have no authenticator app here.', 'code');
    const open = apps.filter(({ blockedUntil }) => !blockedUntil || new Date(blockedUntil) <= at);
    if (!open.length) return tooMany(Math.min(...apps.map(({ blockedUntil }) => new Date(blockedUntil!).getTime())));
    for (const { id, sealedSecret, lastStep } of open) {
      const last = lastStep === null ? null : Number(lastStep);
      const step = findStep(sealing.open(sealedSecret, totpPlace(id)), code!, at, last);
      if (step === null) continue;
      await runSql(
        manager,
        `update user_factors set last_step = $3, last_used_at = $4, failed_attempts = 0, blocked_until = null
         where tenant_id = $1 and id = $2`,
        [tenantId, id, step, at],
      );
      return settle(manager, writer, context, { id, kind: FactorKind.TOTP });
    }
    await countWrong(manager, writer, session.userId, open);
    return fault(UserErrorCode.WRONG_CODE, 'This is not the code of the moment, or it was used already.', 'code');
  });
  // What was counted stays: it is refused after the commit.
  if (typeof outcome !== 'string') throw new Faults([outcome]);
  return outcome;
}

/** A wrong code is one for every app that it was tried on. */
async function countWrong(manager: EntityManager, writer: Writer, userId: string, apps: readonly App[]): Promise<void> {
  const { tenantId, at } = writer;
  const counted = apps.map(({ id, failedAttempts }) => {
    const failed = failedAttempts + 1;
    const pause = pauseAfter(failed);
    return { id, failed, until: pause ? new Date(at.getTime() + pause) : null };
  });
  await runSql(
    manager,
    `update user_factors f set failed_attempts = w.failed, blocked_until = w.until
     from unnest($2::uuid[], $3::int[], $4::timestamptz[]) as w(id, failed, until)
     where f.tenant_id = $1 and f.id = w.id`,
    [
      tenantId,
      counted.map(({ id }) => id),
      counted.map(({ failed }) => failed),
      counted.map(({ until }) => until?.toISOString() ?? null),
    ],
  );
  const facts = counted.flatMap(({ id, failed, until }) => {
    if (!until) return [];
    const after = { failedAttempts: failed, until: until.toISOString() };
    return [{ type: 'factor.blocked' as const, userId, objectId: id, after }];
  });
  await recordEvents(manager, writer, facts);
}

function tooMany(until: number): Fault {
  const time = new Date(until).toISOString();
  return fault(UserErrorCode.RATE_LIMITED, `Too many wrong codes: try again after ${time}.`, 'code');
}

interface PasskeyRow {
  id: string;
  publicKey: Uint8Array;
  signCount: string | number;
  transports: string[];
}

async function proveByPasskey(context: PasskeyContext, response: Record<string, unknown>): Promise<string> {
  const { session, tenant, database } = context;
  const { readResponse, readShownPasskey } = await import('./passkey.js');
  const read = readResponse(response);
  const refused = new Faults([
    fault(
      UserErrorCode.INVALID,
      'This passkey was not shown as asked, or too late: begin again with factorProveBegin.',
      'response',
    ),
  ]);
  if (!read || !(await takeChallenge(context, session, 'PROVE', read.challenge))) throw refused;
  const [row] = await database.read<PasskeyRow>(
    tenant.id,
    `select id, public_key as "publicKey", sign_count as "signCount", transports from user_factors
     where tenant_id = $1 and user_id = $2 and credential_id = $3`,
    [tenant.id, session.userId, read.credentialId],
  );
  if (!row) throw refused;
  const passkey = {
    id: read.credentialId,
    publicKey: Uint8Array.from(row.publicKey),
    signCount: Number(row.signCount),
    transports: row.transports,
  };
  const signCount = await readShownPasskey(siteOf(context), response, read.challenge, passkey);
  if (signCount === null) throw refused;
  const writer = writerOf(context, 'factorProve');
  return transact(database, tenant.id, async (manager) => {
    await refuseKind(manager, context, FactorKind.PASSKEY);
    // A count that has gone on meanwhile was shown by another device with the same key.
    const counted = await runSql(
      manager,
      `update user_factors set sign_count = $3, last_used_at = $4
       where tenant_id = $1 and id = $2 and (sign_count < $3 or (sign_count = 0 and $3 = 0)) returning id`,
      [tenant.id, row.id, signCount, writer.at],
    );
    if (!counted.length) throw refused;
    return settle(manager, writer, context, { id: row.id, kind: FactorKind.PASSKEY });
  });
}

async function refuseKind(manager: EntityManager, { tenant, session }: PasskeyContext, kind: OwnKind): Promise<void> {
  const { enabled } = await readStanding(manager, tenant.id, session);
  refuseFaults([!enabled.includes(kind) && refuseDisabled(kind)]);
}

async function settle(
  manager: EntityManager,
  writer: Writer,
  { session }: PasskeyContext,
  { id, kind }: { id: string; kind: OwnKind },
): Promise<string> {
  await markProven(manager, writer, session, id);
  const after = { kind, sessionId: toGlobalId('Session', session.sessionId) };
  await recordEvents(manager, writer, [{ type: 'factor.proved', userId: session.userId, objectId: id, after }]);
  return id;
}
