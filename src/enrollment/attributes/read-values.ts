import { isDeepStrictEqual } from 'node:util';
import { Enablement } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { type AccountFacts, defaultOf, type DefaultOptions } from './default-value.js';
import { isObject, ownValue, refuseUnknown } from './parts.js';
import { MOST_BYTES, storedBytes } from './stored-size.js';
import { readValue } from './value.js';

/** Values by the keys of their attributes, in their stored form; only of attributes that have one. */
export type AttributeValues = Record<string, unknown>;

/**
 * Reads what a petitioner gives: the values as they are stored, or everything that is wrong with them, each fault with
 * its path `attributes.<key>.…`. An attribute that is left out has its default; null and empty text are no value.
 * `given` is any JSON; `account` is whose defaults these are. Nothing may be kept of the values while there are faults.
 */
export function readValues(
  definitions: readonly AttributeDefinition[],
  given: unknown,
  account: AccountFacts | null,
  options: DefaultOptions = {},
): { values: AttributeValues; faults: Fault[] } {
  const root = ['attributes'];
  const object = given ?? {};
  if (!isObject(object)) {
    return { values: {}, faults: [fault(UserErrorCode.INVALID, 'attributes is a JSON object.', ...root)] };
  }
  const keys = new Set(definitions.map(({ key }) => key));
  const faults = refuseUnknown(object, (key) => keys.has(key), 'attribute', root);
  const skipsPatterns = lengthOf(definitions, object) > MOST_BYTES;
  const entries: [key: string, value: unknown][] = [];
  for (const definition of definitions) {
    const { key } = definition;
    const at = [...root, key];
    const sent = ownValue(object, key);
    const read = readValue(definition, sent, at, { skipsPatterns });
    const outcome = settle(definition, { isSent: sent !== undefined, ...read }, at, () =>
      defaultOf(definition, account, options),
    );
    faults.push(...outcome.faults);
    if (outcome.value !== undefined) entries.push([key, outcome.value]);
  }
  const values = Object.fromEntries(entries);
  if (skipsPatterns || storedBytes(values) > MOST_BYTES) {
    faults.push(fault(UserErrorCode.TOO_LONG, `All attributes together are at most ${MOST_BYTES} bytes.`, ...root));
  }
  return { values, faults };
}

/** What is kept of one attribute: what was sent, or its default. */
function settle(
  { label, enablement, isEditable, isHidden }: AttributeDefinition,
  { isSent, value, faults }: { isSent: boolean; value?: unknown; faults: Fault[] },
  at: string[],
  initial: () => unknown,
): { value?: unknown; faults: Fault[] } {
  const isGiven = value !== undefined || faults.length > 0;
  if (enablement === Enablement.NOT_PERMITTED) {
    return { faults: isGiven ? [fault(UserErrorCode.INVALID, `${label} cannot be given.`, ...at)] : [] };
  }
  const isFixed = isHidden || !isEditable;
  const kept = isFixed || !isSent ? initial() : value;
  if (isFixed && isGiven && !isDeepStrictEqual(kept, value)) {
    return { faults: [fault(UserErrorCode.INVALID, `${label} cannot be changed.`, ...at)] };
  }
  if (faults.length) return { faults };
  if (kept === undefined && enablement === Enablement.REQUIRED) {
    return { faults: [fault(UserErrorCode.REQUIRED, `${label} cannot be empty.`, ...at)] };
  }
  return { value: kept, faults: [] };
}

/** Characters of all texts that were sent: patterns are not matched against more than could be kept. */
function lengthOf(definitions: readonly AttributeDefinition[], object: Record<string, unknown>): number {
  const texts = definitions.map(({ key }) => ownValue(object, key)).filter((value) => typeof value === 'string');
  return texts.reduce((total, text) => total + text.length, 0);
}
