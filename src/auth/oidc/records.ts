import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import { v7 } from 'uuid';
import type { OperationContext } from '../../context.js';
import { uuidOf } from '../../database/loaders/ids.js';
import { hashSecret } from '../../secret.js';

export type RecordsContext = Pick<OperationContext, 'database' | 'clock'>;

const UPSERT = `
insert into oidc_records (id, tenant_id, model, key, payload, grant_id, uid, user_id, application_id, expires_at)
values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (tenant_id, model, key) do update set payload = excluded.payload, grant_id = excluded.grant_id,
  uid = excluded.uid, user_id = excluded.user_id, application_id = excluded.application_id,
  expires_at = excluded.expires_at`;

const COLUMNS = `payload, extract(epoch from consumed_at)::float8 as "consumedAt"`;
const FIND = `select ${COLUMNS} from oidc_records
  where tenant_id = $1 and model = $2 and key = $3 and (expires_at is null or expires_at > $4)`;

/** A session here lives as long as the gateway's, whose id is its uid. */
const FIND_BY_SESSION = `select r.payload, null::float8 as "consumedAt"
  from sessions s join oidc_records r on r.tenant_id = $1 and r.uid = $3 and r.model = $2 and r.expires_at > $4
  where s.tenant_id = $1 and s.id = $3::uuid and s.expires_at > $4`;

const CONSUME = `update oidc_records set consumed_at = $4
  where tenant_id = $1 and model = $2 and key = $3 and consumed_at is null returning 1`;
const REVOKE_ALL = `delete from oidc_records r using oidc_records used
  where used.tenant_id = $1 and used.model = $2 and used.key = $3 and r.tenant_id = $1
    and (r.grant_id = used.grant_id or (r.model = 'Grant' and r.uid = used.grant_id))`;
const DESTROY = 'delete from oidc_records where tenant_id = $1 and model = $2 and key = $3';
const REVOKE = 'delete from oidc_records where tenant_id = $1 and model = $2 and grant_id = $3';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Row {
  payload: AdapterPayload;
  consumedAt: number | null;
}

/**
 * What oidc-provider stores of one kind for one tenant. Codes, tokens and cookies are bearer values: the database has
 * their hashes alone, as keys, so that nobody who reads it can use one.
 */
export class Records implements Adapter {
  constructor(
    private readonly context: RecordsContext,
    private readonly tenantId: string,
    private readonly model: string,
  ) {}

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const { clientId, accountId, params } = payload;
    // The id is the bearer value; of an interaction, the address to come back to holds it as well.
    const { jti: _id, returnTo: _address, ...kept } = payload;
    await this.read(UPSERT, [
      v7(),
      this.model,
      hashSecret(id),
      JSON.stringify(kept),
      payload.grantId ?? null,
      this.model === 'Grant' ? id : (payload.uid ?? null),
      uuidOf('User', accountId),
      uuidOf('Application', clientId ?? params?.client_id),
      expiresIn === undefined ? null : new Date(this.context.clock().getTime() + expiresIn * 1000),
    ]);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const [row] = await this.read<Row>(FIND, [this.model, hashSecret(id), this.context.clock()]);
    return row && { ...readRow(row), jti: id };
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    if (!UUID.test(uid)) return undefined;
    const [row] = await this.read<Row>(FIND_BY_SESSION, [this.model, uid, this.context.clock()]);
    return row && readRow(row);
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  /** Serves once, whoever asks at the same moment: what is used again is revoked with all that came of it. */
  async consume(id: string): Promise<void> {
    const key = hashSecret(id);
    const taken = await this.read(CONSUME, [this.model, key, this.context.clock()]);
    if (taken.length) return;
    await this.read(REVOKE_ALL, [this.model, key]);
    throw new errors.InvalidGrant('it was used already');
  }

  async destroy(id: string): Promise<void> {
    await this.read(DESTROY, [this.model, hashSecret(id)]);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.read(REVOKE, [this.model, grantId]);
  }

  private read<Found>(text: string, values: unknown[]): Promise<Found[]> {
    return this.context.database.read<Found>(this.tenantId, text, [this.tenantId, ...values]);
  }
}

function readRow({ payload, consumedAt }: Row): AdapterPayload {
  return consumedAt === null ? payload : { ...payload, consumed: Math.floor(consumedAt) };
}
