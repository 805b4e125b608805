import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import { runSql, transact } from '../database/transact.js';
import { FactorKind } from '../entities/enums.js';
import { checkText, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { askSession, lockChallenge, removeChallenge } from './challenges.js';
import { lockPerson, type OwnContext, readStanding, refuseAdding, tellAdded } from './own-factors.js';
import { createTotp, findStep, readCode } from './totp.js';

/** Where the secret of an app is sealed to: it waits under the id that the factor will have. */
export const totpPlace = (factorId: string): string => `user_factors.${factorId}.secret`;

/**
 * Begins to set up an authenticator app: a new secret, given here and never again. It is a factor once
 * {@link confirmTotp} has a code of it, within five minutes. Throws Faults: REAUTHENTICATION_REQUIRED,
 * FACTOR_PROOF_REQUIRED, FACTOR_NOT_ENABLED, INVALID, NOT_FOUND.
 */
export async function beginTotp(context: OwnContext): Promise<{ secret: string; uri: string }> {
  const { database, tenant, session, sealing } = context;
  const standing = await readStanding(database, tenant.id, session);
  refuseFaults([refuseAdding(context, FactorKind.TOTP, standing)]);
  const [user] = await database.read<{ email: string | null }>(
    tenant.id,
    'select email from users where tenant_id = $1 and id = $2',
    [tenant.id, session.userId],
  );
  const totp = createTotp(standing.tenantName, user?.email ?? session.userId);
  const id = v7();
  await askSession(context, session, 'TOTP', sealing.seal(totp.secret, totpPlace(id)), id);
  return totp;
}

/** `name` is what the person calls it: at most 128 characters. */
export interface ConfirmTotp {
  code: string;
  name?: string | null;
}

/**
 * Ends to set up an authenticator app, by a code of it. A wrong code may be tried again. Gives the id of the factor.
 * Throws Faults: as {@link beginTotp}; WRONG_CODE, TOO_LONG.
 */
export async function confirmTotp(context: OwnContext, input: ConfirmTotp): Promise<string> {
  const { session, sealing } = context;
  const code = readCode(input.code);
  refuseFaults([
    checkText(input.name, { longest: 128 }, 'name'),
    !code && fault(UserErrorCode.WRONG_CODE, 'A code is six digits.', 'code'),
  ]);
  const writer = writerOf(context, 'factorTotpConfirm');
  const { tenantId, at } = writer;
  return transact(context.database, tenantId, async (manager) => {
    await lockPerson(manager, tenantId, session.userId);
    refuseFaults([refuseAdding(context, FactorKind.TOTP, await readStanding(manager, tenantId, session))]);
    const asked = await lockChallenge(manager, tenantId, session, 'TOTP', at);
    refuseFaults([!asked && fault(UserErrorCode.NOT_FOUND, 'Begin with factorTotpBegin: the secret has expired.')]);
    const { id, challenge } = asked!;
    const step = findStep(sealing.open(challenge, totpPlace(id)), code!, at, null);
    refuseFaults([
      step === null &&
        fault(UserErrorCode.WRONG_CODE, 'This is not the code of the moment: look again, and at the clock.', 'code'),
    ]);
    const name = input.name?.trim() || null;
    await runSql(
      manager,
      `insert into user_factors (id, tenant_id, user_id, kind, name, sealed_secret, last_step, created_at, confirmed_at)
       values ($1, $2, $3, '${FactorKind.TOTP}', $4, $5, $6, $7, $7)`,
      [id, tenantId, session.userId, name, challenge, step, at],
    );
    await removeChallenge(manager, tenantId, id);
    await tellAdded(manager, writer, { id, userId: session.userId, kind: FactorKind.TOTP, name });
    return id;
  });
}
