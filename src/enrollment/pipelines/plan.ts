import { isDeepStrictEqual } from 'node:util';
import { UserStatus } from '../../entities/enums.js';
import type { PersonRecord } from '../../entities/person-record.js';
import type { PipelineSettings } from '../../entities/pipeline-settings.js';
import { PipelineAction, PipelineOutcome, PipelineRemoval } from '../../entities/source-enums.js';
import type { Applied } from './applied.js';
import { endMemberships, giveMembership, takeAttributesBack } from './give-membership.js';
import { giveValues, type Giving, takeValuesBack } from './give-values.js';
import { matchPeople, type Reference } from './match.js';
import { enact, type PipelinePerson, type PipelineWorld } from './world.js';

const DAY = 24 * 60 * 60_000;

/** A record that a pipeline is to act on. Ids are uuids. */
export interface AskedRecord {
  id: string;
  action: PipelineAction;
  /** What the source says; null where nothing of it is kept: enough for DELETE and UNLINK. */
  record: PersonRecord | null;
  /** Whose it is; null: nobody's. */
  userId: string | null;
  isUnlinked: boolean;
  /** The person whom it is to be of, whatever it would match. */
  chosenUserId: string | null;
  applied: Applied;
  /** The petition that was opened for it, or for which it was asked. */
  petitionId: string | null;
  /** The id of the account, if one is made. */
  newUserId: string;
  /** What the match server said, where it was asked. */
  reference: Reference | null;
  /** Of DELETE: the days of grace are over. */
  endsGrace: boolean;
}

/** What becomes of a record and its person. */
export interface RecordPlan {
  outcome: PipelineOutcome | null;
  /** What could not be done, or why nothing was; for administrators. */
  message: string | null;
  userId: string | null;
  isUnlinked: boolean;
  applied: Applied;
  /** The person afterwards; null where nothing becomes of anybody. */
  person: PipelinePerson | null;
  /** The same before; null for an account that is made. Of `planRecords` alone. */
  before: PipelinePerson | null;
  /** A petition of the pipeline's flow is opened for the person. */
  opensPetition: boolean;
  graceEndsAt: Date | null;
}

const { ADD, UPDATE, DELETE, RELINK, UNLINK } = PipelineAction;
const { CREATED, LINKED, UPDATED, REMOVED, UNLINKED, UNCHANGED, SKIPPED, FAILED } = PipelineOutcome;

/**
 * What a pipeline makes of one record (section 7 of the rules of enrollment). Without a pipeline, a record becomes the
 * chosen person's, and nothing else. The same for what is written and for its preview. Pure: the world is not changed.
 */
export function planRecord(
  settings: PipelineSettings | null,
  asked: AskedRecord,
  world: PipelineWorld,
  at: Date,
): RecordPlan {
  if (asked.action === UNLINK) return planUnlinking(settings, asked, world);
  if (asked.endsGrace) return planGraceEnd(asked, world);
  if (asked.action === DELETE) return planRemoval(settings, asked, world, at);
  return planTaking(settings, asked, world);
}

/** The plans of several records, each as if those before it were written already. The world is brought up to date. */
export function planRecords(
  settings: PipelineSettings | null,
  asked: readonly AskedRecord[],
  world: PipelineWorld,
  at: Date,
): RecordPlan[] {
  const plans = new Map<AskedRecord, RecordPlan>();
  // Who has a record already comes first: an address that they give up may be somebody else's now.
  const inOrder = [...asked].sort((one, other) => Number(other.userId !== null) - Number(one.userId !== null));
  for (const record of inOrder) {
    const plan = planRecord(settings, record, world, at);
    plans.set(record, { ...plan, before: (plan.person && world.people.get(plan.person.userId)) ?? null });
    if (plan.person) enact(world, plan.person);
    for (const person of [record.userId, plan.userId].map((id) => id && world.people.get(id)))
      if (person) person.records = person.records.filter(({ id }) => id !== record.id);
    const owner = plan.userId ? world.people.get(plan.userId) : undefined;
    if (owner && record.action !== DELETE) owner.records.push({ id: record.id, applied: plan.applied });
  }
  return asked.map((record) => plans.get(record)!);
}

/** What stays as it is, with this to be said. */
function leave(asked: AskedRecord, outcome: PipelineOutcome | null, message: string | null = null): RecordPlan {
  const { userId, isUnlinked, action } = asked;
  const applied = { ...asked.applied };
  delete applied.failure;
  if (message !== null && action !== DELETE) applied.failure = { action, message };
  return {
    outcome,
    message,
    userId,
    isUnlinked,
    applied,
    person: null,
    before: null,
    opensPetition: false,
    graceEndsAt: null,
  };
}

function planTaking(settings: PipelineSettings | null, asked: AskedRecord, world: PipelineWorld): RecordPlan {
  const { action, record, chosenUserId } = asked;
  if (chosenUserId && asked.userId && asked.userId !== chosenUserId)
    return leave(asked, FAILED, 'The record is linked to another person: relink it, if it is not theirs.');
  if (chosenUserId && asked.isUnlinked && action !== RELINK)
    return leave(asked, FAILED, 'An administrator has unlinked this record: it becomes somebody’s by relinking alone.');
  const ofPerson = world.people.get(asked.userId ?? chosenUserId ?? '') ?? null;
  if (chosenUserId && !ofPerson) return leave(asked, FAILED, 'There is no such user.');
  const isOpen = settings !== null && isGateOpen(settings, action);
  if (!isOpen || !record) {
    const outcome = settings ? SKIPPED : null;
    const message = isOpen ? 'Nothing of the record is kept: what it says is copied with the next sync.' : null;
    const left = leave(asked, outcome, message);
    return ofPerson ? { ...left, userId: ofPerson.userId, isUnlinked: false } : left;
  }
  if (ofPerson) return planPerson(settings, asked, record, ofPerson, world);
  if (asked.isUnlinked) return leave(asked, SKIPPED);

  const matched = matchPeople(settings, record, asked.reference, world);
  if ('message' in matched) return leave(asked, FAILED, matched.message);
  const [found, ...rest] = matched.userIds;
  if (rest.length)
    return leave(
      asked,
      FAILED,
      `The record matches ${rest.length + 1} users: link it to one of them, or settle who is who.`,
    );
  if (found) {
    const person = world.people.get(found)!;
    if (person.isTenantAdministrator)
      return leave(
        asked,
        FAILED,
        'The record matches an administrator of the tenant: such records are linked by hand.',
      );
    return planPerson(settings, asked, record, person, world);
  }
  if (action !== ADD || !settings.createsUsers) return leave(asked, SKIPPED);
  return planPerson(settings, asked, record, newPerson(asked.newUserId, settings.userStatus), world);
}

function planPerson(
  settings: PipelineSettings,
  asked: AskedRecord,
  record: PersonRecord,
  before: PipelinePerson,
  world: PipelineWorld,
): RecordPlan {
  const { action, reference } = asked;
  const isLinked = asked.userId === before.userId;
  const plan: RecordPlan = { ...leave(asked, UNCHANGED), userId: before.userId, isUnlinked: false };
  if (before.status === UserStatus.SUSPENDED) {
    const message = 'The account is suspended: nothing was copied or given. Resume it, and the next sync does.';
    const left = leave(asked, isLinked ? SKIPPED : LINKED, message);
    return { ...left, userId: before.userId, isUnlinked: false };
  }
  // The account of an earlier record may not be written yet, either.
  const isMade = before.userId === asked.newUserId;
  const giving = createGiving(asked, before);
  const { person, applied, notes } = giving;
  giveValues(giving, settings, record, reference && 'identifier' in reference ? reference.identifier : null, world);
  const gives = action === ADD || action === RELINK;
  giveMembership(giving, settings, record, gives, world);
  // Somebody who is known is brought as far as can be; nobody is made by halves.
  if (isMade && notes.length) return leave(asked, FAILED, notes.join(' '));
  tidy(applied);
  const message = notes.length ? [...new Set(notes)].join(' ') : null;
  if (isMade) applied.isCreator = true;
  if (message) applied.failure = { action, message };
  const isChanged = !isDeepStrictEqual(person, before);
  const wasWaiting = asked.applied.failure?.action === action && asked.petitionId === null;
  return {
    ...plan,
    outcome: isMade ? CREATED : !isLinked ? LINKED : isChanged ? UPDATED : UNCHANGED,
    message,
    applied,
    person: isMade || isChanged ? person : null,
    opensPetition: gives && settings.flowId !== null && (!isLinked || wasWaiting),
  };
}

function planRemoval(
  settings: PipelineSettings | null,
  asked: AskedRecord,
  world: PipelineWorld,
  at: Date,
): RecordPlan {
  const before = asked.userId ? world.people.get(asked.userId) : undefined;
  if (!settings) return leave(asked, null);
  if (!before || !settings.syncsOnDelete) return leave(asked, SKIPPED);
  if (settings.removal === PipelineRemoval.KEEP) return leave(asked, UNCHANGED);
  const giving = createGiving(asked, before);
  const { person, applied, others } = giving;
  const ends = endMemberships(giving);
  if (settings.removal === PipelineRemoval.END_AFTER_GRACE) {
    if (!ends) return leave(asked, UNCHANGED);
    return { ...leave(asked, REMOVED), graceEndsAt: new Date(at.getTime() + (settings.graceDays ?? 0) * DAY) };
  }
  // An account is suspended only by the record that it was made of, and while no other record stands for it.
  const isToBeSuspended = settings.removal === PipelineRemoval.SUSPEND_USER && person.status !== UserStatus.SUSPENDED;
  const suspends = isToBeSuspended && applied.isCreator === true && !others.length && !person.isTenantAdministrator;
  if (suspends) person.status = UserStatus.SUSPENDED;
  tidy(applied);
  if (!ends && !suspends) return { ...leave(asked, UNCHANGED), applied };
  return { ...leave(asked, REMOVED), applied, person };
}

/**
 * The end of a grace period: the membership ends as if the record had been removed just now. Whatever the pipeline is by
 * then: the day was said.
 */
function planGraceEnd(asked: AskedRecord, world: PipelineWorld): RecordPlan {
  const before = asked.userId ? world.people.get(asked.userId) : undefined;
  if (!before) return leave(asked, SKIPPED);
  const giving = createGiving(asked, before);
  const ends = endMemberships(giving);
  tidy(giving.applied);
  return { ...leave(asked, ends ? REMOVED : UNCHANGED), applied: giving.applied, person: ends ? giving.person : null };
}

/** What was copied from the record, and given for it, goes with it: it was never this person's. */
function planUnlinking(settings: PipelineSettings | null, asked: AskedRecord, world: PipelineWorld): RecordPlan {
  const left: RecordPlan = { ...leave(asked, UNLINKED), userId: null, isUnlinked: true, applied: {} };
  const before = asked.userId ? world.people.get(asked.userId) : undefined;
  if (!before) return left;
  const giving = createGiving(asked, before);
  takeValuesBack(giving);
  if (settings?.removal === PipelineRemoval.KEEP) {
    for (const [organizationId, given] of Object.entries(giving.applied.memberships ?? {})) {
      const member = giving.person.memberships[organizationId];
      if (member) takeAttributesBack(giving, organizationId, given, member);
    }
  } else endMemberships(giving, true);
  return { ...left, person: isDeepStrictEqual(giving.person, before) ? null : giving.person };
}

/** Copies of what is to be changed. */
function createGiving(asked: AskedRecord, before: PipelinePerson): Giving {
  const person = copy(before);
  const applied = copy(asked.applied);
  delete applied.failure;
  const others = before.records.filter(({ id }) => id !== asked.id).map((record) => record.applied);
  return { person, applied, others, notes: [] };
}

const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/** Nothing stands for nothing. */
function tidy(applied: Applied): void {
  if (applied.values && !Object.keys(applied.values).length) delete applied.values;
  if (applied.identifiers && !applied.identifiers.length) delete applied.identifiers;
  if (applied.memberships && !Object.keys(applied.memberships).length) delete applied.memberships;
}

function isGateOpen(settings: PipelineSettings, action: PipelineAction): boolean {
  if (action === ADD) return settings.syncsOnAdd;
  if (action === UPDATE) return settings.syncsOnUpdate;
  return true;
}

function newPerson(userId: string, status: UserStatus): PipelinePerson {
  return {
    userId,
    isNew: true,
    isTenantAdministrator: false,
    status,
    email: null,
    emailNormalized: null,
    isEmailVerified: false,
    givenName: null,
    familyName: null,
    attributes: {},
    identifiers: [],
    memberships: {},
    records: [],
  };
}
