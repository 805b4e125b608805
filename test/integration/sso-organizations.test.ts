import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { IdentifierScheme, MissingOrganization, OrganizationStatus } from '../../src/entities/enums.js';
import { makeMembership, makeOrganization } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import {
  comeIn,
  eventsOf,
  expectRefusedSignIn,
  expectUnchanged,
  nextSiret,
  settle,
  uuidOf,
  viewerOf,
} from '../support/sign-in.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
beforeEach(() => settle(gateway));
afterAll(() => gateway.close());

/** Where a user is a member: SIRET, source and roles, one line each. */
async function membershipsOf(userId: string, of = gateway) {
  const rows = await of.rows<{ siret: string; source: string; roles: string[] }>(
    `select x.value as siret, m.source, array(
       select r.name from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
       where mr.tenant_id = $1 and mr.membership_id = m.id order by r.name) as roles
     from memberships m join organization_identifiers x on x.tenant_id = m.tenant_id and x.organization_id = m.organization_id
     where m.tenant_id = $1 and m.user_id = $2 order by m.id`,
    [uuidOf(userId)],
  );
  return rows.map(({ siret, source, roles }) => `${siret} ${source} ${roles.join(' ')}`);
}

const count = async (table: string, of = gateway) =>
  (await of.rows<{ count: number }>(`select count(*)::int as count from ${table} where tenant_id = $1`))[0]!.count;

describe('the organization of a sign-in', () => {
  it('[SSO-01] is the one that has the SIRET: a new user joins it as a plain member', async () => {
    const siret = nextSiret();
    const organization = await makeOrganization(gateway.tenant, { siret });
    const before = await count('organizations');
    const { result, events } = await eventsOf(gateway, () =>
      comeIn(gateway, gateway.addPerson({ id: 'one', claims: { siret } })),
    );
    const { user, session, organization: joined } = result.viewer;
    expect(session.cases).toEqual(['U7_CREATED', 'O1_JOINED']);
    expect(joined?.id).toBe(`org_${organization.id}`);
    expect(await membershipsOf(user.id)).toEqual([`${siret} SSO member`]);
    expect(await count('organizations')).toBe(before);
    expect(events.map(({ type }) => type)).toEqual([
      'user.created',
      'identity.linked',
      'membership.added',
      'user.signed_in',
    ]);
  });

  it('[SSO-02] is made when there is none, with a default name, pending, and its maker is no administrator', async () => {
    await makeOrganization(gateway.tenant, { siret: nextSiret() });
    const siret = nextSiret();
    const { viewer } = await comeIn(gateway, gateway.addPerson({ id: 'two', claims: { siret } }));
    expect(viewer.session.cases).toEqual(['U7_CREATED', 'O4_CREATED']);
    expect(viewer.organization).toMatchObject({
      siret,
      siren: siret.slice(0, 9),
      name: `Organization ${siret}`,
      nameStatus: 'PENDING',
      nameSource: 'DEFAULT',
    });
    expect(await membershipsOf(viewer.user.id)).toEqual([`${siret} SSO member`]);
  });

  it('[SSO-03] moves the user when it is another one: one membership, one row of history', async () => {
    const [from, to] = [nextSiret(), nextSiret()];
    const target = await makeOrganization(gateway.tenant, { siret: to });
    const person = gateway.addPerson({ id: 'three', claims: { siret: from } });
    const first = await comeIn(gateway, person);
    person.claims.siret = to;
    const { result, events } = await eventsOf(gateway, () => comeIn(gateway, person));
    expect(result.viewer.user.id).toBe(first.viewer.user.id);
    expect(result.viewer.session.cases).toEqual(['U1_KNOWN', 'O3_MOVED']);
    expect(await membershipsOf(result.viewer.user.id)).toEqual([`${to} SSO member`]);
    const moves = events.filter(({ type }) => type === 'membership.moved');
    expect(moves).toHaveLength(1);
    expect(moves[0]!.before!.organizationId).toBe(first.viewer.organization!.id);
    expect(moves[0]!.after!.organizationId).toBe(`org_${target.id}`);
  });

  it('[SSO-03] leaves memberships alone that did not come from this provider', async () => {
    const [from, to, other] = [nextSiret(), nextSiret(), nextSiret()];
    const person = gateway.addPerson({ id: 'three-b', claims: { siret: from } });
    const { viewer } = await comeIn(gateway, person);
    const organization = await makeOrganization(gateway.tenant, { siret: other });
    await makeMembership(gateway.tenant, { user: { id: uuidOf(viewer.user.id) }, organization });
    person.claims.siret = to;
    await comeIn(gateway, person);
    expect(await membershipsOf(viewer.user.id)).toEqual([`${other} ADMIN member`, `${to} SSO member`]);
  });

  it('[SSO-04] is made once and moves the user when it is another one that is not there', async () => {
    const [from, to] = [nextSiret(), nextSiret()];
    const person = gateway.addPerson({ id: 'four', claims: { siret: from } });
    const { viewer } = await comeIn(gateway, person);
    person.claims.siret = to;
    const before = await count('organizations');
    const again = await comeIn(gateway, person);
    expect(again.viewer.session.cases).toEqual(['U1_KNOWN', 'O5_CREATED_AND_MOVED']);
    expect(await membershipsOf(viewer.user.id)).toEqual([`${to} SSO member`]);
    const third = await comeIn(gateway, person);
    expect(third.viewer.session.cases).toEqual(['U1_KNOWN', 'O2_SAME']);
    expect(await count('organizations')).toBe(before + 1);
  });

  it('[SSO-05] is the first of an empty database', async () => {
    const empty = await startGateway();
    try {
      const siret = nextSiret();
      const { viewer } = await comeIn(empty, empty.addPerson({ id: 'five', claims: { siret } }));
      expect(viewer.organization?.siret).toBe(siret);
      const counts = [];
      for (const table of [
        'organizations',
        'organization_identifiers',
        'users',
        'identities',
        'memberships',
        'sessions',
      ]) {
        counts.push(await count(table, empty));
      }
      expect(counts).toEqual([1, 1, 1, 1, 1, 1]);
    } finally {
      await empty.close();
    }
  });

  it('[SSO-17] is made once when 20 people bring it at the same moment, and all of them join', async () => {
    const siret = nextSiret();
    const people = Array.from({ length: 20 }, (_, index) =>
      gateway.addPerson({ id: `many-${index}`, claims: { siret } }),
    );
    const before = await count('organizations');
    const reached = await Promise.all(people.map((person) => gateway.reachCallback(person)));
    const visits = await Promise.all(reached.map(({ browser, callback }) => browser.get(callback)));
    expect(visits.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await count('organizations')).toBe(before + 1);
    const members = await gateway.rows(
      `select m.user_id from memberships m join organization_identifiers x on x.tenant_id = m.tenant_id and x.organization_id = m.organization_id
       where m.tenant_id = $1 and x.value = $2`,
      [siret],
    );
    expect(members).toHaveLength(20);
    const viewers = await Promise.all(reached.map(({ browser }) => viewerOf(gateway, browser)));
    expect(viewers.map((viewer) => viewer?.organization?.siret)).toEqual(Array(20).fill(siret));
    expect(viewers.filter((viewer) => viewer?.session.cases.includes('O4_CREATED'))).toHaveLength(1);
  });
});

describe('the SIRET', () => {
  it('[SSO-20] may be absent: the user keeps the organization, or is refused and not made', async () => {
    const siret = nextSiret();
    const person = gateway.addPerson({ id: 'twenty', claims: { siret } });
    await comeIn(gateway, person);
    delete person.claims.siret;
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.session.cases).toEqual(['U1_KNOWN', 'O8_MISSING_KEPT']);
    expect(viewer.organization?.siret).toBe(siret);
    expect(await membershipsOf(viewer.user.id)).toEqual([`${siret} SSO member`]);
    await settle(gateway, { missingOrganization: MissingOrganization.REFUSE });
    await expectRefusedSignIn(gateway, person, 'ORG_ID_MISSING', { events: ['user.sign_in_refused'] });
    await expectRefusedSignIn(gateway, gateway.addPerson({ id: 'twenty-new' }), 'ORG_ID_MISSING');
  });

  it.each([
    ['12345678901234'],
    ['1300252650001'],
    ['130025265000133'],
    ['1300252650001A'],
    ['١٣٠٠٢٥٢٦٥٠٠٠١٣'],
    [13002526500013],
    [['13002526500013']],
  ])('[SSO-21] %j is no SIRET: audited, and no organization', async (siret) => {
    const before = await count('organizations');
    const { result, events } = await eventsOf(gateway, () =>
      comeIn(gateway, gateway.addPerson({ id: 'odd', claims: { siret } })),
    );
    expect(result.viewer.session.cases).toEqual(['U7_CREATED', 'O9_INVALID_KEPT']);
    expect(result.viewer.organization).toBeNull();
    const audit = events.find(({ type }) => type === 'user.invalid_organization_identifier');
    expect(audit?.after).toMatchObject({
      code: 'INVALID_ORG_ID',
      claimed: Array.isArray(siret) ? 'a list' : JSON.stringify(siret),
    });
    expect(await count('organizations')).toBe(before);
  });

  it('[SSO-21] that is none refuses the sign-in where the connection says so, with an audit row and nothing else', async () => {
    await settle(gateway, { missingOrganization: MissingOrganization.REFUSE });
    const person = gateway.addPerson({ id: 'odd-refused', claims: { siret: '12345678901234' } });
    await expectRefusedSignIn(gateway, person, 'INVALID_ORG_ID', {
      events: ['user.invalid_organization_identifier'],
      secrets: ['12345678901234'],
    });
  });

  it.each(['35600000000048', '35600000049837'])(
    "[SSO-22] %s of La Poste is one: by Luhn or by La Poste's own sum",
    async (siret) => {
      const { viewer } = await comeIn(gateway, gateway.addPerson({ id: 'poste', claims: { siret } }));
      expect(viewer.organization).toMatchObject({ siret, siren: '356000000' });
    },
  );

  it('[SSO-23] is the same with spaces in it', async () => {
    const siret = nextSiret();
    const spaced = `${siret.slice(0, 3)} ${siret.slice(3, 6)}\u00a0${siret.slice(6, 9)} ${siret.slice(9)}`;
    const one = await comeIn(gateway, gateway.addPerson({ id: 'spaced', claims: { siret: spaced } }));
    const two = await comeIn(gateway, gateway.addPerson({ id: 'plain', claims: { siret } }));
    expect(one.viewer.organization?.siret).toBe(siret);
    expect(two.viewer.organization?.id).toBe(one.viewer.organization?.id);
  });
});

describe('moving and refusing', () => {
  it('[SSO-25] moves a sole administrator: the old organization needs one, and no right follows to the new one', async () => {
    const { userId: tenantAdministrator } = await gateway.signedInUser({ isTenantAdministrator: true });
    const [from, to] = [nextSiret(), nextSiret()];
    const person = gateway.addPerson({ id: 'chief', claims: { siret: from } });
    const { viewer } = await comeIn(gateway, person);
    const left = uuidOf(viewer.organization!.id);
    await gateway.rows(
      `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
       select gen_random_uuid(), $1, m.id, $2::uuid, now() from memberships m where m.tenant_id = $1 and m.organization_id = $3::uuid`,
      [gateway.tenant.roles.get('administrator'), left],
    );
    person.claims.siret = to;
    const { result, events } = await eventsOf(gateway, () => comeIn(gateway, person));
    expect(result.viewer.session.cases).toEqual(['U1_KNOWN', 'O5_CREATED_AND_MOVED', 'O10_NEEDS_ADMINISTRATOR']);
    expect(await membershipsOf(viewer.user.id)).toEqual([`${to} SSO member`]);
    const [organization] = await gateway.rows(
      'select needs_administrator from organizations where tenant_id = $1 and id = $2',
      [left],
    );
    expect(organization!.needs_administrator).toBe(true);
    expect(events.map(({ type }) => type)).toContain('organization.needs_administrator');
    const notices = await gateway.rows(`select data from notices where tenant_id = $1 and user_id = $2`, [
      tenantAdministrator,
    ]);
    expect(notices).toEqual([{ data: { organizationId: left } }]);
    const update =
      'mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { userErrors { code } } }';
    const refused = await expectUnchanged(gateway, () =>
      gateway.graphql(result.browser, update, { input: { id: result.viewer.organization!.id, name: 'Mine' } }),
    );
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it.each([OrganizationStatus.SUSPENDED, OrganizationStatus.ARCHIVED])(
    '[SSO-28] refuses people of an organization that is %s, and makes no twin',
    async (status) => {
      const siret = nextSiret();
      const organization = await makeOrganization(gateway.tenant, { siret });
      const known = gateway.addPerson({ id: 'known', claims: { siret } });
      await comeIn(gateway, known);
      await gateway.rows('update organizations set status = $2 where tenant_id = $1 and id = $3', [
        status,
        organization.id,
      ]);
      await expectRefusedSignIn(gateway, gateway.addPerson({ id: 'new', claims: { siret } }), 'ORG_SUSPENDED', {
        secrets: [siret, organization.name],
      });
      await expectRefusedSignIn(gateway, known, 'ORG_SUSPENDED', { events: ['user.sign_in_refused'] });
    },
  );

  it('[SSO-37] leaves no user, link or membership when the database fails half-way', async () => {
    const siret = nextSiret();
    const person = gateway.addPerson({ id: 'half', claims: { siret } });
    const { browser, callback } = await gateway.reachCallback(person);
    await gateway.rows(
      `create function fail_membership() returns trigger language plpgsql as 'begin raise exception ''no room left''; end'`,
    );
    await gateway.rows(
      'create trigger fail_membership before insert on memberships for each row execute function fail_membership()',
    );
    try {
      const visit = await expectUnchanged(gateway, () => browser.get(callback, { follow: false }));
      expect(visit.status).toBe(500);
      expect(visit.text).toContain('INTERNAL_SERVER_ERROR');
      expect(visit.text).not.toMatch(/no room|memberships|\bat /);
      expect(await viewerOf(gateway, browser)).toBeNull();
    } finally {
      await gateway.rows('drop trigger fail_membership on memberships');
      await gateway.rows('drop function fail_membership');
    }
    const { viewer } = await comeIn(gateway, person);
    expect(viewer.session.cases).toEqual(['U7_CREATED', 'O4_CREATED']);
  });

  it('may be known by another register than SIRET', async () => {
    await settle(gateway, {
      organizationScheme: IdentifierScheme.DOMAIN,
      claimNames: { organizationIdentifier: 'uid' },
    });
    const { viewer } = await comeIn(gateway, gateway.addPerson({ id: 'domain', claims: { uid: ' Example.ORG ' } }));
    expect(viewer.organization).toMatchObject({ siret: null, name: 'Organization example.org' });
  });
});
