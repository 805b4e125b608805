import { writerOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { transact } from '../../database/transact.js';
import { recordEvents } from '../../events/record.js';
import { fault, refuseFaults, UserErrorCode } from '../../faults.js';
import { askForProof, type ProofAnswer, recordName, recordValue, type ResolveTxt } from './proof.js';
import { readDomain } from './read-domain.js';
import { settleFound } from './settle.js';

export type DomainContext = OperationContext & { resolveTxt: ResolveTxt };

interface Rule {
  id: string;
  domain: string;
  proof: string;
}

/**
 * Asks DNS now whether the record that proves a domain is there; then the rule about it counts. A proof that was there
 * before is not taken back here: that needs more than one look. Throws Faults: NOT_FOUND, INVALID, PROOF_MISSING,
 * DNS_UNAVAILABLE.
 */
export async function verifyDomain(
  context: DomainContext,
  input: { organizationId: string; domain: string },
): Promise<void> {
  const { database, resolveTxt } = context;
  const writer = writerOf(context, 'organizationJitEmailDomainVerify');
  const { tenantId } = writer;
  const read = readDomain(input.domain);
  refuseFaults(['reason' in read && fault(UserErrorCode.INVALID, read.reason, 'domain')]);
  const [rule] = await database.read<Rule>(
    tenantId,
    'select id, domain, proof from organization_jit_domains where tenant_id = $1 and organization_id = $2 and domain = $3',
    [tenantId, input.organizationId, 'domain' in read ? read.domain : null],
  );
  refuseFaults([!rule && missing()]);
  refuseFaults([explain(await askForProof(resolveTxt, rule!), rule!)]);
  await transact(database, tenantId, async (manager) => {
    const found = await settleFound(manager, writer, rule!);
    refuseFaults([!found && missing()]);
    await recordEvents(manager, writer, found!.facts);
  });
}

const missing = () => fault(UserErrorCode.NOT_FOUND, 'There is no rule about this domain.', 'domain');

/** What to do when the record is not found; null when it is. */
function explain(answer: ProofAnswer, { domain, proof }: Rule) {
  if (answer === 'FOUND') return null;
  if (answer === 'UNKNOWN') {
    return fault(UserErrorCode.DNS_UNAVAILABLE, 'DNS could not be asked: nothing has changed. Try again.', 'domain');
  }
  const state = answer === 'OTHER' ? 'has another value' : 'is not there';
  const publish = `Publish a TXT record of the name ${recordName(domain)} with the value ${recordValue(proof)}`;
  const message = `The record ${state}. ${publish}, and try again: it may take a while until DNS shows it.`;
  return fault(UserErrorCode.PROOF_MISSING, message, 'domain');
}
