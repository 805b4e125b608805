import { type AttributeDefaultSource, AttributeTarget, AttributeType, Enablement } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { checkText, type Fault, fault, UserErrorCode } from '../../faults.js';
import { checkRules } from './check-rules.js';
import { targetNameOf } from './copy-values.js';
import { storedBytes } from './stored-size.js';
import { textReader } from './text.js';
import { readValue } from './value.js';

const MOST_ATTRIBUTES = 100;
/** Of all definitions together: they are stored with each version of their flow. */
const MOST_DEFINITION_BYTES = 131_072;
const LONGEST_LABEL = 128;

const KEY = /^[a-z][A-Za-z0-9_]{0,63}$/;
const TARGET_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;

const { TEXT, EMAIL, IDENTIFIER } = AttributeType;

/** The types that a target, or a default from the account, takes; of those that are not here, all. */
const TARGET_TYPES: Partial<Record<AttributeTarget, AttributeType>> = {
  USER_EMAIL: EMAIL,
  USER_GIVEN_NAME: TEXT,
  USER_FAMILY_NAME: TEXT,
  USER_IDENTIFIER: IDENTIFIER,
};
const SOURCE_TYPES: Record<AttributeDefaultSource, readonly AttributeType[]> = {
  EMAIL: [EMAIL, TEXT, IDENTIFIER],
  GIVEN_NAME: [TEXT],
  FAMILY_NAME: [TEXT],
};
const NAMED_TARGETS: readonly AttributeTarget[] = [
  AttributeTarget.USER_ATTRIBUTE,
  AttributeTarget.MEMBERSHIP_ATTRIBUTE,
  AttributeTarget.USER_IDENTIFIER,
];

const readDescription = textReader({ longest: 1000, isMultiline: true });

/** Everything that keeps these definitions from working. `field` is the path of the list, from `input`. */
export function checkDefinitions(attributes: readonly AttributeDefinition[], ...field: string[]): Fault[] {
  const faults: Fault[] = [];
  if (attributes.length > MOST_ATTRIBUTES) {
    return [fault(UserErrorCode.TOO_LONG, `A flow has at most ${MOST_ATTRIBUTES} attributes.`, ...field)];
  }
  if (storedBytes(attributes) > MOST_DEFINITION_BYTES) {
    const message = `The definitions of all attributes are at most ${MOST_DEFINITION_BYTES} bytes.`;
    faults.push(fault(UserErrorCode.TOO_LONG, message, ...field));
  }
  const keys = new Set<string>();
  const targets = new Set<string>();
  attributes.forEach((definition, index) => {
    const at = [...field, String(index)];
    faults.push(...checkDefinition(definition, at));
    if (keys.has(definition.key))
      faults.push(fault(UserErrorCode.INVALID, 'Another attribute has this key.', ...at, 'key'));
    keys.add(definition.key);
    const target = placeOf(definition);
    if (target && targets.has(target))
      faults.push(fault(UserErrorCode.INVALID, 'Another attribute goes to the same place.', ...at, 'target'));
    if (target) targets.add(target);
  });
  return faults;
}

/** What only one attribute may fill; a person may have several identifiers of a type. */
function placeOf(definition: AttributeDefinition): string | null {
  const { target, enablement } = definition;
  const isOpen = target === AttributeTarget.NONE || target === AttributeTarget.USER_IDENTIFIER;
  if (isOpen || enablement === Enablement.NOT_PERMITTED) return null;
  return NAMED_TARGETS.includes(target) ? `${target} ${targetNameOf(definition)}` : target;
}

function checkDefinition(definition: AttributeDefinition, at: string[]): Fault[] {
  const { key, label, description } = definition;
  const faults: (Fault | null)[] = [
    KEY.test(key)
      ? null
      : fault(
          UserErrorCode.INVALID,
          'key is a small letter, then at most 63 letters without accents, digits or underscores.',
          ...at,
          'key',
        ),
    checkText(label, { isRequired: true, longest: LONGEST_LABEL }, ...at, 'label'),
    ...readDescription(description, 'description', [...at, 'description']).faults,
    ...checkTarget(definition, at),
  ];
  const wrongRules = checkRules(definition, at);
  faults.push(...wrongRules);
  // A value can be judged by rules that are right.
  if (!wrongRules.length) faults.push(...checkDefault(definition, at));
  return faults.filter((found) => found !== null);
}

function checkTarget({ target, targetName, type }: AttributeDefinition, at: string[]): Fault[] {
  const faults: Fault[] = [];
  const wanted = TARGET_TYPES[target];
  if (wanted && wanted !== type)
    faults.push(fault(UserErrorCode.INVALID, `${target} takes an attribute of type ${wanted}.`, ...at, 'target'));
  if (targetName === null) return faults;
  if (!NAMED_TARGETS.includes(target)) {
    const message = `targetName is of ${NAMED_TARGETS.join(', ')}.`;
    faults.push(fault(UserErrorCode.INVALID, message, ...at, 'targetName'));
  } else if (!TARGET_NAME.test(targetName)) {
    const message = 'targetName is a letter, then at most 63 letters without accents, digits, or any of these: _ . : -';
    faults.push(fault(UserErrorCode.INVALID, message, ...at, 'targetName'));
  }
  return faults;
}

function checkDefault(definition: AttributeDefinition, at: string[]): Fault[] {
  const { type, enablement, defaultValue, defaultSource, isEditable, isHidden } = definition;
  const read = readValue(definition, defaultValue, [...at, 'defaultValue']);
  const faults = [...read.faults];
  if (defaultSource && !SOURCE_TYPES[defaultSource].includes(type)) {
    const message = `${defaultSource} is a default of ${SOURCE_TYPES[defaultSource].join(', ')}.`;
    faults.push(fault(UserErrorCode.INVALID, message, ...at, 'defaultSource'));
  }
  const hasDefault = defaultSource !== null || read.value !== undefined || read.faults.length > 0;
  if (hasDefault || enablement === Enablement.NOT_PERMITTED) return faults;
  const refuse = (message: string) => faults.push(fault(UserErrorCode.REQUIRED, message, ...at, 'defaultValue'));
  if (isHidden && enablement === Enablement.REQUIRED) refuse('What is required and hidden needs a default.');
  else if (!isHidden && !isEditable) refuse('What cannot be edited needs a default.');
  return faults;
}
