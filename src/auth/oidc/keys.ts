import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, type JWTVerifyGetKey } from 'jose';
import { v7 } from 'uuid';
import type { OperationContext } from '../../context.js';
import { runSql, transact } from '../../database/transact.js';
import { hashSecret } from '../../secret.js';

/** ES256 signs access tokens; RS256 signs ID tokens, as OpenID Connect has it where nothing was agreed upon. */
export const ALGORITHMS = ['ES256', 'RS256'] as const;
export const ACCESS_TOKEN_ALGORITHM = 'ES256';
export const ID_TOKEN_ALGORITHM = 'RS256';

/** How long others may keep the published keys, as they are told with them. */
export const PUBLISHED_SECONDS = 300;
/** How long a key is published before it signs: past what is kept here, there, and by libraries (ten minutes). */
const DELAY_MILLISECONDS = 15 * 60_000;
/** How long a key stays published after it has signed its last: tokens live for an hour, ID tokens hint at logouts. */
const AFTERWARDS_MILLISECONDS = 24 * 60 * 60_000;
/** The age at which keys are replaced. */
const LIFE_MILLISECONDS = 90 * 24 * 60 * 60_000;
/** How long this process goes on with the keys that it has read. */
const KEPT_MILLISECONDS = 30_000;

type KeysContext = Pick<OperationContext, 'database' | 'clock' | 'sealing'>;

/** The keys of a tenant at a moment. */
export interface KeySet {
  /** Changes when the published keys do, or which of them signs. */
  version: string;
  /** With their private parts; those that sign now come first. */
  keys: JWK[];
  /** The public ones, to verify by. */
  published: JWTVerifyGetKey;
}

interface Row {
  id: string;
  keyId: string;
  algorithm: string;
  publicJwk: JWK;
  sealedPrivateJwk: string;
  signsFrom: string;
}

const READ = `
select id, key_id as "keyId", algorithm, public_jwk as "publicJwk", sealed_private_jwk as "sealedPrivateJwk",
  signs_from as "signsFrom"
from oidc_keys where tenant_id = $1 and (published_until is null or published_until > $2)
order by signs_from desc, key_id`;

const INSERT = `
insert into oidc_keys (id, tenant_id, key_id, algorithm, public_jwk, sealed_private_jwk, created_at, signs_from)
values ($2, $1, $3, $4, $5, $6, $7, $8)`;

const NEWEST = `select max(signs_from) as "signsFrom" from oidc_keys where tenant_id = $1 and published_until is null`;
const RETIRE = `update oidc_keys set published_until = $2 where tenant_id = $1 and published_until is null`;
const REMOVE = 'delete from oidc_keys where tenant_id = $1 and published_until <= $2';

/** The keys that a process signs with, by tenant: read when they are needed, made where there are none. */
export class SigningKeys {
  private readonly kept = new Map<string, { readAt: number; rows: Promise<Row[]> }>();
  private readonly opened = new Map<string, KeySet>();

  constructor(private readonly context: KeysContext) {}

  /** The keys of this moment. `atMostOld` milliseconds: what was read longer ago is read anew. */
  async find(tenantId: string, atMostOld = KEPT_MILLISECONDS): Promise<KeySet> {
    const now = Date.now();
    let kept = this.kept.get(tenantId);
    if (!kept || now - kept.readAt > atMostOld) {
      kept = { readAt: now, rows: this.readOrMake(tenantId) };
      this.kept.set(tenantId, kept);
      kept.rows.catch(() => this.kept.delete(tenantId));
    }
    const ordered = arrange(await kept.rows, this.context.clock());
    const version = hashSecret(ordered.map(({ keyId }) => keyId).join(' '));
    let set = this.opened.get(tenantId);
    if (set?.version !== version) {
      const published = ordered.map(({ keyId: kid, algorithm: alg, publicJwk }) => ({ ...publicJwk, kid, alg }));
      set = { version, keys: ordered.map((row) => this.open(row)), published: createLocalJWKSet({ keys: published }) };
      this.opened.set(tenantId, set);
    }
    return set;
  }

  /** Reads anew at the next use: for whoever has just changed them. */
  forget(tenantId: string): void {
    this.kept.delete(tenantId);
  }

  private async readOrMake(tenantId: string): Promise<Row[]> {
    const read = () => this.context.database.read<Row>(tenantId, READ, [tenantId, this.context.clock()]);
    const rows = await read();
    if (rows.length) return rows;
    await addKeys(this.context, tenantId, 'FIRST');
    return read();
  }

  private open({ id, keyId, algorithm, sealedPrivateJwk }: Row): JWK {
    const jwk = JSON.parse(this.context.sealing.open(sealedPrivateJwk, placeOf(id))) as JWK;
    return { ...jwk, kid: keyId, alg: algorithm, use: 'sig' };
  }
}

/** Of each algorithm, the newest key whose time to sign has come signs: it comes first. The others are published beside it. */
function arrange(rows: Row[], now: Date): Row[] {
  const hasBegun = ({ signsFrom }: Row) => new Date(signsFrom) <= now;
  return [...rows.filter(hasBegun), ...rows.filter((row) => !hasBegun(row))];
}

/**
 * Publishes new keys, which sign once everybody can know them; those that sign until then stay published for as long as
 * anything that they signed is valid. Gives from when on the new ones sign; null when others are about to already.
 */
export async function rotateKeys(context: KeysContext, tenantId: string): Promise<Date | null> {
  return addKeys(context, tenantId, 'NEXT');
}

/** Replaces keys that are due by their age, and removes those that are published no more. */
export async function maintainKeys(context: KeysContext, tenantId: string): Promise<void> {
  const now = context.clock();
  const [newest] = await context.database.read<{ signsFrom: string | null }>(tenantId, NEWEST, [tenantId]);
  // Where nobody has asked for tokens yet, there is nothing to replace.
  if (newest?.signsFrom && now.getTime() - new Date(newest.signsFrom).getTime() > LIFE_MILLISECONDS)
    await rotateKeys(context, tenantId);
  await context.database.read(tenantId, REMOVE, [tenantId, now]);
}

/** Whoever comes first adds keys; who waited for the tenant's row finds them there. */
async function addKeys(context: KeysContext, tenantId: string, which: 'FIRST' | 'NEXT'): Promise<Date | null> {
  const made = await Promise.all(ALGORITHMS.map(makeKey));
  return transact(context.database, tenantId, async (manager) => {
    await runSql(manager, 'select id from tenants where id = $1 for no key update', [tenantId]);
    const now = context.clock();
    const [newest] = await runSql<{ signsFrom: Date | string | null }>(manager, NEWEST, [tenantId]);
    const isFirst = !newest?.signsFrom;
    if (!isFirst && (which === 'FIRST' || new Date(newest.signsFrom!) > now)) return null;
    const signsFrom = isFirst ? now : new Date(now.getTime() + DELAY_MILLISECONDS);
    const publishedUntil = new Date(signsFrom.getTime() + AFTERWARDS_MILLISECONDS);
    await runSql(manager, RETIRE, [tenantId, publishedUntil]);
    for (const { algorithm, keyId, publicJwk, privateJwk } of made) {
      const id = v7();
      const sealed = context.sealing.seal(JSON.stringify(privateJwk), placeOf(id));
      const values = [tenantId, id, keyId, algorithm, JSON.stringify(publicJwk), sealed, now, signsFrom];
      await runSql(manager, INSERT, values);
    }
    return signsFrom;
  });
}

async function makeKey(algorithm: (typeof ALGORITHMS)[number]) {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]);
  return { algorithm, keyId: v7(), publicJwk, privateJwk };
}

function placeOf(id: string): string {
  return `oidc_keys.${id}.private_jwk`;
}
