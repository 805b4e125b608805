import { siretOf } from '../../test/support/sirets.js';

/** Somebody who comes back from the provider. */
export interface Person {
  subject: string;
  email: string;
  givenName: string;
  familyName: string;
  siret: string;
  organizationName: string;
  /** Of the login transaction. */
  state: string;
  binding: string;
}

const SIDES = ['floor', 'vestibule', 'silent', 'chained'];

/** A person of a side and a scenario; `isNew`: of an organization that nobody has come from yet. */
export function personOf(side: string, scenario: string, n: number, isNew: boolean): Person {
  const name = `${side}-${scenario}-${n}`;
  // Far from the data's own; each side has its own.
  const siret = isNew ? siretOf(10_000_000 + n * SIDES.length + SIDES.indexOf(side)) : siretOf(20_001 + (n % 40_000));
  return {
    subject: name,
    email: `${name}@example.org`,
    givenName: 'Given',
    familyName: name,
    siret,
    organizationName: `New organization ${siret}`,
    state: `state-${name}`,
    binding: `binding-${name}`,
  };
}
