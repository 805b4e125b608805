import { ConfirmationMode, DuplicateMode, FlowAuthorization, MatchPolicy, SourceMode } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import type { KnownPerson, Linking, PetitionState } from './state.js';

/** What becomes of a petition whose person is known, or is not. */
export type Recognition = 'NEW' | 'ATTACH' | 'SAME' | 'LINK' | 'DUPLICATE' | 'MERGE' | 'NEW_ROLE' | 'CONFLICT';

/**
 * What a petition does with somebody who signed in, or has the proven address (COmanage's collectIdentifier):
 *
 * - nobody: NEW; the enrollee that was chosen: SAME; somebody else than who was chosen: CONFLICT, for an administrator;
 * - another account than that of who was chosen, which has nothing but its logins: LINK, where {@link mayLink};
 * - an account that is in no organization: a newcomer's, ATTACH;
 * - somebody enrolled: as the flow's duplicate mode says. Who is in the organization already is a duplicate for
 *   NEW_ROLE_OTHER_ORGANIZATION.
 */
export function recognize(
  flow: FlowSettings,
  state: Pick<PetitionState, 'enrolleeUserId' | 'progress'>,
  known: KnownPerson | null,
  linking: Linking | null = null,
): Recognition {
  if (state.enrolleeUserId) {
    if (!known || known.userId === state.enrolleeUserId) return 'SAME';
    return known.via === 'LOGIN' && linking && mayLink(flow, state, linking) ? 'LINK' : 'CONFLICT';
  }
  if (!known) return 'NEW';
  if (!known.isEnrolled) return 'ATTACH';
  switch (flow.duplicateMode) {
    case DuplicateMode.MERGE:
      return 'MERGE';
    case DuplicateMode.NEW_ROLE:
      return 'NEW_ROLE';
    case DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION:
      return known.isMember ? 'DUPLICATE' : 'NEW_ROLE';
    case DuplicateMode.FLAG:
      return 'DUPLICATE';
  }
}

/**
 * Whether a flow is for giving the enrollee who was chosen another login: they, or administrators of the tenant, start it,
 * and the account that signs in confirms on a page that asks. No source says who that is.
 */
export function linksLogins(flow: FlowSettings): boolean {
  const { match, authorization, confirmation, requiresAuthentication, sources } = flow;
  const isVouchedFor = match === MatchPolicy.SELECT && authorization === FlowAuthorization.TENANT_ADMINISTRATOR;
  const asks = confirmation === ConfirmationMode.REVIEW || confirmation === ConfirmationMode.SKIP_IF_VERIFIED;
  const identifies = sources.some(({ mode }) => mode === SourceMode.IDENTIFY);
  return requiresAuthentication && asks && !identifies && (match === MatchPolicy.SELF || isVouchedFor);
}

/**
 * Whether the account that confirms is one person's with the enrollee: who has the link has the enrollee's proven address,
 * and is signed in to an account of which nothing is lost; and the enrollee has started it by a recent sign-in, with a
 * second factor if they have one, or an administrator of the tenant has, for somebody who has none.
 */
function mayLink(flow: FlowSettings, { progress }: Pick<PetitionState, 'progress'>, linking: Linking): boolean {
  const { isBare, isMailedToEnrollee, hasFactor } = linking;
  const isProven = hasFactor
    ? progress.ownProof === 'FACTOR'
    : flow.match === MatchPolicy.SELECT || progress.ownProof !== undefined;
  return linksLogins(flow) && isBare && isMailedToEnrollee && isProven;
}

/** Whether a link can be mailed to an address that is proven: it then proves who has the link, rather than the address. */
export function reusesVerifiedAddress(flow: FlowSettings): boolean {
  return addsRole(flow) || linksLogins(flow);
}

/** NEW_ROLE modes enroll somebody who is known on purpose, so an address that is verified already will do. */
export function addsRole({ duplicateMode }: Pick<FlowSettings, 'duplicateMode'>): boolean {
  return duplicateMode === DuplicateMode.NEW_ROLE || duplicateMode === DuplicateMode.NEW_ROLE_OTHER_ORGANIZATION;
}
