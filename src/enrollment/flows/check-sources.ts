import {
  AttributeTarget,
  Enablement,
  FlowAuthorization,
  MatchPolicy,
  PetitionStep,
  SourceMode,
} from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import { SourceCapability, SourceKind, SourceStatus } from '../../entities/source-enums.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { asksToConfirm, isAdministrative, sourcesOf } from '../machine/plan.js';
import type { FlowWarning } from './flow-warnings.js';

/** What a flow's owner may know of a source that it names. */
export interface FoundSource {
  name: string;
  kind: SourceKind;
  status: SourceStatus;
  capabilities: readonly SourceCapability[];
  /** Whether its pipeline makes people, or finds who they are. */
  givesPeople: boolean;
}

const invalid = (message: string, ...field: string[]) => fault(UserErrorCode.INVALID, message, ...field);
const isFound = (found: Fault | false | null): found is Fault => Boolean(found);

const isSearched = (mode: SourceMode) => mode === SourceMode.SEARCH || mode === SourceMode.SEARCH_REQUIRED;

/**
 * What is wrong with how a flow asks its sources, whatever sources these are (section 6 of the rules of enrollment, and:
 * whoever has not signed in queries no source).
 */
export function checkSourceModes(settings: FlowSettings): Fault[] {
  const { sources, match, matchSourceId } = settings;
  const isKnownBeforehand = match === MatchPolicy.SELF || match === MatchPolicy.SELECT;
  const begun = sourcesOf(settings, PetitionStep.SOURCES);
  const isAddressVerified = asksToConfirm(settings) || isKnownBeforehand || begun.length > 0;
  const ofSources = sources.flatMap(({ sourceId, mode }, index): Fault[] => {
    const at = ['sources', String(index)];
    return [
      mode === SourceMode.IDENTIFY &&
        !asksToConfirm(settings) &&
        invalid('A source in mode IDENTIFY is asked after the confirmation: this flow has none.', ...at, 'mode'),
      isSearched(mode) &&
        !isAddressVerified &&
        invalid(
          `A source in mode ${mode} is searched by proven addresses, and this flow proves none: ask for a confirmation, or enroll somebody who is known (match SELF or SELECT).`,
          ...at,
          'mode',
        ),
      isAskedByAnybody(settings, mode) &&
        invalid(
          `Whoever need not sign in must not query a source: have people sign in before it is asked, ${waysToSignIn(mode)}.`,
          ...at,
          'mode',
        ),
      (mode === SourceMode.CLAIM || mode === SourceMode.AUTHENTICATE) &&
        match === MatchPolicy.SELECT &&
        !isAdministrative(settings) &&
        invalid(
          `In mode ${mode} the petitioner shows whose record is theirs: it must not become that of somebody whom they choose (match SELECT).`,
          ...at,
          'mode',
        ),
      sourceId === matchSourceId && invalid('This source is the match server already.', ...at, 'sourceId'),
    ].filter(isFound);
  });
  // It is asked before the confirmation, and what becomes of the petition tells whom it knows.
  const isServerAsked = match === MatchPolicy.EXTERNAL && isBegunByAnybody(settings);
  const message =
    'Whoever need not sign in must not query a match server: have people sign in before, at a source in mode AUTHENTICATE or by another authorization.';
  return isServerAsked ? [...ofSources, invalid(message, 'match')] : ofSources;
}

/** Whether nobody has signed in anywhere by the time that a petition of this flow is submitted. */
function isBegunByAnybody({ authorization, sources }: FlowSettings): boolean {
  return authorization === FlowAuthorization.NONE && !sources.some(({ mode }) => mode === SourceMode.AUTHENTICATE);
}

/** Whether nobody whose petition it is has signed in anywhere by the time that a source is queried in this mode. */
function isAskedByAnybody(settings: FlowSettings, mode: SourceMode): boolean {
  if (!isBegunByAnybody(settings)) return false;
  if (mode === SourceMode.CLAIM) return true;
  if (!isSearched(mode)) return false;
  // Only a confirmation asks the enrollee to sign in, and comes before the sources that identify them.
  const isIdentified = settings.sources.some((source) => source.mode === SourceMode.IDENTIFY);
  return !(asksToConfirm(settings) && (settings.requiresAuthentication || isIdentified));
}

const waysToSignIn = (mode: SourceMode) =>
  mode === SourceMode.CLAIM
    ? 'at a source in mode AUTHENTICATE, or by another authorization'
    : 'to confirm (requiresAuthentication), at a source in mode AUTHENTICATE or IDENTIFY, or by another authorization';

const { AUTHENTICATE, RETRIEVE, SEARCH_BY_EMAIL, SEARCH_BY_IDENTIFIER, MATCH } = SourceCapability;

/** What each mode asks of a source: one capability of each list. */
const NEEDED: Record<SourceMode, SourceCapability[][]> = {
  AUTHENTICATE: [[AUTHENTICATE]],
  IDENTIFY: [[AUTHENTICATE]],
  CLAIM: [[SEARCH_BY_EMAIL]],
  SEARCH: [[SEARCH_BY_EMAIL]],
  SEARCH_REQUIRED: [[SEARCH_BY_EMAIL]],
  SELECT: [[RETRIEVE], [SEARCH_BY_EMAIL, SEARCH_BY_IDENTIFIER]],
  NONE: [],
};

/** Which of the sources that were found cannot do what the flow asks of them. Those that were not are told elsewhere. */
export function checkFoundSources(settings: FlowSettings, found: ReadonlyMap<string, FoundSource>): Fault[] {
  const { sources, matchSourceId } = settings;
  const server = matchSourceId ? found.get(matchSourceId) : undefined;
  return [
    ...sources.flatMap(({ sourceId, mode }, index) => {
      const { name, capabilities } = found.get(sourceId) ?? {};
      if (!capabilities) return [];
      const lacking = NEEDED[mode].filter((wanted) => !wanted.some((one) => capabilities.includes(one)));
      const needed = lacking.map((wanted) => wanted.join(' or ')).join(', and ');
      const message = `${mode} needs the capability ${needed}, which the source “${name}” has not.`;
      return lacking.length ? [invalid(message, 'sources', String(index), 'mode')] : [];
    }),
    server &&
      !(server.kind === SourceKind.MATCH && server.capabilities.includes(MATCH)) &&
      invalid(`The source “${server.name}” is no match server (kind MATCH).`, 'matchSourceId'),
  ].filter((one): one is Fault => Boolean(one));
}

/** Attributes that say who the person is: not what they are in an organization, nor what is only for the approvers. */
const OF_PERSON: readonly AttributeTarget[] = [
  AttributeTarget.USER_GIVEN_NAME,
  AttributeTarget.USER_FAMILY_NAME,
  AttributeTarget.USER_EMAIL,
  AttributeTarget.USER_IDENTIFIER,
  AttributeTarget.USER_ATTRIBUTE,
];

/** What of the sources that were found is worth a second look. */
export function warnOfFoundSources(settings: FlowSettings, found: ReadonlyMap<string, FoundSource>): FlowWarning[] {
  const { sources, matchSourceId, attributes } = settings;
  const isSuspended = (id: string | null) => id !== null && found.get(id)?.status === SourceStatus.SUSPENDED;
  const giving = sourcesOf(settings, PetitionStep.SOURCES).find(({ sourceId }) => found.get(sourceId)?.givesPeople);
  return [
    ...sources.flatMap(({ sourceId, mode }, index) => {
      if (!isSuspended(sourceId) || mode === SourceMode.NONE) return [];
      const message = `The source “${found.get(sourceId)!.name}” is suspended: petitions go on as if it were not attached.`;
      return [{ message, field: ['sources', String(index), 'sourceId'] }];
    }),
    ...(isSuspended(matchSourceId)
      ? [{ message: 'The match server is suspended: nobody is compared by it.', field: ['matchSourceId'] }]
      : []),
    ...attributes.flatMap(({ target, enablement }, index) => {
      if (!giving || !OF_PERSON.includes(target) || enablement === Enablement.NOT_PERMITTED) return [];
      const { name } = found.get(giving.sourceId)!;
      const message = `The pipeline of the source “${name}” says already who the person is: asked for as well, there would be two answers.`;
      return [{ message, field: ['attributes', String(index), 'target'] }];
    }),
  ];
}
