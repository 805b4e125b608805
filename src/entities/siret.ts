/**
 * SIRET: the 14-digit number of an establishment in the French business register, as text so that leading zeros live.
 *
 * Valid: the Luhn sum over the 14 digits; or, for the establishments of La Poste (SIREN 356000000), a digit sum that
 * is a multiple of five. It is "or": La Poste's head office 35600000000048 passes Luhn and fails the other rule.
 */
export class Siret {
  private constructor(readonly value: string) {}

  /** Reads a SIRET as people write it: white space is stripped, nothing else. Null when it is not one. */
  static parse(input: unknown): Siret | null {
    if (typeof input !== 'string') return null;
    const value = input.replace(/\s/gu, '');
    return isValidSiret(value) ? new Siret(value) : null;
  }

  /** The company: the first nine digits. Two establishments of one company are two organizations. */
  get siren(): string {
    return this.value.slice(0, 9);
  }

  /** The establishment within its company: the last five digits. */
  get nic(): string {
    return this.value.slice(9);
  }

  toString(): string {
    return this.value;
  }
}

const LA_POSTE = '356000000';

function isValidSiret(value: string): boolean {
  if (!/^[0-9]{14}$/.test(value)) return false;
  const digits = [...value].map(Number);
  return luhnSum(digits) % 10 === 0 || (value.startsWith(LA_POSTE) && sum(digits) % 5 === 0);
}

function luhnSum(digits: number[]): number {
  return sum(
    digits.map((digit, index) => {
      if (index % 2 === 1) return digit;
      return digit > 4 ? digit * 2 - 9 : digit * 2;
    }),
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
