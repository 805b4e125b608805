import fc from 'fast-check';
import {
  ApprovalRule,
  AttributeTarget,
  AttributeType,
  AttributeVisibility,
  ConfirmationMode,
  DecisionDemand,
  DuplicateMode,
  Enablement,
  FactorKind,
  FlowAuthorization,
  MailLocale,
  MatchPolicy,
  PetitionMailKind,
  PetitionParty,
  SourceMode,
  TermsMode,
  VettingStatus,
} from '../../src/entities/enums.js';
import type { AttributeDefinition, FlowSettings } from '../../src/entities/flow-settings.js';
import { DEFAULT_SETTINGS } from '../../src/enrollment/flows/default-settings.js';
import type {
  Account,
  Command,
  Facts,
  GivenEmail,
  KnownPerson,
  PetitionState,
  SourceOutcome,
} from '../../src/enrollment/machine/state.js';

const id = (number: number) => `01936d5e-0000-7000-8000-${String(number).padStart(12, '0')}`;

export const USERS = [1, 2, 3, 4, 5].map(id);
export const SOURCES = [11, 12, 13, 14].map(id);
export const ORGANIZATION = id(21);
export const ROLE = id(31);
const MATCH_SERVER = id(41);
export const TERMS = ['terms-a:1', 'terms-b:3'];
/** What match servers call people. */
const REFERENCES = ['M1', 'M2'];
const ADDRESSES = ['ada@example.org', 'grace@example.org', null];
export const PARTIES = Object.values(PetitionParty);

/** A flow of which only this is said. */
export const flowOf = (changes: Partial<FlowSettings> = {}): FlowSettings => ({ ...DEFAULT_SETTINGS, ...changes });

/** The world, where nothing is said of it: the flow is active, and nobody is known. */
export const factsOf = (changes: Partial<Facts> = {}): Facts => ({
  isFlowActive: true,
  terms: [],
  factors: [],
  approvers: [],
  known: null,
  ...changes,
});

/** An attribute that is asked for. */
export const attributeOf = (changes: Partial<AttributeDefinition> = {}): AttributeDefinition => ({
  key: 'motive',
  type: AttributeType.TEXT,
  label: 'Motive',
  description: null,
  enablement: Enablement.REQUIRED,
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
  choices: [],
  isMultiple: false,
  mediaTypes: [],
  ...changes,
});

export const EMAIL = attributeOf({
  key: 'email',
  label: 'Email address',
  type: AttributeType.EMAIL,
  target: AttributeTarget.USER_EMAIL,
});

export const DENIAL_WORDS = {
  kind: PetitionMailKind.DENIED,
  locale: MailLocale.EN,
  subject: 'Your request',
  text: 'It was turned down.',
  html: null,
};

export const account = (changes: Partial<Account> = {}): Account => ({
  userId: USERS[0]!,
  email: 'ada@example.org',
  isEmailVerified: false,
  ...changes,
});

export const known = (changes: Partial<KnownPerson> = {}): KnownPerson => ({
  userId: USERS[1]!,
  via: 'ADDRESS',
  isEnrolled: true,
  isMember: false,
  ...changes,
});

const anyOf = <Value>(values: Record<string, Value>) => fc.constantFrom(...Object.values(values));

/** Settings at random, of which some do not go together. */
const ANY_SETTINGS = fc.record({
  authorization: anyOf(FlowAuthorization),
  match: anyOf(MatchPolicy),
  duplicateMode: anyOf(DuplicateMode),
  confirmation: anyOf(ConfirmationMode),
  regeneratesConfirmation: fc.boolean(),
  requiresAuthentication: fc.boolean(),
  requestsVetting: fc.boolean(),
  requiresApproval: fc.boolean(),
  approvalRule: anyOf(ApprovalRule),
  approvalCount: fc.integer({ min: 1, max: 3 }),
  decisionConfirmation: anyOf(DecisionDemand),
  decisionComment: anyOf(DecisionDemand),
  allowsOwnApproval: fc.boolean(),
  notificationRoleId: fc.constantFrom(null, ROLE),
  notifiesOfDecision: fc.boolean(),
  notifiesOfFinalization: fc.boolean(),
  mailTemplates: fc.subarray([DENIAL_WORDS]),
  terms: anyOf(TermsMode),
  authenticators: fc
    .subarray([FactorKind.TOTP, FactorKind.PASSKEY])
    .chain((kinds) =>
      fc.tuple(...kinds.map((kind) => fc.record({ kind: fc.constant(kind), enablement: anyOf(Enablement) }))),
    ),
  attributes: fc.subarray([EMAIL, attributeOf(), attributeOf({ key: 'never', enablement: Enablement.NOT_PERMITTED })]),
  modes: fc.array(anyOf(SourceMode), { maxLength: SOURCES.length }),
  assignedIdentifiers: fc.subarray([{ type: 'badge', format: 'B{number}' }]),
  accountSystems: fc.subarray(['mail']),
  expiryDays: fc.constantFrom(null, 30),
  reminderCount: fc.integer({ min: 0, max: 3 }),
  escalationHours: fc.constantFrom(null, 24),
});

/** Flows of which all but their sources can be saved. */
const MOST_FLOWS = ANY_SETTINGS.map(({ modes, ...given }) => {
  const flow: FlowSettings = { ...DEFAULT_SETTINGS, ...given, organizationIds: [ORGANIZATION] };
  const isAdministrative = flow.authorization.includes('ADMINISTRATOR');
  if (flow.authorization.startsWith('ORGANIZATION_')) flow.authorizationOrganizationId = ORGANIZATION;
  if (flow.authorization === 'ROLE_HOLDER') flow.authorizationRoleId = ROLE;
  if (flow.authorization === 'NONE' && ['SELF', 'SELECT'].includes(flow.match)) flow.match = MatchPolicy.NONE;
  if (flow.match === 'SELECT' && !isAdministrative) flow.letsPetitionersFindPeople = true;
  if (flow.match === 'EXTERNAL') {
    flow.matchSourceId = MATCH_SERVER;
    if (flow.duplicateMode === 'MERGE') flow.duplicateMode = DuplicateMode.FLAG;
  }
  const isChosen = ['SELF', 'SELECT'].includes(flow.match);
  const confirms = flow.confirmation !== 'NONE';
  if (!confirms) Object.assign(flow, { requiresAuthentication: false, regeneratesConfirmation: false });
  if (confirms && !isChosen && !flow.attributes.includes(EMAIL)) flow.attributes = [...flow.attributes, EMAIL];
  flow.sources = modes.map((mode, index) => ({ sourceId: SOURCES[index]!, mode, verifiesFamilyName: false }));
  if (flow.requestsVetting) flow.requiresApproval = true;
  if (!flow.requiresApproval) {
    const { approvalRule, decisionConfirmation, decisionComment, allowsOwnApproval, escalationHours } =
      DEFAULT_SETTINGS;
    Object.assign(flow, { approvalRule, decisionConfirmation, decisionComment, allowsOwnApproval, escalationHours });
  }
  if (flow.approvalRule !== 'N_OF_M') flow.approvalCount = null;
  flow.reminderHours = flow.reminderCount ? 48 : null;
  const hasAccount = flow.requiresAuthentication || flow.match === 'SELF';
  flow.authenticators = flow.authenticators.map((one) =>
    one.enablement === 'REQUIRED' && !hasAccount ? { ...one, enablement: Enablement.OPTIONAL } : one,
  );
  return flow;
});

/** Flows that can be saved: `checkFlow` finds no fault with them. */
export const FLOWS: fc.Arbitrary<FlowSettings> = MOST_FLOWS.map((flow) => {
  const isAdministrative = flow.authorization.includes('ADMINISTRATOR');
  const isAnonymous = flow.authorization === 'NONE';
  const isChosen = ['SELF', 'SELECT'].includes(flow.match);
  const confirms = flow.confirmation !== 'NONE';
  const has = (mode: string) => flow.sources.some((source) => source.mode === mode);
  const keep = (isKept: (mode: string) => boolean) => {
    flow.sources = flow.sources.filter(({ mode }) => isKept(mode));
  };
  keep((mode) => mode !== 'IDENTIFY' || confirms);
  // For somebody whom the petitioner chooses, they do not show who they are themselves.
  keep((mode) => mode !== 'AUTHENTICATE' || isAdministrative || flow.match !== 'SELECT');
  if (isAnonymous && flow.match === 'EXTERNAL' && !has('AUTHENTICATE'))
    Object.assign(flow, { match: MatchPolicy.NONE, matchSourceId: null });
  const isClaimable = isAdministrative || (flow.match !== 'SELECT' && (!isAnonymous || has('AUTHENTICATE')));
  keep((mode) => mode !== 'CLAIM' || isClaimable);
  const isAsked = (isAdministrative ? ['SELECT'] : ['AUTHENTICATE', 'CLAIM']).some(has);
  const isSignedIn =
    !isAnonymous || has('AUTHENTICATE') || (confirms && (flow.requiresAuthentication || has('IDENTIFY')));
  keep((mode) => !mode.startsWith('SEARCH') || ((confirms || isChosen || isAsked) && isSignedIn));
  return flow;
});

/** Flows as they could be saved once: their sources are asked where nobody has signed in, and for whom they cannot be. */
export const OLD_FLOWS: fc.Arbitrary<FlowSettings> = MOST_FLOWS;

/** One turn: numbers of which a command, who gives it, and the world are made. */
export interface Turn {
  /** Whether the command is one of those that can be given now. */
  isGuided: boolean;
  numbers: number[];
}

export const TURNS: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    isGuided: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    numbers: fc.array(fc.nat(999), { minLength: 12, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 24, size: 'max' },
);

const pick = <Value>(values: readonly Value[], number: number): Value => values[number % values.length]!;
const subset = <Value>(values: readonly Value[], number: number) => values.filter((_, index) => (number >> index) & 1);

function emailFrom(number: number): GivenEmail {
  return { normalized: pick(ADDRESSES.slice(0, 2) as string[], number), isVerified: number % 3 === 0 };
}

export function accountFrom(number: number): Account {
  const email = pick(ADDRESSES, number >> 3);
  return { userId: pick(USERS, number), email, isEmailVerified: email !== null && Boolean(number & 1) };
}

function knownFrom(number: number): KnownPerson {
  const isEnrolled = number % 5 < 2;
  const isMember = isEnrolled && Boolean(number & 1);
  return { userId: pick(USERS, number >> 2), via: number & 2 ? 'LOGIN' : 'ADDRESS', isEnrolled, isMember };
}

export function factsFrom({ numbers }: Turn): Facts {
  const [active, terms, factors, approvers, isKnown, who] = numbers.slice(6) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    isFlowActive: active % 12 !== 11,
    terms: subset(TERMS, terms),
    factors: subset([FactorKind.TOTP, FactorKind.PASSKEY], factors),
    approvers: subset(USERS.slice(2), approvers).map((userId) => ({
      userId,
      delegateIds: approvers & 8 ? [pick(USERS, approvers >> 4)] : [],
    })),
    known: isKnown % 4 === 0 ? knownFrom(who) : null,
    suspendedSources: isKnown % 7 === 0 ? subset(SOURCES, who) : [],
    hasVerifiedRecordEmail: who % 5 === 0,
    ownProof: pick([null, null, 'SIGN_IN', 'FACTOR'] as const, approvers >> 2),
    linking:
      factors % 8 === 0
        ? null
        : {
            isBare: terms % 5 > 0,
            isRecent: approvers % 4 > 0,
            isMailedToEnrollee: factors % 7 > 0,
            hasFactor: terms % 3 === 0,
          },
  };
}

/** Who gives the command: often whom the petition waits for. */
export function partiesFrom({ numbers }: Turn, fitting: readonly string[]): PetitionParty[] {
  const some = subset(PARTIES, numbers[1]!);
  const one = fitting.length && numbers[2]! % 8 ? [pick(fitting, numbers[2]!) as PetitionParty] : [];
  return [...new Set([...one, ...(numbers[2]! % 3 ? [] : some)])];
}

/** A command of this kind, with what it says made of the numbers. */
export function commandFrom(
  kind: Command['kind'],
  { numbers }: Turn,
  flow: FlowSettings,
  state: PetitionState,
): Command {
  const [, , , one, two, three] = numbers as [number, number, number, number, number, number];
  const userId = one % 3 ? pick(USERS, one >> 2) : null;
  switch (kind) {
    case 'SELECT_ENROLLEE':
      return { kind, account: accountFrom(one) };
    case 'ANSWER_SOURCE': {
      const outcomes: SourceOutcome[] = [
        'LINKED',
        'LINKED',
        'LINKED',
        'NOT_FOUND',
        'NAME_MISMATCH',
        'UNAVAILABLE',
        'SUSPENDED',
      ];
      const open = flow.sources.filter(({ sourceId }) => !state.progress.sources[sourceId]);
      const asked = one % 4 && open.length ? open : [...flow.sources, { sourceId: id(99) }];
      return {
        kind,
        sourceId: pick(asked, one >> 2).sourceId,
        outcome: pick(outcomes, two),
        account: three % 3 ? accountFrom(two) : null,
        known: three % 4 ? null : knownFrom(three >> 1),
        email: two % 3 ? null : emailFrom(three),
        ...(three % 5 === 4 ? { about: pick(ADDRESSES, two) } : {}),
      };
    }
    case 'GIVE_EMAIL':
      return { kind, email: emailFrom(two), userId };
    case 'PROVE_EMAIL':
      return { kind, userId };
    case 'CHOOSE_MATCH':
      return { kind, referenceId: pick([...REFERENCES, null, 'unknown'], two) };
    case 'ANSWER_MATCH': {
      const outcome = pick(['NEW', 'KNOWN', 'CHOICES', 'PENDING', 'ERROR', 'SUSPENDED', 'NEW'] as const, one);
      const identifier = three % 2 ? { type: 'reference', value: pick(REFERENCES, three) } : null;
      if (outcome === 'KNOWN') return { kind, outcome, known: knownFrom(two), identifier };
      if (outcome === 'NEW') return { kind, outcome, identifier };
      if (outcome !== 'CHOICES') return { kind, outcome };
      const named = subset(REFERENCES, 1 + (two % 3));
      return { kind, outcome, candidates: named.map((referenceId) => ({ referenceId, names: [], emails: [] })) };
    }
    case 'SUBMIT_ATTRIBUTES': {
      const normalized = pick(ADDRESSES, one);
      return { kind, email: normalized ? { normalized, isVerified: two % 4 === 0 } : null, userId };
    }
    case 'AGREE_TO_TERMS':
      return { kind, terms: two % 4 ? TERMS : subset(TERMS, two >> 2), userId };
    case 'CONFIRM':
      return { kind, userId };
    case 'CONTINUE':
      return { kind, userId, account: two % 3 ? accountFrom(two) : null };
    case 'RECORD_VETTING': {
      const outcomes = [...Object.values(VettingStatus), VettingStatus.PASSED, VettingStatus.PASSED];
      return { kind, outcome: pick(outcomes, one) };
    }
    case 'APPROVE':
    case 'DENY': {
      const comment = two % 4 ? 'As agreed.' : ' ';
      return { kind, approverId: pick(USERS, one), comment, isConfirmed: three % 4 > 0 };
    }
    case 'FLAG_DUPLICATE':
    case 'CANCEL':
      return { kind, comment: two % 2 ? 'x'.repeat(two) : null };
    case 'REMIND':
      return two % 2 ? { kind, number: two % 7 } : { kind };
    case 'FINALIZED':
      return { kind, enrolleeUserId: pick(USERS, one), identifiers: two % 2 ? ['B1'] : [], isMerged: three % 2 === 0 };
    case 'FAIL_STEP':
      return { kind, message: 'The address is taken.' };
    default:
      return { kind };
  }
}
