import { AttributeTarget } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { ownValue } from './parts.js';
import type { AttributeValues } from './read-values.js';

/** What a petition gives to whom. `key` is the attribute that an identifier came from. */
export interface CopiedValues {
  user: { email?: string; givenName?: string; familyName?: string; attributes: Record<string, unknown> };
  identifiers: { type: string; value: string; key: string }[];
  membership: Record<string, unknown>;
}

/** Where the values of a petition go when it is finalized. `values` are those of readValues. */
export function copyValues(definitions: readonly AttributeDefinition[], values: AttributeValues): CopiedValues {
  const user: Omit<CopiedValues['user'], 'attributes'> = {};
  const [attributes, membership]: [string, unknown][][] = [[], []];
  const identifiers: CopiedValues['identifiers'] = [];
  for (const definition of definitions) {
    const { key, target } = definition;
    const value = ownValue(values, key);
    if (value === undefined || value === null) continue;
    const name = targetNameOf(definition);
    if (target === AttributeTarget.USER_EMAIL) user.email = value as string;
    else if (target === AttributeTarget.USER_GIVEN_NAME) user.givenName = value as string;
    else if (target === AttributeTarget.USER_FAMILY_NAME) user.familyName = value as string;
    else if (target === AttributeTarget.USER_ATTRIBUTE) attributes!.push([name, value]);
    else if (target === AttributeTarget.MEMBERSHIP_ATTRIBUTE) membership!.push([name, value]);
    else if (target === AttributeTarget.USER_IDENTIFIER) identifiers.push({ type: name, value: value as string, key });
  }
  return {
    user: { ...user, attributes: Object.fromEntries(attributes!) },
    identifiers,
    membership: Object.fromEntries(membership!),
  };
}

/** Under which name, or of which type, a value is copied. */
export function targetNameOf({ key, targetName }: Pick<AttributeDefinition, 'key' | 'targetName'>): string {
  return targetName ?? key;
}
