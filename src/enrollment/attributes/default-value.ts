import { type AttributeDefaultSource } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { readValue } from './value.js';

/** What is known of who is asked. */
export interface AccountFacts {
  email: string | null;
  givenName: string | null;
  familyName: string | null;
}

export interface DefaultOptions {
  /** FlowSettings.ignoresAccountDefaults. */
  ignoresAccountDefaults?: boolean;
}

const SOURCES: Record<AttributeDefaultSource, keyof AccountFacts> = {
  EMAIL: 'email',
  GIVEN_NAME: 'givenName',
  FAMILY_NAME: 'familyName',
};

/**
 * What an attribute begins with, in its stored form: what the account has of its source, else its default value, else
 * undefined. What the definition itself would refuse is passed over.
 */
export function defaultOf(
  definition: AttributeDefinition,
  account: AccountFacts | null,
  { ignoresAccountDefaults = false }: DefaultOptions = {},
): unknown {
  const { defaultSource, defaultValue } = definition;
  const known = defaultSource && account && !ignoresAccountDefaults ? account[SOURCES[defaultSource]] : null;
  return readValue(definition, known, []).value ?? readValue(definition, defaultValue, []).value;
}
