import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import { runSql, transact } from '../database/transact.js';
import { FactorKind } from '../entities/enums.js';
import { checkText, fault, refuseFaults, UserErrorCode } from '../faults.js';
import { askSession, takeChallenge } from './challenges.js';
import { lockPerson, type OwnContext, readStanding, refuseAdding, tellAdded } from './own-factors.js';
import type { PasskeySite } from './passkey.js';

/** The operations on passkeys know where they are used. */
export type PasskeyContext = OwnContext & Pick<PasskeySite, 'allowedOrigins'>;

export const siteOf = ({ tenant, allowedOrigins }: PasskeyContext): PasskeySite => ({
  publicUrl: tenant.publicUrl,
  allowedOrigins,
});

interface Person {
  email: string | null;
  givenName: string | null;
  familyName: string | null;
  passkeys: { id: string; transports: string[] }[];
}

/**
 * Begins to add a passkey: what `navigator.credentials.create` takes, as JSON. Throws Faults: REAUTHENTICATION_REQUIRED,
 * FACTOR_PROOF_REQUIRED, FACTOR_NOT_ENABLED, INVALID, NOT_FOUND.
 */
export async function beginPasskey(context: PasskeyContext): Promise<Record<string, unknown>> {
  const { database, tenant, session } = context;
  const standing = await readStanding(database, tenant.id, session);
  refuseFaults([refuseAdding(context, FactorKind.PASSKEY, standing)]);
  const [person] = await database.read<Person>(
    tenant.id,
    `select u.email, u.given_name as "givenName", u.family_name as "familyName",
       (select coalesce(json_agg(json_build_object('id', f.credential_id, 'transports', f.transports)), '[]')
        from user_factors f where f.tenant_id = $1 and f.user_id = u.id and f.kind = '${FactorKind.PASSKEY}') as passkeys
     from users u where u.tenant_id = $1 and u.id = $2`,
    [tenant.id, session.userId],
  );
  const { email, givenName, familyName, passkeys } = person!;
  const name = email ?? session.userId;
  const displayName = [givenName, familyName].filter(Boolean).join(' ') || name;
  const { tenantName } = standing;
  const { creationOptions } = await import('./passkey.js');
  const options = await creationOptions(siteOf(context), {
    id: session.userId,
    ...{ name, displayName, tenantName, passkeys },
  });
  await askSession(context, session, 'PASSKEY', options.challenge);
  return { ...options };
}

/** `response` is what the browser gave, as JSON. `name` is what the person calls it: at most 128 characters. */
export interface ConfirmPasskey {
  response: Record<string, unknown>;
  name?: string | null;
}

/**
 * Ends to add a passkey, by the browser's response: it serves once. Gives the id of the factor. Throws Faults: as
 * {@link beginPasskey}; TAKEN, TOO_LONG.
 */
export async function confirmPasskey(context: PasskeyContext, input: ConfirmPasskey): Promise<string> {
  const { session, tenant } = context;
  refuseFaults([checkText(input.name, { longest: 128 }, 'name')]);
  const { readNewPasskey, readResponse } = await import('./passkey.js');
  const read = readResponse(input.response);
  const isAsked = read && (await takeChallenge(context, session, 'PASSKEY', read.challenge));
  const passkey = isAsked ? await readNewPasskey(siteOf(context), input.response, read.challenge) : null;
  refuseFaults([
    !passkey &&
      fault(
        UserErrorCode.INVALID,
        'This passkey cannot be trusted, or came too late: begin again with factorPasskeyBegin.',
        'response',
      ),
  ]);
  const { id: credentialId, publicKey, signCount, transports } = passkey!;
  const writer = writerOf(context, 'factorPasskeyConfirm');
  const name = input.name?.trim() || null;
  return transact(context.database, tenant.id, async (manager) => {
    await lockPerson(manager, tenant.id, session.userId);
    refuseFaults([refuseAdding(context, FactorKind.PASSKEY, await readStanding(manager, tenant.id, session))]);
    const [made] = await runSql<{ id: string }>(
      manager,
      `insert into user_factors
         (id, tenant_id, user_id, kind, name, credential_id, public_key, sign_count, transports, created_at, confirmed_at)
       values ($1, $2, $3, '${FactorKind.PASSKEY}', $4, $5, $6, $7, $8, $9, $9) on conflict do nothing returning id`,
      [v7(), tenant.id, session.userId, name, credentialId, Buffer.from(publicKey), signCount, transports, writer.at],
    );
    refuseFaults([!made && fault(UserErrorCode.TAKEN, 'This passkey is added already.', 'response')]);
    await tellAdded(manager, writer, { id: made!.id, userId: session.userId, kind: FactorKind.PASSKEY, name });
    return made!.id;
  });
}
