import { randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import { toGlobalId, uuidOf } from '../../database/loaders/ids.js';
import { ApplicationKind } from '../../entities/enums.js';
import { Records, type RecordsContext } from './records.js';
import { TOKEN_EXCHANGE } from './scopes.js';

interface Row {
  name: string;
  kind: ApplicationKind;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
}

const FIND = `
select name, kind, to_json(redirect_uris) as "redirectUris", to_json(post_logout_redirect_uris) as "postLogoutRedirectUris"
from applications where tenant_id = $1 and id = $2 and status = 'ENABLED'`;

const GRANTS: Record<ApplicationKind, string[]> = {
  [ApplicationKind.MACHINE]: ['client_credentials', TOKEN_EXCHANGE],
  [ApplicationKind.WEB]: ['authorization_code', 'refresh_token', TOKEN_EXCHANGE],
  [ApplicationKind.BROWSER]: ['authorization_code', 'refresh_token'],
  [ApplicationKind.NATIVE]: ['authorization_code', 'refresh_token'],
};

/** oidc-provider wants to be told a secret. Secrets are stored hashed, and it compares by `verifyApplicationSecret`. */
const NO_SECRET = randomBytes(32).toString('base64url');

/** The applications of a tenant as clients of its provider, read anew each time: a disabled one is none at once. */
export class Clients extends Records {
  constructor(
    private readonly reading: RecordsContext,
    private readonly tenant: string,
  ) {
    super(reading, tenant, 'Client');
  }

  override async find(clientId: string): Promise<AdapterPayload | undefined> {
    const id = uuidOf('Application', clientId);
    if (!id) return undefined;
    const [row] = await this.reading.database.read<Row>(this.tenant, FIND, [this.tenant, id]);
    if (!row) return undefined;
    const { name, kind, redirectUris, postLogoutRedirectUris } = row;
    const isMachine = kind === ApplicationKind.MACHINE;
    const hasSecret = isMachine || kind === ApplicationKind.WEB;
    return {
      client_id: toGlobalId('Application', id),
      client_name: name,
      application_type: kind === ApplicationKind.NATIVE ? 'native' : 'web',
      token_endpoint_auth_method: hasSecret ? 'client_secret_basic' : 'none',
      ...(hasSecret ? { client_secret: NO_SECRET } : {}),
      grant_types: GRANTS[kind],
      // One that has no address to come back to yet signs nobody in.
      response_types: redirectUris.length ? ['code'] : [],
      redirect_uris: redirectUris,
      post_logout_redirect_uris: postLogoutRedirectUris,
    };
  }
}
