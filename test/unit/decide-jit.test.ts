import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JitReason, MembershipSource, OrganizationStatus } from '../../src/entities/enums.js';
import { readDomain } from '../../src/joining/domains/read-domain.js';
import { decideJit, type JitPerson, type JitRule } from '../../src/memberships/jit/decide.js';
import { isPublicMailDomain, rulesFor, toAsciiDomain } from '../../src/memberships/jit/email-domain.js';

const rule = (overrides: Partial<JitRule> = {}): JitRule => ({
  organizationId: 'a',
  status: OrganizationStatus.ACTIVE,
  emailDomain: 'example.com',
  isProven: true,
  roleIds: [],
  givesAdministrator: false,
  ...overrides,
});
const ofConnection = (overrides: Partial<JitRule> = {}) => rule({ emailDomain: null, ...overrides });
const newcomer = (overrides: Partial<JitPerson> = {}): JitPerson => ({
  isCreated: true,
  emailDomain: 'example.com',
  isEmailVerified: true,
  ...overrides,
});

/** The organizations that are joined, and why others are not. */
function outcome(rules: JitRule[], person = newcomer()) {
  const { joins, passedOver } = decideJit(rules, person);
  return {
    joins: joins.map(({ organizationId, source }) => [organizationId, source]),
    passedOver: passedOver.map(({ organizationId, reason }) => [organizationId, reason]),
  };
}

describe('which rules lead a person where', () => {
  const { JIT_CONNECTION, JIT_DOMAIN } = MembershipSource;

  it('[ORG-19] every organization of the connection, for an account that is made and for one that is linked', () => {
    const rules = [ofConnection(), ofConnection({ organizationId: 'b' })];
    for (const isCreated of [true, false]) {
      const person = newcomer({ isCreated, emailDomain: null, isEmailVerified: false });
      expect(outcome(rules, person).joins).toEqual([
        ['a', JIT_CONNECTION],
        ['b', JIT_CONNECTION],
      ]);
    }
  });

  it('a rule about the connection keeps those about domains from counting', () => {
    expect(outcome([ofConnection(), rule({ organizationId: 'b' })])).toEqual({
      joins: [['a', JIT_CONNECTION]],
      passedOver: [['b', JitReason.CONNECTION_FIRST]],
    });
  });

  it('also where its organization is suspended: suspending one sends its people nowhere else', () => {
    const suspended = { status: OrganizationStatus.SUSPENDED };
    expect(outcome([ofConnection(suspended), rule({ organizationId: 'b' })]).joins).toEqual([]);
    const wildcard = rule({ organizationId: 'b', emailDomain: '*.example.com' });
    const exact = rule({ emailDomain: 'sub.example.com', ...suspended });
    expect(outcome([exact, wildcard], newcomer({ emailDomain: 'sub.example.com' }))).toEqual({
      joins: [],
      passedOver: [
        ['a', JitReason.ORGANIZATION_INACTIVE],
        ['b', JitReason.LESS_SPECIFIC],
      ],
    });
  });

  it.each([
    ['exact beats wildcard', 'sub.example.com', ['*.example.com', 'sub.example.com'], ['sub.example.com']],
    ['the nearest wildcard wins', 'x.sub.example.com', ['*.example.com', '*.sub.example.com'], ['*.sub.example.com']],
    ['a wildcard matches at any depth', 'a.b.c.example.com', ['*.example.com'], ['*.example.com']],
    ['a wildcard is not about its own domain', 'example.com', ['*.example.com'], []],
    ['a domain is not about what is below it', 'sub.example.com', ['example.com'], []],
    ['the end of a name is not a domain', 'notexample.com', ['example.com', '*.example.com'], []],
  ])('%s', (_title, emailDomain, domains, expected) => {
    const rules = domains.map((domain) => rule({ organizationId: domain, emailDomain: domain }));
    expect(outcome(rules, newcomer({ emailDomain })).joins.map(([id]) => id)).toEqual(expected);
  });

  it('every organization that has the winning rule', () => {
    const rules = [rule(), rule({ organizationId: 'b' }), rule({ organizationId: 'c', isProven: false })];
    expect(outcome(rules)).toEqual({
      joins: [
        ['a', JIT_DOMAIN],
        ['b', JIT_DOMAIN],
      ],
      passedOver: [['c', JitReason.UNPROVEN]],
    });
  });

  it('[ORG-24] a rule without proof neither leads anywhere nor stands before one that has it', () => {
    const rules = [
      rule({ emailDomain: 'sub.example.com', isProven: false }),
      rule({ organizationId: 'b', emailDomain: '*.example.com' }),
    ];
    expect(outcome(rules, newcomer({ emailDomain: 'sub.example.com' })).joins).toEqual([['b', JIT_DOMAIN]]);
  });

  it.each([
    ['[ORG-21] an account that was there', { isCreated: false }, JitReason.ACCOUNT_EXISTS],
    ['[ORG-21] an address that is not verified', { isEmailVerified: false }, JitReason.EMAIL_UNVERIFIED],
  ])('rules about domains are not for %s', (_title, person, reason) => {
    expect(outcome([rule()], newcomer(person))).toEqual({ joins: [], passedOver: [['a', reason]] });
  });

  it('a domain that has become public since its rule was made leads nowhere', () => {
    const rules = [rule({ emailDomain: 'gmail.com' }), rule({ organizationId: 'b', emailDomain: '*.gmail.com' })];
    expect(outcome(rules, newcomer({ emailDomain: 'gmail.com' }))).toEqual({
      joins: [],
      passedOver: [['a', JitReason.PUBLIC_DOMAIN]],
    });
  });
});

describe('whatever rules there are', () => {
  const label = fc.constantFrom('a', 'b');
  const domain = fc
    .array(label, { minLength: 0, maxLength: 3 })
    .map((labels) => [...labels, 'example', 'com'].join('.'));
  const rules = fc.uniqueArray(
    fc.record({
      organizationId: fc.constantFrom('o1', 'o2', 'o3'),
      status: fc.constantFrom(...Object.values(OrganizationStatus)),
      emailDomain: fc.option(
        fc.tuple(fc.boolean(), domain).map(([isWild, name]) => (isWild ? `*.${name}` : name)),
        {
          freq: 6,
        },
      ),
      isProven: fc.boolean(),
      roleIds: fc.constant<string[]>([]),
      givesAdministrator: fc.constant(false),
    }),
    { selector: ({ organizationId, emailDomain }) => `${organizationId} ${emailDomain}`, maxLength: 12 },
  );
  const person = fc.record({ isCreated: fc.boolean(), emailDomain: fc.option(domain), isEmailVerified: fc.boolean() });
  const matches = (emailDomain: string | null, name: string | null) =>
    emailDomain === null ||
    (name !== null && (emailDomain.startsWith('*.') ? name.endsWith(emailDomain.slice(1)) : emailDomain === name));
  const specificity = (name: string) => name.replace('*.', '').split('.').length + (name.startsWith('*') ? 0.5 : 1);

  const holds = (check: (given: JitRule[], who: JitPerson, decision: ReturnType<typeof decideJit>) => void) =>
    fc.assert(
      fc.property(rules, person, (given, who) => {
        const usual = given.map((one) => ({ ...one, isProven: one.emailDomain === null || one.isProven }));
        check(usual, who, decideJit(usual, who));
      }),
      { numRuns: 3_000 },
    );

  it('each rule about the person either leads somewhere or has its reason, and no other is told of', () => {
    holds((given, who, { joins, passedOver }) => {
      const told = [...joins, ...passedOver].map(
        ({ organizationId, emailDomain }) => `${organizationId} ${emailDomain}`,
      );
      const about = given.filter(({ emailDomain }) => matches(emailDomain, who.emailDomain));
      expect(told.sort()).toEqual(about.map((one) => `${one.organizationId} ${one.emailDomain}`).sort());
    });
  });

  it('joins are of one kind, active, proven, each organization once', () => {
    holds((_given, _who, { joins }) => {
      expect(new Set(joins.map(({ organizationId }) => organizationId)).size).toBe(joins.length);
      expect(new Set(joins.map(({ emailDomain }) => emailDomain)).size).toBeLessThanOrEqual(1);
      for (const { status, isProven } of joins) expect([status, isProven]).toEqual([OrganizationStatus.ACTIVE, true]);
    });
  });

  it('rules about domains lead new people with verified addresses alone, and never beside one about the connection', () => {
    holds((given, who, { joins }) => {
      if (!joins.some(({ source }) => source === MembershipSource.JIT_DOMAIN)) return;
      expect([who.isCreated, who.isEmailVerified]).toEqual([true, true]);
      expect(given.some(({ emailDomain }) => emailDomain === null)).toBe(false);
    });
  });

  it('no proven rule about the person is more specific than the one that wins', () => {
    holds((given, who, { joins }) => {
      for (const { emailDomain } of joins) {
        if (emailDomain === null) continue;
        const better = given.filter(
          (one) =>
            one.emailDomain !== null &&
            one.isProven &&
            matches(one.emailDomain, who.emailDomain) &&
            specificity(one.emailDomain) > specificity(emailDomain),
        );
        expect(better).toEqual([]);
      }
    });
  });

  it('the order of the rules does not matter, and nothing given is changed', () => {
    holds((given, who, { joins }) => {
      const copy = structuredClone(given);
      const ids = (decision: ReturnType<typeof decideJit>) => decision.joins.map((one) => one.organizationId).sort();
      expect(ids(decideJit([...given].reverse(), who))).toEqual(joins.map((one) => one.organizationId).sort());
      expect(given).toEqual(copy);
    });
  });
});

describe('domains as administrators write them', () => {
  it.each([
    ['EXAMPLE.com', 'example.com'],
    [' sub.example.com ', 'sub.example.com'],
    ['*.Example.com', '*.example.com'],
    ['example.com.', 'example.com'],
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['*.例え.jp', '*.xn--r8jz45g.jp'],
    ['col·lectiu.cat', 'xn--collectiu-2pa.cat'],
    ['acme.github.io', 'acme.github.io'],
    ['a-1.co.uk', 'a-1.co.uk'],
  ])('[ORG-24] %s is kept as %s', (text, expected) => {
    expect(readDomain(text)).toEqual({ domain: expected });
  });

  it.each([
    ...['', '.', 'example', 'localhost', 'com', 'co.uk', '*.co.uk', '*.com', 'github.io', '*.github.io', '*'],
    ...['*.*.example.com', 'a.*.example.com', '*example.com', '*.', 'example..com', '.example.com', '-a.example.com'],
    ...['a-.example.com', 'a_b.example.com', 'a b.example.com', 'http://example.com', 'example.com/path'],
    ...['anna@example.com', '@example.com', 'example.com:25', 'ex%61mple.com', 'example.com?x', 'example.com#x'],
    ...['1.2.3.4', '0x7f.1', '2130706433', '[::1]', '::1', '１.２.３.４', 'exam\0ple.com', 'example.com..'],
    ...[`${'a'.repeat(64)}.example.com`, `${'a.'.repeat(121)}example.com`, 'example.com\nexample.org', '\ud800.com'],
  ])('[ORG-24] %j is refused', (text) => {
    expect(readDomain(text)).toEqual({ reason: expect.any(String) });
  });

  it.each([
    'gmail.com',
    'GMAIL.com',
    '*.gmail.com',
    'mail.gmail.com',
    'outlook.com',
    'yahoo.co.jp',
    'free.fr',
    'müll.email',
  ])('[ORG-24] %s is refused: anybody can have an address there', (text) => {
    expect(readDomain(text)).toEqual({ reason: expect.stringContaining('Anybody can have an address') });
  });

  it('takes the longest name whose record still has one', () => {
    const ofLength = (length: number) => {
      const rest = '.example.com';
      const labels = 'abcdefghi.'.repeat(30).slice(0, length - rest.length);
      return `${labels.replace(/\.$/, 'x')}${rest}`;
    };
    expect(ofLength(232)).toHaveLength(232);
    expect(readDomain(ofLength(232))).toEqual({ domain: ofLength(232) });
    expect(readDomain(ofLength(233))).toEqual({ reason: expect.stringContaining('232') });
    expect(readDomain(ofLength(254))).toEqual({ reason: expect.any(String) });
  });

  it('never throws, and what it takes is taken again as it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.webUrl(), fc.emailAddress()), (text) => {
        const read = readDomain(text);
        if (!('domain' in read)) return;
        expect(readDomain(read.domain)).toEqual(read);
        expect(read.domain).toMatch(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads domains of addresses alike, and knows the public ones', () => {
    expect(toAsciiDomain('bücher.example')).toBe('xn--bcher-kva.example');
    expect([toAsciiDomain('[1.2.3.4]'), toAsciiDomain('localhost')]).toEqual([null, null]);
    expect(['example.com', 'example.org', 'notgmail.com', 'acme.com.ar'].filter(isPublicMailDomain)).toEqual([]);
    expect(rulesFor('a.b.example.com')).toEqual(['a.b.example.com', '*.b.example.com', '*.example.com', '*.com']);
  });
});
