import { sessionOf } from '../actor.js';
import type { InvitationRow } from '../database/loaders/rows.js';
import { EmailAddress } from '../entities/email-address.js';
import type { GraphQLContext } from './graphql-context.js';

/** The caller's own verified address, as addresses are compared; null for tokens, and for those who have none. */
export async function verifiedAddressOf(context: GraphQLContext): Promise<string | null> {
  const session = sessionOf(context);
  const user = session && (await context.loaders.users.byId(context.tenant.id, session.userId));
  return user?.isEmailVerified ? (EmailAddress.parse(user.email)?.normalized ?? null) : null;
}

/** Whether the invitation is for the caller: for the verified address of theirs. */
export async function isInvitee(
  context: GraphQLContext,
  { emailNormalized }: Pick<InvitationRow, 'emailNormalized'>,
): Promise<boolean> {
  return (await verifiedAddressOf(context)) === emailNormalized;
}
