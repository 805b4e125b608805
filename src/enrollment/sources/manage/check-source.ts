import { z } from 'zod';
import { SourceCapability, SourceKind, SourceSyncMode } from '../../../entities/source-enums.js';
import { checkText, type Fault, fault, UserErrorCode } from '../../../faults.js';
import { findUnstorable } from '../../flows/check-limits.js';
import type { SourceKindDefinition } from '../adapter.js';
import { storedBytes } from '../storable.js';
import type { SourceChanges, SourceConfiguration } from './configuration.js';

/** As the database keeps them. */
const LONGEST_SETTINGS = 65_536;
const LONGEST_SECRET = 16_384;
const INTERVAL = [5, 44_640] as const;
const TIME_LIMIT = [100, 60_000] as const;

const invalid = (message: string, ...field: string[]) => fault(UserErrorCode.INVALID, message, ...field);

type Found = (Fault | false | null)[];

/**
 * Everything that keeps a source from working, at once. Pure: whether its pipeline exists, and whether it answers, is
 * asked elsewhere. `given` is what was asked for, `wanted` what came of it.
 */
export function checkSource(
  definition: SourceKindDefinition | null,
  given: SourceChanges,
  wanted: SourceConfiguration,
): Fault[] {
  if (!definition) return [invalid('There are no sources of this kind.', 'kind')];
  const { faults, capabilities } = checkSettings(definition, wanted.settings);
  return [
    checkText(given.name, { isRequired: true, longest: 128 }, 'name'),
    checkText(given.description, { longest: 256 }, 'description'),
    ...(['settings', 'status'] as const).map(
      (name) => given[name] === null && fault(UserErrorCode.REQUIRED, `${name} cannot be cleared.`, name),
    ),
    ...faults,
    ...checkSecrets(definition, given.secrets),
    wanted.syncInterval !== null && checkNumber('syncInterval', wanted.syncInterval, INTERVAL),
    checkNumber('timeLimit', wanted.timeLimit, TIME_LIMIT),
    ...(definition.kind === SourceKind.MATCH ? checkMatchServer(wanted) : checkSyncs(wanted, capabilities)),
  ].filter((found): found is Fault => Boolean(found));
}

/** What the kind says of its settings, property by property; with them, what a source so set can be asked. */
function checkSettings(
  definition: SourceKindDefinition,
  settings: Record<string, unknown>,
): { faults: Fault[]; capabilities: readonly SourceCapability[] | null } {
  const unstorable = findUnstorable(settings, ['settings']);
  if (unstorable.length) return { faults: unstorable, capabilities: null };
  if (storedBytes(settings) > LONGEST_SETTINGS) {
    const message = `settings are at most ${LONGEST_SETTINGS} bytes of JSON.`;
    return { faults: [fault(UserErrorCode.TOO_LONG, message, 'settings')], capabilities: null };
  }
  const read = strict(definition.settings).safeParse(settings, { reportInput: true });
  if (read.success) return { faults: [], capabilities: definition.capabilities(read.data) };
  return { faults: read.error.issues.flatMap(toFaults), capabilities: null };
}

/** A setting that the kind does not know is likely misspelled. */
function strict(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject && schema.def.catchall === undefined ? schema.strict() : schema;
}

function toFaults(issue: z.core.$ZodIssue): Fault[] {
  const at = ['settings', ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => invalid(`There is no setting of this name: ${name}.`, ...at, name));
  }
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
  if (isMissing) return [fault(UserErrorCode.REQUIRED, `${at.at(-1)} is needed.`, ...at)];
  const isLong = issue.code === 'too_big' && issue.origin === 'string';
  return [fault(isLong ? UserErrorCode.TOO_LONG : UserErrorCode.INVALID, `${at.at(-1)}: ${issue.message}.`, ...at)];
}

function checkSecrets({ secrets: known }: SourceKindDefinition, given: SourceChanges['secrets']): Found {
  return Object.entries(given ?? {}).map(([name, value]) => {
    const at = ['secrets', name];
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known).join(', ') || 'none';
      return invalid(`Sources of this kind have no secret of this name; their secrets are: ${names}.`, ...at);
    }
    if (value === null) return null;
    // Nothing of the value is repeated in what is wrong with it.
    if (typeof value !== 'string' || !value) return invalid(`${name} is text, or null to take it away.`, ...at);
    if (!value.isWellFormed()) return invalid(`${name} holds characters that are none.`, ...at);
    return value.length > LONGEST_SECRET
      ? fault(UserErrorCode.TOO_LONG, `${name} is at most ${LONGEST_SECRET} characters.`, ...at)
      : null;
  });
}

function checkNumber(name: string, value: number, [least, most]: readonly [number, number]): Fault | null {
  if (Number.isInteger(value) && value >= least && value <= most) return null;
  return invalid(`${name} is a whole number from ${least} to ${most}.`, name);
}

/** A match server is asked who is the same person; it has no records that could be read or acted on. */
function checkMatchServer({ syncMode, syncInterval, syncsOnLogin, pipelineId }: SourceConfiguration): Found {
  const none = (name: keyof SourceConfiguration, isSet: boolean) =>
    isSet && invalid('A match server has no records: nothing of it is synced.', name);
  return [
    none('syncMode', syncMode !== SourceSyncMode.MANUAL),
    none('syncInterval', syncInterval !== null),
    none('syncsOnLogin', syncsOnLogin),
    none('pipelineId', pipelineId !== null),
  ];
}

/** What each way of syncing asks of the source. */
const NEEDED: Partial<Record<SourceSyncMode, SourceCapability>> = {
  FULL: SourceCapability.INVENTORY,
  QUERY: SourceCapability.SEARCH_BY_EMAIL,
  UPDATE: SourceCapability.RETRIEVE,
};

/** `capabilities` null: the settings are wrong already, and what they allow cannot be said. */
function checkSyncs(
  { syncMode, syncInterval, syncsOnLogin }: SourceConfiguration,
  capabilities: readonly SourceCapability[] | null,
): Found {
  const lacks = (capability: SourceCapability | undefined) =>
    capability !== undefined && capabilities !== null && !capabilities.includes(capability);
  const needed = NEEDED[syncMode];
  return [
    lacks(needed) &&
      invalid(`${syncMode} needs the capability ${needed}, which a source with these settings has not.`, 'syncMode'),
    syncsOnLogin &&
      lacks(SourceCapability.RETRIEVE) &&
      invalid(
        'Records can be read again by RETRIEVE alone, which a source with these settings has not.',
        'syncsOnLogin',
      ),
    syncMode === SourceSyncMode.MANUAL &&
      syncInterval !== null &&
      invalid('A source in mode MANUAL does not sync by itself: it has no interval.', 'syncInterval'),
  ];
}
