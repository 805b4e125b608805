import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Applied } from '../../src/enrollment/pipelines/applied.js';
import { DEFAULT_PIPELINE } from '../../src/enrollment/pipelines/default-settings.js';
import { type AskedRecord, planRecords } from '../../src/enrollment/pipelines/plan.js';
import { createWorld, type PipelinePerson } from '../../src/enrollment/pipelines/world.js';
import { AttributeTarget, MembershipSource, UserStatus } from '../../src/entities/enums.js';
import type { PersonRecord } from '../../src/entities/person-record.js';
import type { PipelineSettings } from '../../src/entities/pipeline-settings.js';
import { PipelineAction, PipelineMatch, PipelineRemoval } from '../../src/entities/source-enums.js';

const NOW = new Date('2026-11-22T10:00:00Z');
const [HERE, THERE] = ['organization-1', 'organization-2'];
const ROLES = ['role-1', 'role-2'];
const word = fc.constantFrom('a', 'b', 'c');
const address = word.map((name) => `${name}@example.org`);

const settings: fc.Arbitrary<PipelineSettings> = fc
  .record({
    match: fc.constantFrom(PipelineMatch.EMAIL_ADDRESS, PipelineMatch.IDENTIFIER, PipelineMatch.NONE),
    createsUsers: fc.boolean(),
    copiesName: fc.boolean(),
    copiesEmail: fc.boolean(),
    copiedIdentifierTypes: fc.constantFrom<string[]>([], ['hr']),
    attributes: fc.constantFrom<PipelineSettings['attributes']>(
      [],
      [{ from: 'phone', target: AttributeTarget.USER_ATTRIBUTE, targetName: 'phone' }],
      [{ from: 'affiliation', target: AttributeTarget.MEMBERSHIP_ATTRIBUTE, targetName: 'status' }],
    ),
    organizationId: fc.constantFrom(null, HERE),
    roleIds: fc.subarray(ROLES),
    affiliationRoles: fc.constantFrom<PipelineSettings['affiliationRoles']>(
      [],
      [{ affiliation: 'a', roleId: ROLES[1]! }],
    ),
    removal: fc.constantFrom(...Object.values(PipelineRemoval)),
  })
  .map((chosen) => ({ ...DEFAULT_PIPELINE, matchIdentifierType: 'hr', graceDays: 3, ...chosen }));

const record: fc.Arbitrary<PersonRecord> = fc.record({
  key: word,
  names: fc.array(
    fc.record({ givenName: fc.option(word, { nil: null }), familyName: fc.option(word, { nil: null }) }),
    { maxLength: 2 },
  ),
  emails: fc.array(fc.record({ address, isVerified: fc.boolean() }), { maxLength: 2 }),
  identifiers: fc.array(fc.record({ type: fc.constant('hr'), value: word }), { maxLength: 2 }),
  affiliation: fc.option(word, { nil: null }),
  attributes: fc.record({ phone: word }, { requiredKeys: [] }),
  raw: fc.constant(null),
});

const person = (userId: string, email: string | null): fc.Arbitrary<PipelinePerson> =>
  fc.record({
    userId: fc.constant(userId),
    isNew: fc.constant(false),
    isTenantAdministrator: fc.boolean(),
    status: fc.constantFrom(...Object.values(UserStatus)),
    email: fc.constant(email),
    emailNormalized: fc.constant(email),
    isEmailVerified: email ? fc.boolean() : fc.constant(false),
    givenName: fc.option(word, { nil: null }),
    familyName: fc.option(word, { nil: null }),
    attributes: fc.record({ phone: word }, { requiredKeys: [] }),
    identifiers: fc.constantFrom<PipelinePerson['identifiers']>(
      [],
      [{ type: 'hr', value: userId === 'user-1' ? 'a' : 'b' }],
    ),
    memberships: fc.constantFrom<PipelinePerson['memberships']>(
      {},
      { [HERE]: { id: `member-${userId}`, source: MembershipSource.ADMIN, attributes: {}, roles: [] } },
      { [THERE]: { id: `there-${userId}`, source: MembershipSource.SSO, attributes: {}, roles: [] } },
    ),
    records: fc.constant([]),
  });

const people = fc.tuple(person('user-1', 'a@example.org'), person('user-2', null));

const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

const worldOf = (known: readonly PipelinePerson[]) =>
  createWorld(
    copy(known),
    new Map([
      [HERE, true],
      [THERE, true],
    ]),
    ROLES,
  );

const asking = (given: PersonRecord, overrides: Partial<AskedRecord> = {}): AskedRecord => ({
  id: 'record-1',
  action: PipelineAction.ADD,
  record: given,
  userId: null,
  isUnlinked: false,
  chosenUserId: null,
  applied: {},
  petitionId: null,
  newUserId: 'user-new',
  reference: null,
  endsGrace: false,
  ...overrides,
});

/** A person but for whose records they have. */
const bare = (one: PipelinePerson | undefined) => one && copy({ ...one, records: [], isNew: false });

it('a plan changes nothing by itself, and the same record again changes nobody', () => {
  fc.assert(
    fc.property(settings, record, people, (chosen, given, known) => {
      const world = worldOf(known);
      const [first] = planRecords(chosen, [asking(given)], world, NOW);
      const after = new Map([...world.people].map(([id, one]) => [id, bare(one)]));
      const { userId, isUnlinked, applied } = first!;
      for (const action of [PipelineAction.UPDATE, PipelineAction.ADD]) {
        if (!userId) break;
        const [again] = planRecords(
          chosen,
          [asking(given, { action, userId, isUnlinked, applied: copy(applied), newUserId: 'user-newer' })],
          world,
          NOW,
        );
        expect(again!.person).toBeNull();
        const told = ({ failure: _, ...rest }: Applied) => rest;
        expect(told(again!.applied)).toEqual(told(applied));
        expect(new Map([...world.people].map(([id, one]) => [id, bare(one)]))).toEqual(after);
      }
    }),
    { numRuns: 500 },
  );
});

it('what somebody had stays theirs, and unlinking gives back what they were', () => {
  fc.assert(
    fc.property(settings, record, people, (chosen, given, known) => {
      const world = worldOf(known);
      const [linked] = planRecords({ ...chosen, removal: PipelineRemoval.END_MEMBERSHIP }, [asking(given)], world, NOW);
      const before = known.find(({ userId }) => userId === linked!.userId);
      if (!before) return;
      for (const name of ['email', 'givenName', 'familyName'] as const)
        if (before[name] !== null) expect(world.people.get(before.userId)![name]).toBe(before[name]);
      const { userId, applied } = linked!;
      const unlinking = asking(given, { action: PipelineAction.UNLINK, userId, applied: copy(applied) });
      planRecords({ ...chosen, removal: PipelineRemoval.END_MEMBERSHIP }, [unlinking], world, NOW);
      expect(bare(world.people.get(before.userId))).toEqual(bare(before));
    }),
    { numRuns: 500 },
  );
});

it('no address and no identifier is ever of two people, and no administrator is found or suspended', () => {
  fc.assert(
    fc.property(settings, fc.array(record, { minLength: 1, maxLength: 6 }), people, (chosen, given, known) => {
      const world = worldOf(known);
      const asked = given.map((one, index) => asking(one, { id: `record-${index}`, newUserId: `new-${index}` }));
      const plans = planRecords(chosen, asked, world, NOW);
      const all = [...world.people.values()];
      const addresses = all.flatMap(({ emailNormalized }) => emailNormalized ?? []);
      expect(new Set(addresses).size).toBe(addresses.length);
      const identifiers = all.flatMap((one) => one.identifiers.map(({ type, value }) => `${type} ${value}`));
      expect(new Set(identifiers).size).toBe(identifiers.length);
      for (const { userId } of plans)
        expect(world.people.get(userId ?? '')?.isTenantAdministrator ?? false).toBe(false);
      const removals = asked.map((one, index) => {
        const { userId, applied } = plans[index]!;
        return { ...one, action: PipelineAction.DELETE, userId, applied: copy(applied) };
      });
      planRecords(chosen, removals, world, NOW);
      for (const { userId, status, isTenantAdministrator } of known)
        if (isTenantAdministrator) expect(world.people.get(userId)!.status).toBe(status);
    }),
    { numRuns: 500 },
  );
});
