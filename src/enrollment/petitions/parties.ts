import { timingSafeEqual } from 'node:crypto';
import type { Viewer } from '../../context.js';
import { BuiltInRole, PetitionParty } from '../../entities/enums.js';
import type { PetitionTokens } from './locked-petition.js';

/** Who is calling: with an account, with the token of a petition, with both or neither. */
export interface Caller {
  viewer: Viewer | null;
  /** The hash of the token that came with the request. */
  petitionTokenHash: string | null;
}

/** What decides about who somebody is to a petition. Ids are uuids. */
export interface PetitionPlace extends PetitionTokens {
  petitionerUserId: string | null;
  enrolleeUserId: string | null;
  organizationId: string | null;
}

/**
 * What the caller is to a petition, apart from approving it: its petitioner and its enrollee, by their session or by the
 * token of the petition (compared in constant time), and an administrator of the tenant or of the organization that it
 * leads to. Nothing: they may not know of it.
 */
export function partiesOf({ viewer, petitionTokenHash }: Caller, petition: PetitionPlace, now: Date): PetitionParty[] {
  const userId = viewer?.sessionId ? viewer.userId : null;
  const { organizationId } = petition;
  const roles = organizationId ? viewer?.rolesByOrganization.get(organizationId) : undefined;
  const isAdministrator = Boolean(viewer?.isTenantAdministrator || roles?.includes(BuiltInRole.ADMINISTRATOR));
  const parties: [PetitionParty, boolean][] = [
    [
      PetitionParty.PETITIONER,
      isSame(userId, petition.petitionerUserId) ||
        opens(petitionTokenHash, petition.petitionerTokenHash, petition.petitionerTokenExpiresAt, now),
    ],
    [
      PetitionParty.ENROLLEE,
      isSame(userId, petition.enrolleeUserId) ||
        opens(petitionTokenHash, petition.enrolleeTokenHash, petition.enrolleeTokenExpiresAt, now),
    ],
    [PetitionParty.ADMINISTRATOR, isAdministrator],
  ];
  return parties.filter(([, isOne]) => isOne).map(([party]) => party);
}

function isSame(one: string | null, other: string | null): boolean {
  return one !== null && one === other;
}

function opens(given: string | null, hash: string | null, expiresAt: Date | string | null, now: Date): boolean {
  if (!given || !hash || !expiresAt || new Date(expiresAt) <= now) return false;
  const [left, right] = [Buffer.from(given), Buffer.from(hash)];
  return left.length === right.length && timingSafeEqual(left, right);
}
