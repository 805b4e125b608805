import type { OperationContext } from '../context.js';
import { transact } from '../database/transact.js';
import { EmailAddress } from '../entities/email-address.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';
import { decideJit, type JitDecision } from '../memberships/jit/decide.js';
import { toAsciiDomain } from '../memberships/jit/email-domain.js';
import { findJitRulesForPreview } from '../memberships/jit/find-rules.js';

/** A person who would come in for the first time. Ids are uuids. */
export interface JitPreviewInput {
  /** The rules of this organization alone; null: of the whole tenant. */
  organizationId: string | null;
  connectionId: string | null;
  email: string | null;
  isEmailVerified: boolean;
}

/**
 * What just-in-time rules would do for a new person, and why others would not: by the same reading and the same decision
 * as a sign-in. Writes nothing. Throws Faults: INVALID.
 */
export async function previewJit(
  { database, tenant }: OperationContext,
  { organizationId, connectionId, email, isEmailVerified }: JitPreviewInput,
): Promise<JitDecision> {
  const address = EmailAddress.parse(email);
  refuseFaults([email !== null && !address && fault(UserErrorCode.INVALID, 'email is an email address.', 'email')]);
  const emailDomain = address && toAsciiDomain(address.domain);
  const rules = await transact(database, tenant.id, (manager) =>
    findJitRulesForPreview(manager, tenant.id, { organizationId, connectionId, emailDomain }),
  );
  const { joins, passedOver } = decideJit(rules, { isCreated: true, emailDomain, isEmailVerified });
  const isShown = (rule: { organizationId: string }) => !organizationId || rule.organizationId === organizationId;
  return { joins: joins.filter(isShown), passedOver: passedOver.filter(isShown) };
}
