import { AttributeVisibility, Enablement } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { type AccountFacts, defaultOf, type DefaultOptions } from './default-value.js';
import { ownValue } from './parts.js';
import type { AttributeValues } from './read-values.js';

/** One field of a form. */
export interface AskedAttribute {
  definition: AttributeDefinition;
  /** What the field begins with; null: nothing. */
  defaultValue: unknown;
}

/**
 * What a frontend draws, in the order of the definitions. Left out is what is hidden or not permitted, and what cannot
 * be changed and is for approvers alone.
 */
export function formOf(
  definitions: readonly AttributeDefinition[],
  account: AccountFacts | null,
  options: DefaultOptions = {},
): AskedAttribute[] {
  return definitions
    .filter(
      ({ enablement, isHidden, isEditable, visibility }) =>
        enablement !== Enablement.NOT_PERMITTED &&
        !isHidden &&
        (isEditable || visibility !== AttributeVisibility.APPROVERS),
    )
    .map((definition) => ({ definition, defaultValue: defaultOf(definition, account, options) ?? null }));
}

/** A value with what a reader needs to know of its attribute. */
export interface ShownValue {
  key: string;
  label: string;
  type: AttributeDefinition['type'];
  value: unknown;
}

/** The values that an audience sees, in the order of the definitions: approvers see all, the parties what is theirs. */
export function showValues(
  definitions: readonly AttributeDefinition[],
  values: AttributeValues,
  audience: `${AttributeVisibility}`,
): ShownValue[] {
  return definitions.flatMap(({ key, label, type, visibility }) => {
    const isVisible = audience === AttributeVisibility.APPROVERS || visibility === AttributeVisibility.PARTIES;
    const value = isVisible ? (ownValue(values, key) ?? null) : null;
    return value === null ? [] : [{ key, label, type, value }];
  });
}
