import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import { brokenConstraint, runSql } from '../database/transact.js';
import { foldText } from '../entities/fold-text.js';
import type { Organization } from '../entities/organization.js';
import { Faults } from '../faults.js';
import { type ReadSettings, takenSlug } from './settings.js';

/** The constraint that gives every organization of a tenant a slug of its own. */
export const SLUG_CONSTRAINT = 'organizations_slug_key';

/** One statement for every edit, so that it stays prepared. */
const UPDATE = `update organizations set
  name = $3, name_status = $4, name_source = $5, name_lookup_at = $6, completion_user_id = $7, search_text = $8,
  slug = $9, description = $10, primary_color = $11, dark_primary_color = $12, is_mfa_required = $13, mfa_rule = $14,
  status = $15, custom_data = coalesce($16::json, custom_data), updated_at = $17, version = version + 1
  where tenant_id = $1 and id = $2`;

/**
 * Writes the changes of an organization that is locked, and counts its version on: also where what changed is beside
 * its row (identifiers, logos). Throws Faults: TAKEN, for a slug that somebody took at the same moment.
 */
export async function writeOrganization(
  manager: EntityManager,
  { tenantId, at }: Writer,
  organization: Organization,
  changes: ReadSettings = {},
): Promise<void> {
  const next = { ...organization, ...changes };
  try {
    await runSql(manager, UPDATE, [
      tenantId,
      organization.id,
      next.name,
      next.nameStatus,
      next.nameSource,
      next.nameLookupAt ?? null,
      next.completionUserId ?? null,
      foldText(next.name),
      next.slug,
      next.description ?? null,
      next.primaryColor ?? null,
      next.darkPrimaryColor ?? null,
      next.isMfaRequired,
      next.mfaRule,
      next.status,
      changes.customData ?? null,
      at,
    ]);
  } catch (error) {
    if (brokenConstraint(error) === SLUG_CONSTRAINT) throw new Faults([takenSlug(next.slug)]);
    throw error;
  }
}
