import type { OperationContext } from '../context.js';
import { CONNECTION_SETTINGS } from '../database/loaders/connections.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { fault, Faults, refuseFaults, UserErrorCode } from '../faults.js';
import { findForbiddenAddress } from '../outbound.js';
import { Refusal } from '../sso/refusal.js';
import type { Providers } from './provider.js';

/**
 * Reads the provider's metadata afresh and compares it with the settings of the connection. Throws Faults
 * PROVIDER_UNUSABLE with the reason, for an administrator to act upon.
 */
export async function testConnection(
  { database, tenant, providers, log }: OperationContext & { providers: Providers },
  id: string,
): Promise<{ issuer: string; warnings: string[] }> {
  const [connection] = await database.read<ConnectionSettings>(
    tenant.id,
    `select ${CONNECTION_SETTINGS} from connections c where c.tenant_id = $1 and c.id = $2`,
    [tenant.id, id],
  );
  refuseFaults([!connection && fault(UserErrorCode.NOT_FOUND, 'There is no such connection.', 'id')]);
  try {
    const metadata = (await providers.discover(connection!)).serverMetadata();
    return { issuer: metadata.issuer, warnings: findMismatches(connection!, metadata) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { slug } = connection!;
    const reason = error.reason ?? error.message;
    const forbidden = findForbiddenAddress(error);
    // What the names of the operator's network stand for is for the log alone.
    if (forbidden) log.warn({ connection: slug, reason }, 'a provider is not at a public address');
    const message = forbidden
      ? `The provider cannot be used: ${forbidden.host} is not at a public address. The operator can allow it (ALLOWED_PRIVATE_ADDRESSES).`
      : `The provider cannot be used: ${reason}. Check issuer and that its discovery document can be reached from here.`;
    throw new Faults([fault(UserErrorCode.PROVIDER_UNUSABLE, message, 'id')]);
  }
}

type Metadata = Awaited<ReturnType<Providers['discover']>> extends { serverMetadata(): infer Read } ? Read : never;

function findMismatches(connection: ConnectionSettings, metadata: Metadata): string[] {
  const lacks = (supported: unknown, wanted: string) => Array.isArray(supported) && !supported.includes(wanted);
  const { clientAuthentication, idTokenAlgorithm, userinfoAlgorithm, usesPkce, scopes } = connection;
  return [
    lacks(metadata.id_token_signing_alg_values_supported, idTokenAlgorithm) &&
      `The provider does not sign ID tokens with ${idTokenAlgorithm}.`,
    userinfoAlgorithm &&
      lacks(metadata.userinfo_signing_alg_values_supported, userinfoAlgorithm) &&
      `The provider does not sign userinfo with ${userinfoAlgorithm}.`,
    lacks(metadata.token_endpoint_auth_methods_supported, clientAuthentication.toLowerCase()) &&
      `The provider does not take ${clientAuthentication}.`,
    usesPkce &&
      lacks(metadata.code_challenge_methods_supported, 'S256') &&
      'The provider does not take PKCE challenges (S256).',
    ...scopes.map(
      (scope) => lacks(metadata.scopes_supported, scope) && `The provider does not know the scope ${scope}.`,
    ),
    !metadata.end_session_endpoint && 'The provider has no logout: people stay signed in there.',
    !metadata.userinfo_endpoint && 'The provider has no userinfo: claims come from the ID token alone.',
  ].filter((warning): warning is string => typeof warning === 'string');
}
