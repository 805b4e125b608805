/**
 * An email address as a hint about a person. Compared by its lower-case form as a whole: no folding of plus tags or
 * dots, since two providers may give these to two people.
 */
export class EmailAddress {
  private constructor(
    readonly value: string,
    readonly normalized: string,
  ) {}

  /** Null when the input is not an address: one `@`, something on both sides, no white space, at most 254 characters. */
  static parse(input: unknown): EmailAddress | null {
    if (typeof input !== 'string') return null;
    const value = input.trim();
    if (value.length > 254 || !/^[^\s@\p{Cc}\p{Cs}]+@[^\s@\p{Cc}\p{Cs}]+$/u.test(value)) return null;
    // Signs that only look like others (the Kelvin sign is a k in lower case) could pass for another person's address.
    if (value.normalize('NFKC') !== value.normalize('NFC')) return null;
    return new EmailAddress(value.normalize('NFC'), value.normalize('NFC').toLowerCase());
  }

  /** The part after the `@`, in lower case. */
  get domain(): string {
    return this.normalized.slice(this.normalized.indexOf('@') + 1);
  }

  toString(): string {
    return this.value;
  }
}
