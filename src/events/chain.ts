import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/*
 * The hash chain of a tenant's events. Each link holds the hash of the one before, so nothing can be changed, removed or
 * put between without every later hash telling. What an event says about people enters by digests that are salted:
 * once content and salt are erased, the digest alone neither tells nor lets anybody guess what was there, and the chain
 * holds.
 */

/** The version of what is hashed: the first word of every link. */
const FORM = 'vestibule-audit-1';

/** What a link says of an event that is never erased. Ids are plain uuids, `at` is RFC 3339 to the millisecond. */
export interface ChainedFact {
  tenantId: string;
  sequence: number;
  id: string;
  type: string;
  at: string;
  actorKind: string;
  actorUserId: string | null;
  /** Of an application that acted for itself. */
  actorApplicationId: string | null;
  via: string;
  organizationId: string | null;
  userId: string | null;
  objectId: string | null;
  changesDigest: Buffer;
  originDigest: Buffer;
}

/** The digest of content that may be erased: SHA-256 over the salt and the canonical JSON (RFC 8785). */
export function digest(salt: Buffer | null, content: unknown): Buffer {
  return createHash('sha256')
    .update(salt ?? Buffer.alloc(0))
    .update(canonicalize(content) ?? 'null')
    .digest();
}

/** The hash of a link: SHA-256 over the hash before (nothing for the first) and the fact, as a JSON array. */
export function hashLink(previous: Buffer, fact: ChainedFact): Buffer {
  const { changesDigest, originDigest } = fact;
  const said = [
    FORM,
    fact.tenantId,
    fact.sequence,
    fact.id,
    fact.type,
    fact.at,
    fact.actorKind,
    fact.actorUserId,
    fact.via,
    fact.organizationId,
    fact.userId,
    fact.objectId,
    changesDigest.toString('hex'),
    originDigest.toString('hex'),
    // Links of before applications acted have no place for it.
    ...(fact.actorApplicationId ? [fact.actorApplicationId] : []),
  ];
  return createHash('sha256').update(previous).update(JSON.stringify(said)).digest();
}

/** What the head of a chain is sealed as, so that whoever has the database alone cannot write another chain. */
export function describeHead(tenantId: string, sequence: number, hash: Buffer): string {
  return `${FORM} ${tenantId} ${sequence} ${hash.toString('hex')}`;
}

/** Where the sealed head is kept. */
export function headPlace(tenantId: string): string {
  return `audit_heads.${tenantId}`;
}
