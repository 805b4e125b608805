import { AttributeType } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { checkText, type Fault, fault, UserErrorCode } from '../../faults.js';
import { isAllowableMediaType } from './file-reference.js';
import { checkPattern } from './pattern.js';
import { isTidy, isName, LONGEST_NAME, LONGEST_TEXT, readDate, readNumber } from './value.js';
import type { Reader } from './text.js';

const MOST_CHOICES = 200;
const MOST_MEDIA_TYPES = 20;
const LONGEST_CHOICE = 128;

const { TEXT, NUMBER, DATE, CHOICE, IDENTIFIER, FILE } = AttributeType;

type Rule = 'pattern' | 'minimum' | 'maximum' | 'choices' | 'isMultiple' | 'mediaTypes';

/** The types that have a rule at all. */
const RULED_TYPES: Record<Rule, readonly AttributeType[]> = {
  pattern: [TEXT, IDENTIFIER],
  minimum: [TEXT, NUMBER, DATE],
  maximum: [TEXT, NUMBER, DATE],
  choices: [CHOICE],
  isMultiple: [CHOICE],
  mediaTypes: [FILE],
};

/** What is wrong with the rules that the values of an attribute are to meet: their bounds, pattern, choices, media types. */
export function checkRules(definition: AttributeDefinition, at: string[]): Fault[] {
  const misplaced = Object.entries(RULED_TYPES).flatMap(([rule, types]) => {
    const value = definition[rule as Rule];
    const isSet = Array.isArray(value) ? value.length > 0 : value !== null && value !== false;
    if (!isSet || types.includes(definition.type)) return [];
    return [fault(UserErrorCode.INVALID, `${rule} is of attributes of type ${types.join(', ')}.`, ...at, rule)];
  });
  const { type, pattern } = definition;
  const wrongPattern =
    pattern !== null && RULED_TYPES.pattern.includes(type) && checkPattern(pattern, ...at, 'pattern');
  return [
    ...misplaced,
    ...(wrongPattern ? [wrongPattern] : []),
    ...(RULED_TYPES.minimum.includes(type) ? checkBounds(definition, at) : []),
    ...(type === CHOICE ? checkChoices(definition, at) : []),
    ...(type === FILE ? checkMediaTypes(definition, at) : []),
  ];
}

function checkBounds(definition: AttributeDefinition, at: string[]): Fault[] {
  const reader = boundReader(definition);
  const [lower, upper] = (['minimum', 'maximum'] as const).map((rule) => reader(definition[rule], rule, [...at, rule]));
  const faults = [...lower!.faults, ...upper!.faults];
  const [minimum, maximum] = [lower!.value, upper!.value];
  const isReversed = minimum !== undefined && maximum !== undefined && minimum > maximum;
  if (isReversed) faults.push(fault(UserErrorCode.INVALID, 'minimum is at most maximum.', ...at, 'minimum'));
  return faults;
}

function boundReader(definition: AttributeDefinition): Reader<number | string> {
  if (definition.type === DATE) return readDate;
  if (definition.type === NUMBER) return readNumber;
  const longest = isName(definition) ? LONGEST_NAME : LONGEST_TEXT;
  return (given, name, at) => {
    if (given === null) return { faults: [] };
    if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= longest)
      return { value: given, faults: [] };
    return { faults: [fault(UserErrorCode.INVALID, `${name} is a number of characters, at most ${longest}.`, ...at)] };
  };
}

function checkChoices({ choices }: AttributeDefinition, at: string[]): Fault[] {
  const list = [...at, 'choices'];
  if (!choices.length) return [fault(UserErrorCode.REQUIRED, 'choices cannot be empty.', ...list)];
  if (choices.length > MOST_CHOICES)
    return [fault(UserErrorCode.TOO_LONG, `There are at most ${MOST_CHOICES} choices.`, ...list)];
  const seen = new Set<string>();
  return choices.flatMap(({ value, label }, index) => {
    const path = [...list, String(index)];
    const limits = { isRequired: true, longest: LONGEST_CHOICE };
    const found = [checkText(value, limits, ...path, 'value'), checkText(label, limits, ...path, 'label')];
    if (!found[0] && !isTidy(value)) {
      const message = 'value has no white space around it, and its accents are composed (NFC).';
      found.push(fault(UserErrorCode.INVALID, message, ...path, 'value'));
    }
    if (seen.has(value)) found.push(fault(UserErrorCode.INVALID, 'Another choice has this value.', ...path, 'value'));
    seen.add(value);
    return found.filter((wrong) => wrong !== null);
  });
}

function checkMediaTypes({ mediaTypes }: AttributeDefinition, at: string[]): Fault[] {
  const list = [...at, 'mediaTypes'];
  if (mediaTypes.length > MOST_MEDIA_TYPES)
    return [fault(UserErrorCode.TOO_LONG, `There are at most ${MOST_MEDIA_TYPES} media types.`, ...list)];
  return mediaTypes.flatMap((mediaType, index) => {
    if (isAllowableMediaType(mediaType)) return [];
    const message = 'A media type is written as application/pdf, or image/* for all images; in small letters.';
    return [fault(UserErrorCode.INVALID, message, ...list, String(index))];
  });
}
