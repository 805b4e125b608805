import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { carrying, chooseHits } from '../../src/enrollment/checks/choose-hits.js';
import { foldFamilyName, hasFamilyName } from '../../src/enrollment/checks/family-names.js';
import { asksMatchServer, questionsOf } from '../../src/enrollment/checks/questions.js';
import { waitOf } from '../../src/enrollment/checks/send-job.js';
import { FlowAuthorization, SourceMode } from '../../src/entities/enums.js';
import type { PersonRecord } from '../../src/entities/person-record.js';
import { account, flowOf } from '../support/petition-arbitraries.js';
import { FIRST, KIM, Petition, SECOND, sources } from '../support/petition-driver.js';

const hit = (key: string, given: Partial<PersonRecord> = {}): PersonRecord => ({
  ...{ key, names: [], emails: [], identifiers: [], affiliation: null, attributes: {}, raw: null },
  ...given,
});
const family = (familyName: string | null, givenName: string | null = 'Ada') => [{ givenName, familyName }];

describe('family names', () => {
  it.each([
    ['de la Tour', 'DELATOUR'],
    ['D’Arc', "d'arc"],
    ['Saint-Exupéry', 'SAINT EXUPERY'],
    ['Lefœuvre', 'LEFOEUVRE'],
    ['Ångström', 'angstrom'],
    ['ﬁscher', 'FISCHER'],
    ['İnan', 'inan'],
    ['Þór', 'thor'],
    ['Νικολάου', 'ΝΙΚΟΛΑΟΥ'],
  ])('%s is %s', (one, other) => expect(foldFamilyName(one)).toBe(foldFamilyName(other)));

  it.each([
    ['Martin', 'Martins'],
    ['राम', 'रम'],
    ['Dupont', 'Dupond'],
  ])('%s is not %s', (one, other) => expect(foldFamilyName(one)).not.toBe(foldFamilyName(other)));

  it('nothing to compare is nobody’s name', () => {
    for (const nothing of [null, undefined, '', ' ', '-', '’']) expect(foldFamilyName(nothing)).toBeNull();
    expect(hasFamilyName(family('-'), ['-', null])).toBe(false);
    expect(hasFamilyName(family(null), ['Martin'])).toBe(false);
    expect(hasFamilyName(family(' ', ''), ['Martin'])).toBe(true);
    expect(hasFamilyName([], [])).toBe(true);
    expect(hasFamilyName(family('Martin'), [])).toBe(false);
  });

  it('how a name is written makes no difference to how it folds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const folded = foldFamilyName(name);
        expect(foldFamilyName(name.normalize('NFD'))).toBe(folded);
        expect(foldFamilyName(` ${name}-`)).toBe(folded);
        if (folded !== null) expect(foldFamilyName(folded)).toBe(folded);
      }),
    );
  });
});

describe('hits', () => {
  it('carry the address that was asked about, each once', () => {
    const emails = (...addresses: string[]) => addresses.map((address) => ({ address, isVerified: true }));
    const found = [
      hit('a', { emails: emails('ADA@Example.org') }),
      hit('b', { emails: emails('ada@example.org.evil.example') }),
      hit('c'),
      hit('a', { emails: emails('x@example.org', 'ada@example.org') }),
    ];
    expect(carrying(found, ['ada@example.org']).map(({ key }) => key)).toEqual(['a']);
    expect(carrying(found, [])).toEqual([]);
  });

  it('vouch for that address: what a record merely says is nobody’s proof', () => {
    const found = [
      hit('said', { emails: [{ address: 'ada@example.org', isVerified: false }] }),
      hit('both', {
        emails: [
          { address: 'ada@example.org', isVerified: false },
          { address: 'ada@home.example', isVerified: true },
        ],
      }),
    ];
    expect(carrying(found, ['ada@example.org'])).toEqual([]);
    expect(carrying(found, ['ada@home.example']).map(({ key }) => key)).toEqual(['both']);
  });

  it('of somebody else, or that were taken away by hand, are never taken', () => {
    const owners = fc.record({
      owner: fc.constantFrom(null, 'me', 'other'),
      isUnlinked: fc.boolean(),
      name: fc.constantFrom('Martin', 'Dupont', null),
    });
    fc.assert(
      fc.property(
        fc.array(owners, { maxLength: 6 }),
        fc.constantFrom(null, 'me'),
        fc.boolean(),
        (facts, userId, verifies) => {
          const hits = facts.map(({ name }, index) => hit(String(index), { names: name ? family(name) : [] }));
          const known = facts.map(({ owner, isUnlinked }, index) => ({
            key: String(index),
            userId: owner,
            isUnlinked,
          }));
          const { taken, others, mismatches } = chooseHits(hits, known, { userId, familyNames: ['MARTIN'] }, verifies);
          for (const { key } of taken) {
            const { owner, isUnlinked, name } = facts[Number(key)]!;
            expect(owner === userId || owner === null).toBe(true);
            if (owner === null) expect([isUnlinked, verifies && name === 'Dupont']).toEqual([false, false]);
          }
          expect(others).toEqual(facts.flatMap(({ owner }) => (owner && owner !== userId ? [owner] : [])));
          expect(taken.length + others.length + mismatches).toBeLessThanOrEqual(facts.length);
          if (!verifies) expect(mismatches).toBe(0);
        },
      ),
    );
  });
});

describe('what is asked', () => {
  const searching = (authorization: FlowAuthorization) =>
    new Petition(
      flowOf({
        authorization,
        attributes: [],
        match: 'SELF' as never,
        sources: sources(SourceMode.SEARCH, SourceMode.SEARCH_REQUIRED),
      }),
      account({ userId: KIM, email: 'kim@example.org', isEmailVerified: true }),
    );

  it('are the sources that the petition waits for, in their order, until they have answered', () => {
    const petition = searching(FlowAuthorization.SIGNED_IN);
    const asked = () => questionsOf(petition.flow, petition.state).map(({ sourceId }) => sourceId);
    expect(asked()).toEqual([FIRST, SECOND]);
    petition.answer(FIRST, 'UNAVAILABLE');
    expect(asked()).toEqual([FIRST, SECOND]);
    petition.answer(SECOND, 'LINKED');
    expect(asked()).toEqual([FIRST]);
    petition.answer(FIRST, 'NOT_FOUND');
    expect(asked()).toEqual([]);
    expect(asksMatchServer(petition.state)).toBe(false);
  });

  it('nothing while nobody has signed in', () => {
    const petition = searching(FlowAuthorization.SIGNED_IN);
    const { progress } = petition.state;
    const anonymous = { ...petition.state, progress: { ...progress, isAuthenticated: false } };
    expect(questionsOf(petition.flow, anonymous)).toEqual([]);
    const { isAuthenticated: _known, ...before } = progress;
    expect(questionsOf(petition.flow, { ...petition.state, progress: before })).toEqual([]);
  });
});

it('waits between attempts grow from half a minute to an hour', () => {
  for (const chance of [0, 0.5, 1]) {
    const waits = Array.from({ length: 40 }, (_, attempt) => waitOf(attempt, chance));
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(30);
      expect(wait).toBeLessThanOrEqual(3_600);
      if (index) expect(wait).toBeGreaterThanOrEqual(waits[index - 1]!);
    }
  }
  expect(waitOf(0, 1)).toBe(60);
  expect(waitOf(39, 1)).toBe(3_600);
});
