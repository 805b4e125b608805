import type { Database } from '../database.js';
import { createBatch, indexBy } from '../batch.js';
import { toGlobalId } from './ids.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { ConnectionRow } from './rows.js';

/** The columns of a connection under the names of {@link ConnectionSettings}; `c` is the table. */
export const CONNECTION_SETTINGS = `
  c.id, c.slug, c.name, c.preset, c.status, c.issuer, c.client_id as "clientId",
  c.sealed_client_secret as "sealedClientSecret", c.client_authentication as "clientAuthentication",
  c.id_token_algorithm as "idTokenAlgorithm", c.userinfo_algorithm as "userinfoAlgorithm", c.scopes,
  c.uses_pkce as "usesPkce", c.required_acr as "requiredAcr", c.required_amr as "requiredAmr", c.mfa_acr as "mfaAcr",
  c.redirect_uris as "redirectUris", c.claim_names as "claimNames", c.create_users as "createUsers",
  c.create_organizations as "createOrganizations", c.moderated_signup as "moderatedSignup",
  c.email_trust as "emailTrust", c.email_domains as "emailDomains",
  c.organization_authority as "organizationAuthority", c.organization_scheme as "organizationScheme",
  c.allowed_idps as "allowedIdps", c.missing_organization as "missingOrganization", c.completion,
  c.default_organization_name as "defaultOrganizationName",
  c.grants_administrator_to_leader as "grantsAdministratorToLeader", c.session_minutes as "sessionMinutes", c.version`;

const COLUMNS = `c.id as uuid, ${CONNECTION_SETTINGS}, c.created_at as "createdAt", c.updated_at as "updatedAt"`;

/** Connections one by one, and as a list. `isAdministrator` shows those that are disabled, too. */
export function createConnectionLoaders(database: Database) {
  const byId = createBatch<ConnectionRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<ConnectionRow>(
      tenantId,
      `select ${COLUMNS} from connections c where c.tenant_id = $1 and c.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toConnectionRow), ({ uuid }) => uuid);
  });

  return {
    byId,
    async bySlug(tenantId: string, slug: string): Promise<ConnectionRow | undefined> {
      if (!/^[a-z0-9-]{1,63}$/.test(slug)) return undefined;
      const rows = await database.read<ConnectionRow>(
        tenantId,
        `select ${COLUMNS} from connections c where c.tenant_id = $1 and c.slug = $2`,
        [tenantId, slug],
      );
      return rows.map(toConnectionRow)[0];
    },
    page(tenantId: string, isAdministrator: boolean, request: PageRequest): Promise<Page<ConnectionRow>> {
      return readPage(database, tenantId, request, {
        columns: COLUMNS,
        table: 'connections c',
        where: `c.tenant_id = $1 and ($2 or c.status = 'ENABLED')`,
        values: [tenantId, isAdministrator],
        map: toConnectionRow,
      });
    },
  };
}

function toConnectionRow(row: ConnectionRow): ConnectionRow {
  return Object.assign(row, { __typename: 'Connection' as const, id: toGlobalId('Connection', row.uuid) });
}
