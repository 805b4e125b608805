import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { v7 } from 'uuid';
import { openSession } from '../../src/auth/session.js';
import { takeTransaction } from '../../src/auth/login.js';
import { hashSecret } from '../../src/secret.js';
import { openDatabase } from '../../src/database/database.js';
import { createSealing } from '../../src/database/sealing.js';
import { SessionTransport } from '../../src/entities/enums.js';
import { readClaims } from '../../src/sso/claims.js';
import { updateOrganization } from '../../src/organizations/update-organization.js';
import { dispatchEvents } from '../../src/events/dispatch.js';
import { link } from '../../src/sso/link.js';
import { createLog } from '../../src/log.js';
import { POOL_SIZE } from '../servers/pool.js';
import { chainMeanwhile, takeEventsAway } from '../events/switches.js';
import { signInByHand } from './floor.js';
import { type Person, personOf } from './people.js';

/*
 * Signs people in without the provider: what a callback does once the provider has answered, and the taking of the
 * login transaction before. Both sides run here, one after the other, with pools of the same size.
 */

export interface SignInCommand {
  /** `silent` is Vestibule without its events; `chained` hands them on while it works. */
  side: 'floor' | 'vestibule' | 'silent' | 'chained';
  /** Whose people: those of `new` found an organization, the others join one that is there; `edit` edits one. */
  scenario: 'first' | 'new' | 'edit';
  from: number;
  count: number;
  /** How many at once; as many as there are connections unless told. */
  lanes?: number;
}

export interface SignInResult {
  perSecond: number;
  statements: number;
}

const {
  DATABASE_URL,
  OPEN_URL,
  TENANT_ID: tenantId,
  CONNECTION_ID: connectionId,
  ISSUER: issuer,
} = process.env as Record<string, string>;
const pool = new pg.Pool({ connectionString: OPEN_URL, max: POOL_SIZE });
let statements = 0;
const database = await openDatabase({
  url: DATABASE_URL!,
  folder: '',
  poolSize: POOL_SIZE,
  onStatement: () => statements++,
});
const switches = takeEventsAway(database);
const context = {
  database,
  tenant: { id: tenantId!, slug: 'default', publicUrl: 'https://bench.test' },
  clock: () => new Date(),
  log: createLog('silent'),
  sealing: createSealing([randomBytes(32)]),
};

async function signIn(person: Person): Promise<void> {
  const { connection } = await takeTransaction(context, person.state, person.binding);
  const raw = {
    iss: issuer,
    sub: person.subject,
    email: person.email,
    given_name: person.givenName,
    usual_name: person.familyName,
    siret: person.siret,
    organization_label: person.organizationName,
  };
  const claims = readClaims(raw, connection.claimNames);
  const nameLookup = async () => ({ name: null, retryAt: null });
  const outcome = await link(context, connection, claims, nameLookup, async (manager, admitted) => {
    await openSession(manager, context, {
      userId: admitted.userId,
      connectionId: connection.id,
      identityId: admitted.identityId,
      organizationId: admitted.organizationId,
      transport: SessionTransport.COOKIE,
      minutes: connection.sessionMinutes,
      acr: claims.acr,
      amr: claims.amr,
      isProven: false,
      providerSessionId: null,
      idToken: null,
      email: claims.email?.value ?? null,
      cases: admitted.cases,
    });
  });
  if (!outcome.admitted) throw new Error(`${person.subject} was refused: ${outcome.code}`);
}

/** Writes down that these people have begun to sign in. */
async function begin(people: Person[]): Promise<void> {
  await pool.query(
    `insert into login_transactions (id, tenant_id, connection_id, intent, state_hash, binding_hash, issuer, redirect_uri, return_to, created_at, expires_at)
     select id, $1, $2, 'SIGN_IN', state, binding, $3, 'https://bench.test/auth/proconnect/callback', '/', now(), now() + interval '10 minutes'
     from unnest($4::uuid[], $5::text[], $6::text[]) as t(id, state, binding)`,
    [
      tenantId,
      connectionId,
      issuer,
      people.map(() => v7()),
      people.map(({ state }) => hashSecret(state)),
      people.map(({ binding }) => hashSecret(binding)),
    ],
  );
}

let edited = 0;

async function edit({ familyName }: Person): Promise<void> {
  const organizations = await organizationIds;
  // Two at once do not meet at one row: that would time the waiting.
  const { id } = organizations[edited++ % organizations.length]!;
  await updateOrganization({ ...context, viewer: null }, { id, description: familyName });
}

const organizationIds = database.read<{ id: string }>(
  tenantId!,
  'select id from organizations where tenant_id = $1 order by id limit 200',
  [tenantId],
);

async function run({ side, scenario, from, count, lanes = POOL_SIZE }: SignInCommand): Promise<SignInResult> {
  const people = Array.from({ length: count }, (_, index) =>
    personOf(side, scenario, from + index, scenario === 'new'),
  );
  if (scenario !== 'edit') await begin(people);
  switches.writesEvents = side !== 'silent';
  // What other rounds have written is out of the way before the clock starts.
  if (side !== 'floor') await dispatchEvents(context, tenantId!);
  const stopChaining = side === 'chained' ? chainMeanwhile({ ...context }, tenantId!) : null;
  const floor = { pool, tenantId: tenantId!, connectionId: connectionId!, issuer: issuer! };
  const before = statements;
  let next = 0;
  const begun = performance.now();
  const lane = async () => {
    for (let person = people[next++]; person; person = people[next++])
      await (side === 'floor' ? signInByHand(floor, person) : scenario === 'edit' ? edit(person) : signIn(person));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await stopChaining?.();
  return { perSecond: count / ((performance.now() - begun) / 1000), statements: (statements - before) / count };
}

process.on('message', (command: SignInCommand) => {
  run(command).then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ error: error.stack ?? error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
