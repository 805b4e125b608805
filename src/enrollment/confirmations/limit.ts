import { isIPv6 } from 'node:net';
import type { OperationContext } from '../../context.js';
import type { EntityManager } from '@mikro-orm/postgresql';
import { returnTurn, takeTurn, type Turn } from '../../database/take-turn.js';
import { transact } from '../../database/transact.js';
import { BuiltInRole } from '../../entities/enums.js';
import { type Fault, fault, Faults, UserErrorCode } from '../../faults.js';

const HOUR_SECONDS = 60 * 60;

/** How often one actor may try tokens that open nothing, in an hour. */
const MOST_FAILED_TOKENS = 100;
/** How many petitions one actor begins in an hour, who administers nothing; nobody who is known: an address. */
const MOST_STARTS = 300;
/** How many confirmations of one petition are mailed in an hour. */
const MOST_MAILS_OF_PETITION = 5;
/** How often the sources that a petition waits for are asked at once, in an hour; by themselves they are asked besides. */
const MOST_CHECKS_OF_PETITION = 20;
/** How often one administrator looks into the sources of petitions, in an hour. */
const MOST_SOURCE_SEARCHES = 600;
/** How often somebody of one petition sets out to sign in at a source, in an hour. */
const MOST_TRIPS_OF_PETITION = 60;
/** How many confirmations one actor has mailed in an hour, who administers nothing. */
const MOST_MAILS_OF_ACTOR = 300;

type Asking = Pick<OperationContext, 'database' | 'tenant' | 'clock' | 'viewer' | 'origin'>;

/**
 * Who is limited: the person or application that is signed in, and else the address that the request came from; of IPv6,
 * the network, which is one subscriber's.
 */
function actorOf({ viewer, origin }: Pick<Asking, 'viewer' | 'origin'>): string {
  if (viewer?.userId) return `user ${viewer.userId}`;
  if (viewer?.applicationId) return `application ${viewer.applicationId}`;
  return `address ${networkOf(origin?.ipAddress ?? '')}`;
}

/** The first 64 bits of an IPv6 address; an IPv4 address as it is, also where it is written as an IPv6 one. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (mapped) return mapped[1]!;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head.split(':').filter(Boolean);
  if (tail !== undefined) {
    const rest = tail.split(':').filter(Boolean);
    const width = rest.length + (rest.at(-1)?.includes('.') ? 1 : 0);
    groups.push(...Array<string>(Math.max(0, 8 - groups.length - width)).fill('0'), ...rest);
  }
  return groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}

/**
 * Limits how many petitions one actor begins; throws Faults: RATE_LIMITED. Whoever administers, and applications, enroll
 * many people at a time. It counts whether or not the petition begins, so it is called outside of transactions.
 */
export async function limitStarts(context: Asking): Promise<void> {
  const { viewer } = context;
  const roles = [...(viewer?.rolesByOrganization.values() ?? [])].flat();
  const isTrusted = viewer?.isTenantAdministrator || viewer?.applicationId || roles.includes(BuiltInRole.ADMINISTRATOR);
  if (!isTrusted) await takeAlone(context, `petition start ${actorOf(context)}`, MOST_STARTS);
}

/**
 * Takes a turn of trying a token; throws Faults: RATE_LIMITED. It counts whatever becomes of the command. What succeeds
 * gives it back by the function that this gives, in the transaction of the command: so failures are counted alone.
 */
export async function takeTokenTurn(context: Asking): Promise<(manager: EntityManager) => Promise<void>> {
  const key = `petition token ${actorOf(context)}`;
  const turn = await takeAlone(context, key, MOST_FAILED_TOKENS);
  return (manager) => returnTurn(manager, turn);
}

/** Counts that the sources of a petition are asked again because somebody says so; throws Faults: RATE_LIMITED. */
export async function limitChecks(
  manager: EntityManager,
  { tenantId, at, petitionId }: Pick<MailOf, 'tenantId' | 'at' | 'petitionId'>,
): Promise<void> {
  const key = `petition sources ${petitionId}`;
  const until = await takeTurn(manager, { tenantId, at, key, most: MOST_CHECKS_OF_PETITION, seconds: HOUR_SECONDS });
  if (until) throw new Faults([tooOften(until)]);
}

/** Takes a turn of looking into a source for a petition; throws Faults: RATE_LIMITED. Called outside of transactions. */
export async function limitSourceSearches(context: Asking): Promise<void> {
  await takeAlone(context, `petition source search ${actorOf(context)}`, MOST_SOURCE_SEARCHES);
}

/** Limits how often somebody sets out to sign in at a source for a petition; throws Faults: RATE_LIMITED. */
export async function limitTrips(context: Asking, petitionId: string): Promise<void> {
  await takeAlone(context, `petition trip ${petitionId}`, MOST_TRIPS_OF_PETITION);
}

async function takeAlone({ database, tenant, clock }: Asking, key: string, most: number): Promise<Turn> {
  const turn = { tenantId: tenant.id, key, at: clock(), most, seconds: HOUR_SECONDS };
  const until = await transact(database, tenant.id, (manager) => takeTurn(manager, turn));
  if (until) throw new Faults([tooOften(until)]);
  return turn;
}

/**
 * Counts a mail of a petition; throws Faults: RATE_LIMITED. Whoever administers enrolls many people at a time: of them,
 * only the petition and its address are limited.
 */
export async function countMail(
  manager: EntityManager,
  { viewer, origin }: Pick<Asking, 'viewer' | 'origin'>,
  { tenantId, at, petitionId, isAdministrator }: MailOf,
): Promise<void> {
  const seconds = HOUR_SECONDS;
  const turns: Turn[] = [{ tenantId, at, seconds, key: `petition mail ${petitionId}`, most: MOST_MAILS_OF_PETITION }];
  if (!isAdministrator) {
    const key = `petition mail ${actorOf({ viewer, origin })}`;
    turns.push({ tenantId, at, seconds, key, most: MOST_MAILS_OF_ACTOR });
  }
  for (const turn of turns) {
    const until = await takeTurn(manager, turn);
    if (until) throw new Faults([tooOften(until)]);
  }
}

export interface MailOf {
  tenantId: string;
  at: Date;
  petitionId: string;
  /** Whether who has it sent administers the tenant or the organization, or is the system. */
  isAdministrator: boolean;
}

function tooOften(until: Date): Fault {
  return fault(UserErrorCode.RATE_LIMITED, `This was done too often: try again from ${until.toISOString()} on.`);
}
