import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../database/transact.js';
import { type MfaRule, NameSource, NameStatus, type OrganizationStatus } from '../entities/enums.js';
import { checkText, type Fault, fault, UserErrorCode } from '../faults.js';
import { readCustomData } from './custom-data.js';

/** What is edited of an organization beside its identifiers. What is absent stays; null clears where that can be. */
export interface OrganizationSettings {
  name?: string | null;
  slug?: string | null;
  description?: string | null;
  /** A JSON object; it comes as whatever JSON was sent. */
  customData?: unknown;
  primaryColor?: string | null;
  darkPrimaryColor?: string | null;
  isMfaRequired?: boolean | null;
  mfaRule?: MfaRule | null;
  status?: OrganizationStatus | null;
}

/** Settings in the form that is stored: those that were given. */
export interface ReadSettings {
  name?: string;
  nameStatus?: NameStatus;
  nameSource?: NameSource;
  nameLookupAt?: Date | null;
  completionUserId?: string | null;
  slug?: string;
  description?: string | null;
  /** JSON text. */
  customData?: string;
  primaryColor?: string | null;
  darkPrimaryColor?: string | null;
  isMfaRequired?: boolean;
  mfaRule?: MfaRule;
  status?: OrganizationStatus;
}

const COLOR = /^#[0-9a-f]{6}$/;
/** As the check of the column `organizations.slug`. */
const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Reads settings, and says everything that is wrong with them: one fault a field. */
export function readSettings(input: OrganizationSettings): { settings: ReadSettings; faults: Fault[] } {
  const settings: ReadSettings = {};
  const faults: Fault[] = [];
  const note = (found: Fault | null): boolean => {
    if (found) faults.push(found);
    return found === null;
  };
  const { name, slug, description, customData, isMfaRequired, mfaRule, status } = input;
  if (note(checkText(name, { isRequired: true, longest: 128 }, 'name')) && name)
    Object.assign(settings, confirmedName(name, NameSource.ADMINISTRATOR));
  if (slug !== undefined && note(checkSlug(slug))) settings.slug = slug!;
  if (note(checkText(description, { longest: 256 }, 'description')) && description !== undefined)
    settings.description = description?.trim() || null;
  if (customData !== undefined) {
    const read = readCustomData(customData, 'customData');
    if ('fault' in read) faults.push(read.fault);
    else settings.customData = read.text;
  }
  for (const field of ['primaryColor', 'darkPrimaryColor'] as const) {
    const color = input[field]?.toLowerCase();
    const isUsable = color === undefined || COLOR.test(color);
    if (!isUsable) faults.push(fault(UserErrorCode.INVALID, `${field} is a color such as #1a73e8.`, field));
    else if (input[field] !== undefined) settings[field] = color ?? null;
  }
  const isCleared = (field: string) => fault(UserErrorCode.REQUIRED, `${field} cannot be cleared.`, field);
  if (isMfaRequired === null) faults.push(isCleared('isMfaRequired'));
  else if (isMfaRequired !== undefined) settings.isMfaRequired = isMfaRequired;
  if (mfaRule === null) faults.push(isCleared('mfaRule'));
  else if (mfaRule) settings.mfaRule = mfaRule;
  if (status === null) faults.push(isCleared('status'));
  else if (status) settings.status = status;
  return { settings, faults };
}

function checkSlug(slug: string | null): Fault | null {
  if (!slug) return fault(UserErrorCode.REQUIRED, 'slug cannot be empty.', 'slug');
  if (slug.length > 63) return fault(UserErrorCode.TOO_LONG, 'slug is at most 63 characters.', 'slug');
  if (SLUG.test(slug)) return null;
  const rule = 'slug is lower-case letters and digits of ASCII, with hyphens between them.';
  return fault(UserErrorCode.INVALID, rule, 'slug');
}

/** A name that a person gives is sure: it is never looked up or overwritten again. */
export function confirmedName(name: string, nameSource: NameSource) {
  return {
    name: name.trim(),
    nameStatus: NameStatus.CONFIRMED,
    nameSource,
    nameLookupAt: null as Date | null,
    completionUserId: null as string | null,
  };
}

/** That the slug is another organization's. Who comes second at the same moment is stopped by the constraint. */
export async function findTakenSlug(manager: EntityManager, tenantId: string, slug: string): Promise<Fault | null> {
  const taken = await runSql(manager, 'select id from organizations where tenant_id = $1 and slug = $2', [
    tenantId,
    slug,
  ]);
  return taken.length ? takenSlug(slug) : null;
}

export function takenSlug(slug: string): Fault {
  return fault(UserErrorCode.TAKEN, `Another organization has the slug ${slug}.`, 'slug');
}

/**
 * That no second factor is enabled in the tenant, so nobody could meet the requirement. The tenant's row is locked
 * against changes until the transaction ends.
 */
export async function findMissingFactors(manager: EntityManager, tenantId: string): Promise<Fault | null> {
  const [tenant] = await runSql<{ count: number }>(
    manager,
    'select cardinality(mfa_factors) as count from tenants where id = $1 for share',
    [tenantId],
  );
  if (tenant!.count) return null;
  const reason = 'The tenant takes no second factor of any kind: enable one first, with tenantUpdate(mfaFactors).';
  return fault(UserErrorCode.NO_FACTOR_ENABLED, reason, 'isMfaRequired');
}
