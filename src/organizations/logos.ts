import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { type Writer, writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { runSql, transact } from '../database/transact.js';
import type { LogoKind } from '../entities/enums.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, Faults, fault, refuseFaults, UserErrorCode } from '../faults.js';
import type { LogoContent } from './logo-content.js';
import { lockOrganization } from './update-organization.js';
import { writeOrganization } from './write-organization.js';

interface LogoAddress {
  organizationId: string;
  expectedVersion?: number | null;
  kind: LogoKind;
}

/** Either an address or a picture. */
export interface SetLogo extends LogoAddress {
  url?: string | null;
  upload?: { content: string } | null;
}

/** A logo as events tell of it: never the picture itself. */
interface ToldLogo {
  kind: LogoKind;
  url: string | null;
  sha256: string | null;
}

/** Sets a logo. The same again changes nothing. Throws Faults: NOT_FOUND, STALE_VERSION, REQUIRED, INVALID, TOO_LONG. */
export async function setLogo(context: OperationContext, input: SetLogo): Promise<void> {
  const { kind } = input;
  const read = await readLogo(input);
  await changeLogos(context, 'organizationLogoSet', input, async (manager, { tenantId, at }) => {
    const { url, content } = read;
    await runSql(
      manager,
      `insert into organization_logos (id, tenant_id, organization_id, kind, url, media_type, content, digest, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (tenant_id, organization_id, kind) do update
       set url = excluded.url, media_type = excluded.media_type, content = excluded.content, digest = excluded.digest,
         updated_at = excluded.updated_at
       where (organization_logos.url, organization_logos.digest) is distinct from (excluded.url, excluded.digest)`,
      [
        ...[v7(), tenantId, input.organizationId, kind, url],
        ...[content?.mediaType ?? null, content?.content ?? null, content?.digest ?? null, at],
      ],
    );
  });
}

/** Takes a logo away. Where there is none, nothing changes. Throws Faults: NOT_FOUND, STALE_VERSION. */
export async function removeLogo(context: OperationContext, input: LogoAddress): Promise<void> {
  await changeLogos(context, 'organizationLogoRemove', input, async (manager, { tenantId }) => {
    await runSql(
      manager,
      'delete from organization_logos where tenant_id = $1 and organization_id = $2 and kind = $3',
      [tenantId, input.organizationId, input.kind],
    );
  });
}

async function changeLogos(
  context: OperationContext,
  via: string,
  { organizationId, expectedVersion }: LogoAddress,
  change: (manager: EntityManager, writer: Writer) => Promise<void>,
): Promise<void> {
  const writer = writerOf(context, via);
  await transact(context.database, writer.tenantId, async (manager) => {
    const organization = await lockOrganization(manager, organizationId);
    refuseFaults([checkVersion(expectedVersion, organization.version)]);
    const before = await readTold(manager, writer.tenantId, organizationId);
    await change(manager, writer);
    const after = await readTold(manager, writer.tenantId, organizationId);
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    await writeOrganization(manager, writer, organization);
    const about = { organizationId, objectId: organizationId };
    await recordEvents(manager, writer, [
      { type: 'organization.updated', ...about, before: { logos: before }, after: { logos: after } },
    ]);
  });
}

function readTold(manager: EntityManager, tenantId: string, organizationId: string): Promise<ToldLogo[]> {
  return runSql<ToldLogo>(
    manager,
    `select kind, url, digest as sha256 from organization_logos where tenant_id = $1 and organization_id = $2 order by kind`,
    [tenantId, organizationId],
  );
}

async function readLogo({ url, upload }: SetLogo): Promise<{ url: string | null; content: LogoContent | null }> {
  if (Boolean(url) === Boolean(upload)) {
    throw new Faults([fault(UserErrorCode.REQUIRED, 'Give either url or upload.', 'url')]);
  }
  if (url) {
    const message = 'url is an https address of at most 2048 characters, without a user or password.';
    refuseFaults([!isUsableUrl(url) && fault(UserErrorCode.INVALID, message, 'url')]);
    return { url: new URL(url).href, content: null };
  }
  // What cleans SVG takes its time to load.
  const { readLogoContent } = await import('./logo-content.js');
  const content = readLogoContent(upload!.content);
  if ('code' in content) throw new Faults([content]);
  return { url: null, content };
}

function isUsableUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && !url.username && !url.password && url.href.length <= 2048;
}
