import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { takeIdempotencyKey } from '../../database/idempotency.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import { MOST_TERMS } from '../../database/loaders/terms.js';
import { runSql, transact } from '../../database/transact.js';
import { Terms } from '../../entities/terms.js';
import { recordEvents } from '../../events/record.js';
import { checkText, checkVersion, type Fault, fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { lockOwner } from '../lock-owner.js';

const LONGEST_URL = 2_048;
const LONGEST_BODY = 65_536;

/** What people agree to: either an address, or the text. */
interface TermsText {
  title: string;
  url: string | null;
  body: string | null;
}

/** Ids are uuids. */
export interface CreateTerms {
  idempotencyKey?: string | null;
  /** Absent: the tenant's. */
  organizationId?: string | null;
  title: string;
  url?: string | null;
  body?: string | null;
  /** Absent: true. */
  isActive?: boolean | null;
}

/** Writes terms down and gives their id. Throws Faults: REQUIRED, INVALID, TOO_LONG, NOT_FOUND, IDEMPOTENCY_KEY_REUSED. */
export async function createTerms(
  context: OperationContext,
  { idempotencyKey: key, ...input }: CreateTerms,
): Promise<string> {
  const text: TermsText = { title: input.title.trim(), url: input.url ?? null, body: input.body ?? null };
  refuseFaults(checkTerms(text));
  const writer = writerOf(context, 'termsCreate');
  const { tenantId, at } = writer;
  const organizationId = input.organizationId ?? null;
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'termsCreate', key, input, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return made;
    await lockOwner(manager, tenantId, organizationId, { table: 'terms', most: MOST_TERMS });
    const isActive = input.isActive ?? true;
    const terms = manager.create(Terms, { id, tenantId, organizationId, ...text, isActive, edition: 1 });
    await manager.flush();
    await recordEvents(manager, writer, [
      { type: 'terms.created', organizationId, objectId: id, after: published(terms) },
    ]);
    return id;
  });
}

/** What is absent stays. */
export interface UpdateTerms {
  id: string;
  expectedVersion?: number | null;
  title?: string | null;
  url?: string | null;
  body?: string | null;
  isActive?: boolean | null;
}

/**
 * Changes terms. Another title, address or text is another edition, which nobody has agreed to yet. Repeating it changes
 * nothing. Throws Faults: NOT_FOUND, STALE_VERSION, REQUIRED, INVALID, TOO_LONG.
 */
export async function updateTerms(context: OperationContext, input: UpdateTerms): Promise<void> {
  const writer = writerOf(context, 'termsUpdate');
  await transact(context.database, writer.tenantId, async (manager) => {
    const terms = await lockTerms(manager, input.id);
    const known = { ...text(terms), isActive: terms.isActive };
    const wanted = {
      title: input.title === undefined ? known.title : (input.title ?? '').trim(),
      url: input.url === undefined ? known.url : input.url,
      body: input.body === undefined ? known.body : input.body,
      isActive: input.isActive ?? known.isActive,
    };
    refuseFaults([
      checkVersion(input.expectedVersion, terms.version),
      ...checkTerms(wanted),
      input.isActive === null && fault(UserErrorCode.REQUIRED, 'isActive cannot be cleared.', 'isActive'),
    ]);
    const changed = (['title', 'url', 'body', 'isActive'] as const).filter((name) => known[name] !== wanted[name]);
    if (!changed.length) return;
    const edition = terms.edition + (changed.some((name) => name !== 'isActive') ? 1 : 0);
    const before = tell(changed, { ...known, edition: terms.edition }, edition !== terms.edition);
    const after = tell(changed, { ...wanted, edition }, edition !== terms.edition);
    Object.assign(terms, wanted, { edition });
    await manager.flush();
    const { id, organizationId = null } = terms;
    await recordEvents(manager, writer, [{ type: 'terms.updated', organizationId, objectId: id, before, after }]);
  });
}

/** Deletes terms; what people agreed to stays on record. Throws Faults: NOT_FOUND, STALE_VERSION. */
export async function deleteTerms(
  context: OperationContext,
  input: { id: string; expectedVersion?: number | null },
): Promise<void> {
  const writer = writerOf(context, 'termsDelete');
  await transact(context.database, writer.tenantId, async (manager) => {
    const terms = await lockTerms(manager, input.id);
    refuseFaults([checkVersion(input.expectedVersion, terms.version)]);
    const { id, organizationId = null } = terms;
    const before = published(terms);
    await runSql(manager, 'delete from terms where tenant_id = $1 and id = $2', [writer.tenantId, id]);
    await recordEvents(manager, writer, [{ type: 'terms.deleted', organizationId, objectId: id, before }]);
  });
}

async function lockTerms(manager: EntityManager, id: string): Promise<Terms> {
  const terms = await manager.findOne(Terms, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!terms && fault(UserErrorCode.NOT_FOUND, 'There are no such terms.', 'id')]);
  return terms!;
}

function checkTerms({ title, url, body }: TermsText): Fault[] {
  const isOne = (url === null) !== (body === null);
  return [
    checkText(title, { isRequired: true, longest: 128 }, 'title'),
    isOne ? null : fault(UserErrorCode.INVALID, 'Terms have an address or a text: either url or body.', 'url'),
    url === null ? null : checkUrl(url),
    body === null ? null : checkBody(body),
  ].filter((found) => found !== null);
}

function checkUrl(url: string): Fault | null {
  if (url.length > LONGEST_URL)
    return fault(UserErrorCode.TOO_LONG, `url is at most ${LONGEST_URL} characters.`, 'url');
  const read = /^[\x21-\x7e]+$/.test(url) && URL.canParse(url) ? new URL(url) : null;
  if (read?.protocol === 'https:' && !read.username && !read.password) return null;
  return fault(UserErrorCode.INVALID, 'url is an absolute https address.', 'url');
}

function checkBody(body: string): Fault | null {
  if (body.trim() === '') return fault(UserErrorCode.REQUIRED, 'body cannot be empty.', 'body');
  if ([...body].length > LONGEST_BODY)
    return fault(UserErrorCode.TOO_LONG, `body is at most ${LONGEST_BODY} characters.`, 'body');
  const isText = body.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(body);
  return isText ? null : fault(UserErrorCode.INVALID, 'body is text without control characters.', 'body');
}

const text = ({ title, url, body }: Terms): TermsText => ({ title, url: url ?? null, body: body ?? null });

/** What events say of terms: all but the text. */
function published({ title, url, edition, isActive, organizationId }: Terms) {
  return {
    ...{ title, url: url ?? null, edition, isActive },
    organizationId: organizationId ? toGlobalId('Organization', organizationId) : null,
  };
}

type Told = TermsText & { isActive: boolean; edition: number };

/** What changed, as events say it: of the text, that it did. */
function tell(changed: readonly (keyof Told)[], from: Told, isNewEdition: boolean) {
  return Object.fromEntries(
    [...changed, ...(isNewEdition ? (['edition'] as const) : [])].map((name) => [
      name,
      name === 'body' ? (true as const) : from[name],
    ]),
  );
}
