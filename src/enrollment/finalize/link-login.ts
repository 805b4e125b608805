import type { EntityManager } from '@mikro-orm/postgresql';
import { sessionOf, type Writer } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { runSql } from '../../database/transact.js';
import { UserStatus } from '../../entities/enums.js';
import type { FactOf } from '../../events/catalogue.js';
import { noticeUser } from '../../events/notices.js';
import { recordEvents } from '../../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { isBareSql } from './bare-account.js';

/** Whose logins become whose. Ids are uuids. */
export interface LoginLink {
  fromUserId: string;
  toUserId: string;
}

const LOCK = 'select id from users where tenant_id = $1 and id = any($2::uuid[]) order by id for update';

const READ = `select u.id, u.status, ${isBareSql('u')} as "isBare" from users u
  where u.tenant_id = $1 and u.id = any($2::uuid[])`;

const MOVE = `
update identities i set user_id = $3 from connections c
where i.tenant_id = $1 and i.user_id = $2 and c.tenant_id = $1 and c.id = i.connection_id
returning i.id, i.issuer, i.subject, i.email, c.slug, c.name`;

const END_SESSIONS = `delete from sessions where tenant_id = $1 and user_id = any($2::uuid[])
  returning id, user_id as "userId"`;

const DELETE = `delete from users where tenant_id = $1 and id = $2
  returning status, email, is_email_verified as "isEmailVerified", given_name as "givenName", family_name as "familyName"`;

interface Moved {
  id: string;
  issuer: string;
  subject: string;
  email: string | null;
  slug: string;
  name: string;
}

/**
 * Gives the logins of an account that has nothing else to another account, in the transaction of the confirmation: the
 * empty account goes, the sessions of both end, as they do when a login is linked by hand, and the person is told. What was
 * decided before is looked at again under the locks of both, taken in the order of ids. Throws Faults: SIGN_IN_REQUIRED
 * when the session that confirms has ended, MANUAL_ACTION_NEEDED when either account is no longer what it was.
 */
export async function linkLogin(
  manager: EntityManager,
  context: Pick<OperationContext, 'viewer'>,
  writer: Writer,
  { fromUserId, toUserId }: LoginLink,
): Promise<void> {
  const { tenantId, at } = writer;
  const both = [fromUserId, toUserId];
  await runSql(manager, LOCK, [tenantId, both]);
  // A statement of its own: it sees what was written while the locks were waited for.
  const users = await runSql<{ id: string; status: UserStatus; isBare: boolean }>(manager, READ, [tenantId, both]);
  const find = (id: string) => users.find((user) => user.id === id);
  refuseFaults([
    (!find(fromUserId)?.isBare || find(toUserId)?.status !== UserStatus.ACTIVE) &&
      fault(
        UserErrorCode.MANUAL_ACTION_NEEDED,
        'One of the accounts has changed meanwhile: an administrator must settle this.',
      ),
  ]);
  const ended = await runSql<{ id: string; userId: string }>(manager, END_SESSIONS, [tenantId, both]);
  const confirming = sessionOf(context)?.sessionId;
  refuseFaults([
    !ended.some(({ id, userId }) => id === confirming && userId === fromUserId) &&
      fault(UserErrorCode.SIGN_IN_REQUIRED, 'Your session has ended: sign in, then open the link again.'),
  ]);
  const moved = await runSql<Moved>(manager, MOVE, [tenantId, fromUserId, toUserId]);
  const [gone] = await runSql<FactOf<'user.deleted'>['before']>(manager, DELETE, [tenantId, fromUserId]);
  await recordEvents(manager, writer, [
    ...ended.map(({ id, userId }) => ({ type: 'session.ended' as const, userId, objectId: id })),
    ...moved.map(({ id, issuer, subject }) => ({
      ...{ type: 'identity.unlinked' as const, userId: fromUserId, objectId: id },
      before: { issuer, subject },
    })),
    { type: 'user.deleted', userId: fromUserId, objectId: fromUserId, before: gone! },
    ...moved.map(({ id, issuer, subject, slug }) => ({
      ...{ type: 'identity.linked' as const, userId: toUserId, objectId: id },
      after: { connection: slug, issuer, subject },
    })),
  ]);
  for (const { name, email } of moved) {
    await noticeUser(manager, tenantId, at, toUserId, 'IDENTITY_LINKED', { connection: name, email });
  }
}
