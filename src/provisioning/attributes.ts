/** An attribute as RFC 7643 (section 7) describes one. */
export interface Attribute {
  name: string;
  type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'binary' | 'complex';
  description: string;
  multiValued: boolean;
  required: boolean;
  caseExact: boolean;
  mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
  returned: 'always' | 'never' | 'default';
  uniqueness: 'none' | 'server';
  canonicalValues?: string[];
  referenceTypes?: string[];
  subAttributes?: Attribute[];
}

/** An attribute: a single string that ignores case and may be written, unless told. */
export function attribute(name: string, description: string, given: Partial<Attribute> = {}): Attribute {
  const type = given.type ?? (given.subAttributes ? 'complex' : 'string');
  return {
    name,
    type,
    description,
    multiValued: false,
    required: false,
    caseExact: type === 'reference' || type === 'binary',
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...given,
  };
}

/** Several values with a label each, of which one may be the primary one (RFC 7643, section 2.4). */
export function plural(name: string, description: string, canonicalValues?: string[], value?: Partial<Attribute>) {
  return attribute(name, description, {
    multiValued: true,
    subAttributes: [
      attribute('value', 'The value itself.', value),
      attribute('display', 'The value as people read it.'),
      attribute('type', 'A label that says what it is for.', canonicalValues ? { canonicalValues } : {}),
      attribute('primary', 'Whether it is the preferred one. At most one is.', { type: 'boolean' }),
    ],
  });
}
