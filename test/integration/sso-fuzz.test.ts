import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EmailTrust, IdentifierScheme, MissingOrganization, OrganizationAuthority } from '../../src/entities/enums.js';
import { Browser } from '../support/browser.js';
import { forgeIdToken, forgeUserinfo, startFault, together } from '../support/fault-proxy.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { settle, sessionCookieOf, viewerOf } from '../support/sign-in.js';
import { siretOf } from '../support/sirets.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
beforeEach(() => settle(gateway));
afterAll(() => gateway.close());

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    '\udfff x',
    '\\u0000',
    '"\\u0000"',
    'null',
    'undefined',
    '__proto__',
    '\u202eabc',
    '\ufeff',
    "'; drop table users; --",
    '😀'.repeat(300),
  ),
  fc.constantFrom('x'.repeat(100_000), `${'é'.repeat(2_000)}@example.org`),
);
const nonsense = fc.oneof(
  nasty,
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
  fc.double(),
  fc.constantFrom(1e308, -0, Number.MAX_SAFE_INTEGER + 2),
);
const email = fc.oneof(
  fc.emailAddress(),
  fc.constantFrom(
    'one@example.org',
    'ONE@example.org',
    'two@example.org',
    'İ@example.org',
    'ß@example.org',
    'a@b',
    '"a b"@c',
    'a@b\n',
  ),
);
const siret = fc.oneof(
  fc.integer({ min: 1, max: 6 }).map(siretOf),
  fc.constantFrom('35600000000048', '130 025 265 00013', '12345678901234', ' ', 'null', '１３００２５２６５０００１３'),
);
const mostly = <Value>(usual: fc.Arbitrary<Value>) =>
  fc.oneof({ arbitrary: usual, weight: 3 }, { arbitrary: nonsense, weight: 1 });
const claimSet = fc.record(
  {
    email: mostly(email),
    email_verified: mostly(fc.boolean()),
    given_name: mostly(fc.constantFrom('Anne', 'Zoë')),
    usual_name: mostly(fc.constantFrom('Durand', "O'Neil")),
    siret: mostly(siret),
    organization_label: mostly(fc.constantFrom('DINUM', 'Ville de Lyon')),
    idp_id: mostly(fc.constantFrom('idp-1')),
    roles: mostly(fc.constantFrom(['dirigeant'], [])),
    custom: nonsense,
    ['__proto__']: nonsense,
    constructor: nonsense,
  },
  { requiredKeys: [] },
);
const tokenClaims = fc.record(
  { acr: mostly(fc.constantFrom('eidas1', 'eidas2')), amr: mostly(fc.constantFrom(['pwd'], ['mfa'])), sid: nonsense },
  { requiredKeys: [] },
);
const settings = fc.record({
  emailTrust: fc.constantFrom(...Object.values(EmailTrust)),
  organizationAuthority: fc.constantFrom(...Object.values(OrganizationAuthority)),
  organizationScheme: fc.constantFrom(...Object.values(IdentifierScheme)),
  missingOrganization: fc.constantFrom(...Object.values(MissingOrganization)),
  moderatedSignup: fc.boolean(),
  grantsAdministratorToLeader: fc.boolean(),
});

/** What must hold of the rows, whatever came in. */
async function findBrokenRows(): Promise<unknown[]> {
  return gateway.rows(
    `select 'user without identity' as what, u.id from users u
       where u.tenant_id = $1 and not exists (select from identities i where i.tenant_id = $1 and i.user_id = u.id)
     union all select 'session of a user who is not active', s.id from sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
       where s.tenant_id = $1 and u.status <> 'ACTIVE'
     union all select 'user without event', u.id from users u
       where u.tenant_id = $1 and not exists (select from events e where e.tenant_id = $1 and e.type = 'user.created' and e.object_id = u.id)
     union all select 'membership without role', m.id from memberships m
       where m.tenant_id = $1 and not exists (select from membership_roles mr where mr.tenant_id = $1 and mr.membership_id = m.id)
     union all select 'organization without identifier', o.id from organizations o
       where o.tenant_id = $1 and not exists (select from organization_identifiers x where x.tenant_id = $1 and x.organization_id = o.id)`,
  );
}

describe('whatever a provider says of a person', () => {
  it('ends in a session or in a refusal with a code, and never in half a user', async () => {
    await fc.assert(
      fc.asyncProperty(
        claimSet,
        tokenClaims,
        settings,
        fc.integer({ min: 1, max: 25 }),
        async (claims, ofToken, changes, number) => {
          await settle(gateway, changes);
          gateway.provider.people.set('anybody', { id: 'anybody', sub: `subject-${number}`, claims: {} });
          const { browser, callback } = await gateway.reachCallback('anybody', new Browser());
          const users = await gateway.rows('select id from users where tenant_id = $1');
          using _ = startFault(
            gateway.provider,
            together(forgeUserinfo(gateway.provider, { claims }), forgeIdToken(gateway.provider, { claims: ofToken })),
          );
          const visit = await browser.get(callback, { follow: false });
          if (visit.status === 302) {
            expect(sessionCookieOf(visit)).toBeDefined();
            expect(await viewerOf(gateway, browser)).not.toBeNull();
          } else {
            const code = visit.text.match(/class="code">(\w+)/)?.[1];
            expect([visit.status, code]).not.toContain('INTERNAL_SERVER_ERROR');
            expect(visit.status).toBeGreaterThanOrEqual(400);
            expect(visit.status === 502 || visit.status < 500).toBe(true);
            expect(code).toMatch(/^[A-Z_]+$/);
            expect(sessionCookieOf(visit)).toBeUndefined();
            const now = await gateway.rows('select id from users where tenant_id = $1');
            if (code !== 'PENDING') expect(now).toHaveLength(users.length);
          }
          expect(await findBrokenRows()).toEqual([]);
        },
      ),
      { numRuns: 150, endOnFailure: true },
    );
  }, 180_000);
});
