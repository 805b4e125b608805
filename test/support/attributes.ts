import { AttributeTarget, AttributeType, AttributeVisibility, Enablement } from '../../src/entities/enums.js';
import type { AttributeDefinition } from '../../src/entities/flow-settings.js';

/** A text that may be given, under the key `note`; whatever is told otherwise. */
export function makeDefinition(overrides: Partial<AttributeDefinition> = {}): AttributeDefinition {
  const { key = 'note', type = AttributeType.TEXT } = overrides;
  return {
    key,
    type,
    label: `The ${key}`,
    description: null,
    enablement: Enablement.OPTIONAL,
    target: AttributeTarget.NONE,
    targetName: null,
    visibility: AttributeVisibility.PARTIES,
    defaultValue: null,
    defaultSource: null,
    isEditable: true,
    isHidden: false,
    pattern: null,
    minimum: null,
    maximum: null,
    choices: type === AttributeType.CHOICE ? ['red', 'green'].map((value) => ({ value, label: value })) : [],
    isMultiple: false,
    mediaTypes: [],
    ...overrides,
  };
}

/** A file as a petition refers to it. */
export const FILE = {
  name: 'contract.pdf',
  url: 'https://files.example.org/contract.pdf',
  mediaType: 'application/pdf',
  size: 1024,
  sha256: 'ab'.repeat(32),
};
