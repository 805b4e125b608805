import type { OperationContext } from '../../../context.js';
import { fault, refuseFaults, UserErrorCode } from '../../../faults.js';
import type { SourceClient, SourceClients } from '../clients.js';
import { findSource, type Source } from '../source.js';

/** The context of an operation that asks sources. It is in no transaction. */
export type AskingContext = OperationContext & { sources: SourceClients };

/** A source, also one that is suspended. Throws Faults: NOT_FOUND. */
export async function requireSource({ database, tenant }: AskingContext, id: string): Promise<Source> {
  const source = await findSource((text, values) => database.read(tenant.id, text, values), tenant.id, id);
  refuseFaults([!source && fault(UserErrorCode.NOT_FOUND, 'There is no such source.', 'id')]);
  return source!;
}

export function openClient({ sources, tenant }: AskingContext, source: Source): Promise<SourceClient> {
  return sources.open(tenant.id, source);
}
