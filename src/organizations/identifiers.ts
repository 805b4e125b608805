import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { runSql } from '../database/transact.js';
import { IdentifierScheme } from '../entities/enums.js';
import { Siret } from '../entities/siret.js';
import { type Fault, fault, UserErrorCode } from '../faults.js';

export interface IdentifierInput {
  scheme: IdentifierScheme;
  value: string;
}

const MOST = 10;

/** Identifiers in their stored form, and everything that is wrong with them. */
export function readIdentifiers(inputs: readonly IdentifierInput[]): {
  identifiers: IdentifierInput[];
  faults: Fault[];
} {
  const faults: Fault[] = [];
  if (inputs.length > MOST)
    faults.push(fault(UserErrorCode.INVALID, `An organization has at most ${MOST} identifiers.`, 'identifiers'));
  const identifiers = inputs.map(({ scheme, value }, index) => {
    const at = ['identifiers', String(index), 'value'];
    if (scheme === IdentifierScheme.SIRET) {
      const siret = Siret.parse(value);
      if (!siret) faults.push(fault(UserErrorCode.INVALID, 'A SIRET is 14 digits with a valid check digit.', ...at));
      return { scheme, value: siret?.value ?? value };
    }
    const text = scheme === IdentifierScheme.DOMAIN ? value.trim().toLowerCase() : value.trim();
    if (!text || text.length > 256 || /\p{Cc}/u.test(text) || !text.isWellFormed()) {
      faults.push(fault(UserErrorCode.INVALID, 'An identifier is 1 to 256 characters.', ...at));
    }
    return { scheme, value: text };
  });
  const seen = new Set<string>();
  identifiers.forEach(({ scheme, value }, index) => {
    const key = `${scheme} ${value}`;
    if (seen.has(key))
      faults.push(fault(UserErrorCode.INVALID, 'This identifier is given twice.', 'identifiers', String(index)));
    seen.add(key);
  });
  return { identifiers, faults };
}

/** Gives the organization these identifiers; returns a fault for each that another organization has. */
export async function insertIdentifiers(
  manager: EntityManager,
  tenantId: string,
  organizationId: string,
  identifiers: readonly (IdentifierInput & { index: number })[],
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { scheme, value, index } of identifiers) {
    const rows = await runSql(
      manager,
      `insert into organization_identifiers (id, tenant_id, organization_id, scheme, value) values ($1, $2, $3, $4, $5)
       on conflict (tenant_id, scheme, value) do nothing returning id`,
      [v7(), tenantId, organizationId, scheme, value],
    );
    if (!rows.length) {
      faults.push(
        fault(UserErrorCode.TAKEN, `${scheme} ${value} belongs to another organization.`, 'identifiers', String(index)),
      );
    }
  }
  return faults;
}
