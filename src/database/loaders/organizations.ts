import { IdentifierScheme, type LogoKind, type NameStatus, type OrganizationStatus } from '../../entities/enums.js';
import { foldText } from '../../entities/fold-text.js';
import { OrganizationOrder } from '../../entities/organization-order.js';
import { createBatch, indexBy } from '../batch.js';
import type { Database } from '../database.js';
import { toGlobalId } from './ids.js';
import { type Page, type PageRequest, readPage } from './page.js';
import type { IdentifierRow, LogoRow, OrganizationRow } from './rows.js';
import { addTo } from './where.js';

/** The columns of an organization `o`, named as the properties of its row. */
export const ORGANIZATION_COLUMNS = `
  o.id as uuid, o.name, o.name_status as "nameStatus", o.name_source as "nameSource", o.slug, o.description, o.status,
  o.primary_color as "primaryColor", o.dark_primary_color as "darkPrimaryColor", o.is_mfa_required as "isMfaRequired",
  o.mfa_rule as "mfaRule",
  o.needs_administrator as "needsAdministrator", o.completion_user_id as "completionUserId",
  o.created_at as "createdAt", o.updated_at as "updatedAt", o.version`;

export interface OrganizationFilter {
  search?: string | null;
  identifier?: { scheme: IdentifierScheme; value: string } | null;
  siren?: string | null;
  status?: OrganizationStatus | null;
  nameStatus?: NameStatus | null;
  needsAdministrator?: boolean | null;
}

/** Organizations one by one, by an identifier, and as a list. */
export function createOrganizationLoaders(database: Database) {
  const byId = createBatch<OrganizationRow>(async ({ tenantId }, ids) => {
    const rows = await database.read<OrganizationRow>(
      tenantId,
      `select ${ORGANIZATION_COLUMNS} from organizations o where o.tenant_id = $1 and o.id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return indexBy(rows.map(toOrganizationRow), ({ uuid }) => uuid);
  });

  const identifiers = createBatch<IdentifierRow[]>(async ({ tenantId }, ids) => {
    const rows = await database.read<IdentifierRow>(
      tenantId,
      `select organization_id as "organizationUuid", scheme, value from organization_identifiers
       where tenant_id = $1 and organization_id = any($2::uuid[]) order by scheme, value`,
      [tenantId, ids],
    );
    return Map.groupBy(rows, ({ organizationUuid }) => organizationUuid);
  });

  /** As much as 64 KiB each: read where it is asked for. */
  const customData = createBatch<Record<string, unknown>>(async ({ tenantId }, ids) => {
    const rows = await database.read<{ id: string; text: string }>(
      tenantId,
      `select id, custom_data::text as text from organizations where tenant_id = $1 and id = any($2::uuid[])`,
      [tenantId, ids],
    );
    return new Map(rows.map(({ id, text }) => [id, JSON.parse(text) as Record<string, unknown>]));
  });

  const logos = createBatch<LogoRow[]>(async ({ tenantId }, ids) => {
    const rows = await database.read<LogoRow>(
      tenantId,
      `select organization_id as "organizationUuid", kind, url, media_type as "mediaType", digest,
         updated_at as "updatedAt"
       from organization_logos where tenant_id = $1 and organization_id = any($2::uuid[]) order by kind`,
      [tenantId, ids],
    );
    return Map.groupBy(rows, ({ organizationUuid }) => organizationUuid);
  });

  return {
    byId,
    identifiers,
    customData,
    logos,
    async bySlug(tenantId: string, slug: string): Promise<OrganizationRow | undefined> {
      const rows = await database.read<OrganizationRow>(
        tenantId,
        `select ${ORGANIZATION_COLUMNS} from organizations o where o.tenant_id = $1 and o.slug = $2`,
        [tenantId, slug],
      );
      return rows.map(toOrganizationRow)[0];
    },
    /** An uploaded logo; its content is left out when it is the one that is known already, by its digest. */
    async logo(
      tenantId: string,
      organizationUuid: string,
      kind: LogoKind,
      knownDigest: string | null,
    ): Promise<{ mediaType: string; digest: string; content: Uint8Array | null } | undefined> {
      const rows = await database.read<{ mediaType: string; digest: string; content: Uint8Array | null }>(
        tenantId,
        `select media_type as "mediaType", digest, case when digest = $4 then null else content end as content
         from organization_logos
         where tenant_id = $1 and organization_id = $2 and kind = $3 and digest is not null`,
        [tenantId, organizationUuid, kind, knownDigest ?? ''],
      );
      return rows[0];
    },
    async byIdentifier(
      tenantId: string,
      scheme: IdentifierScheme,
      value: string,
    ): Promise<OrganizationRow | undefined> {
      const rows = await database.read<OrganizationRow>(
        tenantId,
        `select ${ORGANIZATION_COLUMNS} from organization_identifiers x
         join organizations o on o.tenant_id = x.tenant_id and o.id = x.organization_id
         where x.tenant_id = $1 and x.scheme = $2 and x.value = $3`,
        [tenantId, scheme, value],
      );
      return rows.map(toOrganizationRow)[0];
    },
    page,
  };

  /** Those among `visibleIds`, or all of the tenant when that is null. */
  function page(
    tenantId: string,
    visibleIds: string[] | null,
    filter: OrganizationFilter,
    order: OrganizationOrder,
    request: PageRequest,
  ): Promise<Page<OrganizationRow>> {
    const values: unknown[] = [tenantId];
    const conditions = ['o.tenant_id = $1'];
    const where = addTo(conditions, values);
    if (visibleIds) where((ids) => `o.id = any(${ids}::uuid[])`, visibleIds);
    if (filter.search)
      where((patterns) => `o.search_document like any(${patterns}::text[])`, searchPatterns(filter.search));
    if (filter.siren) where((siren) => hasIdentifier(`x.siren = ${siren}`), filter.siren);
    if (filter.identifier) {
      const { scheme, value } = filter.identifier;
      where((parameter) => hasIdentifier(`x.scheme = '${IdentifierScheme[scheme]}' and x.value = ${parameter}`), value);
    }
    if (filter.status) where((status) => `o.status = ${status}`, filter.status);
    if (filter.nameStatus) where((status) => `o.name_status = ${status}`, filter.nameStatus);
    if (typeof filter.needsAdministrator === 'boolean') {
      where((flag) => `o.needs_administrator = ${flag}`, filter.needsAdministrator);
    }
    return readPage(database, tenantId, request, {
      columns: ORGANIZATION_COLUMNS,
      table: 'organizations o',
      where: conditions.join(' and '),
      values,
      // Members of few organizations name them: those alone are judged.
      inOrder: Boolean(filter.search) && !visibleIds,
      ...(order === OrganizationOrder.NAME ? { sortBy: 'o.search_text' } : {}),
      map: toOrganizationRow,
    });
  }
}

function hasIdentifier(condition: string): string {
  return `exists (select 1 from organization_identifiers x where x.tenant_id = o.tenant_id and x.organization_id = o.id and ${condition})`;
}

/** `%text%`, with the signs that LIKE reads made plain; of a number written with spaces, also the one without. */
function searchPatterns(text: string): string[] {
  const folded = foldText(text);
  const forms = /^[\d ]+$/.test(folded) ? [folded, folded.replaceAll(' ', '')] : [folded];
  return [...new Set(forms)].map((form) => `%${form.replace(/[\\%_]/g, '\\$&')}%`);
}

function toOrganizationRow(row: OrganizationRow): OrganizationRow {
  return Object.assign(row, { __typename: 'Organization' as const, id: toGlobalId('Organization', row.uuid) });
}

/** An organization that a statement gave as JSON of its columns: there, times have an offset where rows have a Z. */
export function readOrganizationJson(json: Record<string, unknown>): OrganizationRow {
  const { createdAt, updatedAt, ...rest } = json as unknown as OrganizationRow;
  const read = (text: string) => text.replace('+00:00', 'Z');
  return toOrganizationRow({ ...rest, createdAt: read(createdAt), updatedAt: read(updatedAt) });
}
