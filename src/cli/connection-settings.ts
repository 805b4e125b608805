import {
  ClientAuthentication,
  CompletionPolicy,
  type ConnectionPreset,
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  OrganizationAuthority,
} from '../entities/enums.js';
import { presetSettings } from '../sso/connection-presets.js';
import type { SettingsInput } from '../sso/configure-connection.js';
import { UsageError } from './command.js';

const ENUMS: Record<string, object> = {
  clientAuthentication: ClientAuthentication,
  completion: CompletionPolicy,
  emailTrust: EmailTrust,
  missingOrganization: MissingOrganization,
  organizationAuthority: OrganizationAuthority,
  organizationScheme: IdentifierScheme,
};

/** Reads `name=value` pairs as settings of a connection: lists with commas, `claimNames` as JSON, `null` to clear. */
export function readSettings(pairs: readonly string[], preset: ConnectionPreset): SettingsInput {
  const known: Record<string, unknown> = { name: '', ...presetSettings(preset) };
  return Object.fromEntries(
    pairs.map((pair) => {
      const name = pair.split('=', 1)[0]!;
      if (!pair.includes('=')) throw new UsageError(`--set takes name=value, and not ${pair}.`);
      if (!Object.hasOwn(known, name))
        throw new UsageError(`There is no setting ${name}. There are ${Object.keys(known).join(', ')}.`);
      return [name, readValue(name, known[name], pair.slice(name.length + 1))];
    }),
  );
}

function readValue(name: string, sample: unknown, text: string): unknown {
  if (name in ENUMS) {
    const values = Object.values(ENUMS[name]!) as string[];
    if (!values.includes(text)) throw new UsageError(`${name} is one of ${values.join(', ')}.`);
    return text;
  }
  if (Array.isArray(sample)) return text === '' ? [] : text.split(',').map((item) => item.trim());
  if (typeof sample === 'boolean') {
    if (text !== 'true' && text !== 'false') throw new UsageError(`${name} is either true or false.`);
    return text === 'true';
  }
  if (typeof sample === 'number') {
    if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${name} is a whole number.`);
    return Number(text);
  }
  if (name === 'claimNames') return readObject(name, text);
  return text === 'null' ? null : text;
}

function readObject(name: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new UsageError(`${name} is a JSON object, such as {"familyName":"family_name"}.`);
}
