import { describe, expect, it } from '@jest/globals';
import { AttributeTarget, AttributeType, Enablement } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { SourceCapability, SourceKind, SourceStatus } from '../../src/entities/source-enums.js';
import {
  checkFoundSources,
  checkSourceModes,
  type FoundSource,
  warnOfFoundSources,
} from '../../src/enrollment/flows/check-sources.js';
import { DEFAULT_SETTINGS } from '../../src/enrollment/flows/default-settings.js';
import { findWarnings } from '../../src/enrollment/flows/flow-warnings.js';
import { makeDefinition } from '../support/attributes.js';

type Given = { [Name in keyof FlowSettings]?: unknown };
const flow = (given: Given): FlowSettings => ({ ...DEFAULT_SETTINGS, ...(given as object) });
const source = (mode: string, sourceId = mode.toLowerCase()) => ({ sourceId, mode, verifiesFamilyName: false });
const modes = (...names: string[]) => ({ sources: names.map((mode, index) => source(mode, `s${index}`)) });
const placesOf = (faults: readonly { field: string[] | null }[]) => faults.map(({ field }) => field?.join('.'));

const { AUTHENTICATE, SEARCH_BY_EMAIL, SEARCH_BY_IDENTIFIER, RETRIEVE, INVENTORY, MATCH } = SourceCapability;
const found = (given: Partial<FoundSource> = {}): FoundSource => ({
  name: 'People',
  kind: SourceKind.LDAP,
  status: SourceStatus.ACTIVE,
  capabilities: Object.values(SourceCapability),
  givesPeople: false,
  ...given,
});

const CONFIRMED = { authorization: 'NONE', confirmation: 'REVIEW' };
const SIGNED_IN = { ...CONFIRMED, requiresAuthentication: true };

describe('how a flow asks its sources', () => {
  it.each([
    ['CLAIM of whoever comes', { authorization: 'NONE', ...modes('CLAIM') }, ['sources.0.mode']],
    ['CLAIM before the sign-in', { ...SIGNED_IN, ...modes('CLAIM') }, ['sources.0.mode']],
    ['CLAIM before IDENTIFY', { ...CONFIRMED, ...modes('CLAIM', 'IDENTIFY') }, ['sources.0.mode']],
    ['CLAIM of who signs in at a source', { authorization: 'NONE', ...modes('CLAIM', 'AUTHENTICATE') }, []],
    ['CLAIM of who is signed in', { authorization: 'SIGNED_IN', ...modes('CLAIM') }, []],
    [
      'CLAIM for somebody else',
      { authorization: 'TENANT_MEMBER', match: 'SELECT', letsPetitionersFindPeople: true, ...modes('CLAIM') },
      ['sources.0.mode'],
    ],
    [
      'AUTHENTICATE for somebody else',
      { authorization: 'TENANT_MEMBER', match: 'SELECT', letsPetitionersFindPeople: true, ...modes('AUTHENTICATE') },
      ['sources.0.mode'],
    ],
    ['a match server asked by whoever comes', { ...SIGNED_IN, match: 'EXTERNAL', matchSourceId: 'm' }, ['match']],
    [
      'a match server asked before IDENTIFY',
      { ...CONFIRMED, match: 'EXTERNAL', matchSourceId: 'm', ...modes('IDENTIFY') },
      ['match'],
    ],
    [
      'a match server asked behind AUTHENTICATE',
      { authorization: 'NONE', match: 'EXTERNAL', matchSourceId: 'm', ...modes('AUTHENTICATE') },
      [],
    ],
    ['CLAIM for oneself', { authorization: 'TENANT_MEMBER', match: 'SELF', ...modes('CLAIM') }, []],
    ['SEARCH of whoever confirms', { ...CONFIRMED, ...modes('SEARCH') }, ['sources.0.mode']],
    ['SEARCH_REQUIRED of whoever confirms', { ...CONFIRMED, ...modes('SEARCH_REQUIRED') }, ['sources.0.mode']],
    ['SEARCH of who signs in to confirm', { ...SIGNED_IN, ...modes('SEARCH', 'SEARCH_REQUIRED') }, []],
    ['SEARCH behind IDENTIFY', { ...CONFIRMED, ...modes('SEARCH', 'IDENTIFY') }, []],
    ['SEARCH behind AUTHENTICATE', { authorization: 'NONE', ...modes('SEARCH', 'AUTHENTICATE') }, []],
    ['SELECT, which is not offered, helps nobody', { ...CONFIRMED, ...modes('SEARCH', 'SELECT') }, ['sources.0.mode']],
    ['NONE of whoever comes', { authorization: 'NONE', ...modes('NONE') }, []],
    ['[ENR-38] IDENTIFY without confirmation', modes('IDENTIFY'), ['sources.0.mode']],
    [
      '[ENR-43] SEARCH where no address is proven',
      { authorization: 'SIGNED_IN', ...modes('SEARCH') },
      ['sources.0.mode'],
    ],
    ['the refresh of oneself', { authorization: 'TENANT_MEMBER', match: 'SELF', ...modes('SEARCH_REQUIRED') }, []],
    ['the refresh of who is chosen', { match: 'SELECT', ...modes('SEARCH') }, []],
  ])('%s', (_, given, places) => {
    expect(placesOf(checkSourceModes(flow(given)))).toEqual(places);
  });

  const NAME = makeDefinition({ key: 'name', type: AttributeType.TEXT, target: AttributeTarget.USER_GIVEN_NAME });
  const REFRESH = { authorization: 'TENANT_MEMBER', match: 'SELF', ...modes('SEARCH') };
  it.each([
    ['a refresh', REFRESH, []],
    ['a refresh with attributes', { ...REFRESH, attributes: [NAME] }, ['attributes']],
    [
      'a refresh with attributes and a confirmation, without merging',
      { ...REFRESH, attributes: [NAME], confirmation: 'SKIP_IF_VERIFIED' },
      ['attributes'],
    ],
    [
      'a refresh with attributes that merges',
      { ...REFRESH, attributes: [NAME], confirmation: 'SKIP_IF_VERIFIED', duplicateMode: 'MERGE' },
      [],
    ],
  ])('warns of %s where that is likely not meant', (_, given, places) => {
    expect(placesOf(findWarnings(flow(given), { organizationId: 'some' }))).toEqual(places);
  });
});

describe('what a flow asks of the sources that it names', () => {
  it.each([
    ['AUTHENTICATE', [AUTHENTICATE], [SEARCH_BY_EMAIL, RETRIEVE, INVENTORY]],
    ['IDENTIFY', [AUTHENTICATE], [SEARCH_BY_EMAIL]],
    ['CLAIM', [SEARCH_BY_EMAIL], [SEARCH_BY_IDENTIFIER, RETRIEVE]],
    ['SEARCH', [SEARCH_BY_EMAIL], [SEARCH_BY_IDENTIFIER]],
    ['SEARCH_REQUIRED', [SEARCH_BY_EMAIL], [AUTHENTICATE]],
    ['SELECT', [RETRIEVE, SEARCH_BY_EMAIL], [RETRIEVE]],
    ['SELECT', [RETRIEVE, SEARCH_BY_IDENTIFIER], [SEARCH_BY_EMAIL]],
  ])('%s needs %j, and %j will not do', (mode, enough, tooLittle) => {
    const faultsWith = (capabilities: SourceCapability[]) =>
      placesOf(checkFoundSources(flow(modes(mode)), new Map([['s0', found({ capabilities })]])));
    expect(faultsWith(enough)).toEqual([]);
    expect(faultsWith(tooLittle)).toEqual(['sources.0.mode']);
  });

  it('[ENR-37] NONE needs nothing, as nothing is asked', () => {
    expect(checkFoundSources(flow(modes('NONE')), new Map([['s0', found({ capabilities: [] })]]))).toEqual([]);
  });

  it('only a match server can be the match server', () => {
    const external = flow({ match: 'EXTERNAL', matchSourceId: 'm' });
    const faultsOf = (given: Partial<FoundSource>) =>
      placesOf(checkFoundSources(external, new Map([['m', found(given)]])));
    expect(faultsOf({ kind: SourceKind.MATCH, capabilities: [MATCH] })).toEqual([]);
    expect(faultsOf({ kind: SourceKind.HTTP })).toEqual(['matchSourceId']);
    expect(faultsOf({ kind: SourceKind.MATCH, capabilities: [] })).toEqual(['matchSourceId']);
  });

  it('warns of sources that are suspended, where they would be asked', () => {
    const sources = new Map([
      ['s0', found({ status: SourceStatus.SUSPENDED })],
      ['s1', found({ status: SourceStatus.SUSPENDED })],
      ['s2', found()],
      ['m', found({ status: SourceStatus.SUSPENDED })],
    ]);
    const given = { ...modes('SEARCH', 'NONE', 'SEARCH'), match: 'EXTERNAL', matchSourceId: 'm' };
    expect(placesOf(warnOfFoundSources(flow(given), sources))).toEqual(['sources.0.sourceId', 'matchSourceId']);
  });

  it('warns of asking who the person is where a pipeline says it', () => {
    const attributes = [
      makeDefinition({ key: 'name', target: AttributeTarget.USER_FAMILY_NAME }),
      makeDefinition({ key: 'office', target: AttributeTarget.MEMBERSHIP_ATTRIBUTE }),
      makeDefinition({ key: 'why', target: AttributeTarget.NONE }),
      makeDefinition({ key: 'no', target: AttributeTarget.USER_ATTRIBUTE, enablement: Enablement.NOT_PERMITTED }),
      makeDefinition({ key: 'badge', target: AttributeTarget.USER_IDENTIFIER }),
    ];
    const warned = (mode: string, givesPeople: boolean, given: Given = {}) => {
      const settings = flow({ authorization: 'SIGNED_IN', attributes, ...modes(mode), ...given });
      return placesOf(warnOfFoundSources(settings, new Map([['s0', found({ givesPeople })]])));
    };
    expect(warned('AUTHENTICATE', true)).toEqual(['attributes.0.target', 'attributes.4.target']);
    expect(warned('CLAIM', true)).toEqual(['attributes.0.target', 'attributes.4.target']);
    expect(warned('AUTHENTICATE', false)).toEqual([]);
    // What is asked after the attributes were given, or never, does not answer them.
    expect(warned('SEARCH', true)).toEqual([]);
    expect(warned('SELECT', true)).toEqual([]);
    expect(warned('SELECT', true, { authorization: 'TENANT_ADMINISTRATOR' })).toHaveLength(2);
  });
});
