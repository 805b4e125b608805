import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalPerson } from '../../src/demo/provider.js';
import {
  EmailTrust,
  MissingOrganization,
  OrganizationAuthority,
  OrganizationStatus,
  UserStatus,
} from '../../src/entities/enums.js';
import type { Browser } from '../support/browser.js';
import { makeIdentity, makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { addProvider, expectUnchanged, nextSiret, settle, uuidOf, viewerOf } from '../support/sign-in.js';

let gateway: Gateway;
let administrator: Browser;
let second: Awaited<ReturnType<typeof addProvider>>;
beforeAll(async () => {
  gateway = await startGateway();
  second = await addProvider(gateway, 'second');
  ({ browser: administrator } = await gateway.signedInUser({ isTenantAdministrator: true }));
});
beforeEach(() => settle(gateway));
afterAll(async () => {
  await second.provider.close();
  await gateway.close();
});

const PREVIEW = `query ($claims: JSONObject!) { ssoPreview(connection: "proconnect", claims: $claims) {
  result { case cases refusal } user { id } createsUser organization { id } createsOrganization leaves { id }
} }`;

const newcomer = (claims: Record<string, unknown> = {}) => gateway.addPerson({ id: 'newcomer', claims });
const claimsOf = ({ sub, claims, acr = 'eidas1', amr = ['pwd'] }: LocalPerson) => ({ ...claims, sub, acr, amr });

/** A user who is linked to a person of the provider, and a member of the organization of this SIRET by sign-in. */
async function known(
  { siret, status, roles }: { siret?: string; status?: UserStatus; roles?: string[] } = {},
  claims: Record<string, unknown> = {},
) {
  const user = await makeUser(gateway.tenant, { ...(status ? { status } : {}) });
  const person = newcomer({ email: user.email, given_name: user.givenName, usual_name: user.familyName, ...claims });
  await makeIdentity(gateway.tenant, { user, connection: gateway.connection, subject: person.sub });
  if (siret) {
    const organization = await makeOrganization(gateway.tenant, { siret });
    await makeMembership(gateway.tenant, {
      user,
      organization,
      connection: gateway.connection,
      ...(roles ? { roles } : {}),
    });
  }
  return person;
}
const withOrganization = async (overrides: Parameters<typeof makeOrganization>[1] = {}) => {
  const siret = nextSiret();
  await makeOrganization(gateway.tenant, { siret, ...overrides });
  return siret;
};

type Situation = [
  name: string,
  settings: Parameters<typeof settle>[1],
  person: () => Promise<LocalPerson> | LocalPerson,
];
const situations: Situation[] = [
  ['a newcomer to an organization that is there', {}, async () => newcomer({ siret: await withOrganization() })],
  ['a newcomer with a new organization', {}, () => newcomer({ siret: nextSiret() })],
  [
    'a newcomer with a new, named organization',
    {},
    () => newcomer({ siret: nextSiret(), organization_label: 'DINUM' }),
  ],
  ['a newcomer without an organization', {}, () => newcomer()],
  [
    'a newcomer without an organization where one is needed',
    { missingOrganization: MissingOrganization.REFUSE },
    () => newcomer(),
  ],
  ['a newcomer with a bad SIRET', {}, () => newcomer({ siret: '12345678901234' })],
  [
    'a newcomer with a bad SIRET where one is needed',
    { missingOrganization: MissingOrganization.REFUSE },
    () => newcomer({ siret: 'bad' }),
  ],
  [
    'a newcomer with a new organization where none is made',
    { createOrganizations: false },
    () => newcomer({ siret: nextSiret() }),
  ],
  ['a newcomer where nobody is made', { createUsers: false }, () => newcomer({ siret: nextSiret() })],
  ['a newcomer where sign-up is moderated', { moderatedSignup: true }, () => newcomer({ siret: nextSiret() })],
  [
    'a newcomer of a suspended organization',
    {},
    async () => newcomer({ siret: await withOrganization({ status: OrganizationStatus.SUSPENDED }) }),
  ],
  [
    'a newcomer of an archived organization where sign-up is moderated',
    { moderatedSignup: true },
    async () => newcomer({ siret: await withOrganization({ status: OrganizationStatus.ARCHIVED }) }),
  ],
  ['a newcomer with too low an assurance', { requiredAmr: ['mfa'] }, () => newcomer({ siret: nextSiret() })],
  [
    'a newcomer by a provider that is not admitted',
    { allowedIdps: ['another'] },
    () => newcomer({ siret: nextSiret() }),
  ],
  [
    'somebody in the same organization',
    {},
    async () => {
      const siret = nextSiret();
      return known({ siret }, { siret });
    },
  ],
  ['somebody who moves', {}, async () => known({ siret: nextSiret() }, { siret: await withOrganization() })],
  ['somebody who moves to a new organization', {}, () => known({ siret: nextSiret() }, { siret: nextSiret() })],
  [
    'a sole administrator who moves',
    {},
    () => known({ siret: nextSiret(), roles: ['member', 'administrator'] }, { siret: nextSiret() }),
  ],
  [
    'somebody who gets another organization beside',
    { organizationAuthority: OrganizationAuthority.ADDITIVE },
    () => known({ siret: nextSiret() }, { siret: nextSiret() }),
  ],
  [
    'somebody whose organization does not count',
    { organizationAuthority: OrganizationAuthority.IGNORE },
    () => known({ siret: nextSiret() }, { siret: nextSiret() }),
  ],
  ['somebody without an organization this time', {}, () => known({ siret: nextSiret() })],
  [
    'somebody with another address, trusted',
    { emailTrust: EmailTrust.PROVIDER },
    () => known({}, { email: `free-${Math.random()}@example.org` }),
  ],
  ['somebody with another address, not trusted', {}, () => known({}, { email: `free-${Math.random()}@example.org` })],
  [
    "somebody with another user's address",
    {},
    async () => known({}, { email: (await makeUser(gateway.tenant)).email }),
  ],
  ['somebody who is suspended', {}, () => known({ status: UserStatus.SUSPENDED }, { siret: nextSiret() })],
  ['somebody who is pending', {}, () => known({ status: UserStatus.PENDING }, { siret: nextSiret() })],
  [
    'a newcomer with the address of a user',
    {},
    async () => newcomer({ email: (await makeUser(gateway.tenant)).email }),
  ],
  [
    'a newcomer with the trusted address of a user',
    { emailTrust: EmailTrust.PROVIDER },
    async () => newcomer({ email: (await makeUser(gateway.tenant)).email, siret: nextSiret() }),
  ],
  [
    'a newcomer with the trusted, unproven address of a user',
    { emailTrust: EmailTrust.PROVIDER },
    async () => newcomer({ email: (await makeUser(gateway.tenant, { isEmailVerified: false })).email }),
  ],
  [
    'a newcomer with the trusted address of a suspended user',
    { emailTrust: EmailTrust.PROVIDER },
    async () => newcomer({ email: (await makeUser(gateway.tenant, { status: UserStatus.SUSPENDED })).email }),
  ],
  ['a newcomer with nonsense', {}, () => newcomer({ email: ['x'], siret: { a: 1 }, given_name: 7, roles: 'x' })],
];

describe('ssoPreview tells what the sign-in then does, and writes nothing', () => {
  it.each(situations)('for %s', async (_name, settings, make) => {
    const person = await make();
    await settle(gateway, settings);
    const preview = await expectUnchanged(gateway, () =>
      gateway.graphql(administrator, PREVIEW, { claims: claimsOf(person) }),
    );
    expect(preview.errors).toBeUndefined();
    const told = preview.data.ssoPreview;

    const ids = async (table: string) =>
      (await gateway.rows<{ id: string }>(`select id from ${table} where tenant_id = $1`)).map(({ id }) => id);
    const before = {
      users: await ids('users'),
      organizations: await ids('organizations'),
      memberships: await gateway.rows('select * from memberships where tenant_id = $1'),
    };
    const { browser, visit } = await gateway.signIn(person);
    const viewer = await viewerOf(gateway, browser);
    const refusal = visit.status === 200 ? null : visit.text.match(/class="code">(\w+)/)?.[1];
    const newUsers = (await ids('users')).filter((id) => !before.users.includes(id));
    const newOrganizations = (await ids('organizations')).filter((id) => !before.organizations.includes(id));
    const memberships = await ids('memberships');
    const left = before.memberships
      .filter(({ id }) => !memberships.includes(id as string))
      .map(({ organization_id: id }) => `org_${id}`);
    const [event] = await gateway.rows<{ after: { cases: string[] } }>(
      `select "after" from events where tenant_id = $1 and type in ('user.signed_in', 'user.sign_in_refused') order by id desc limit 1`,
    );

    expect({
      refusal: told.result.refusal,
      createsUser: told.createsUser,
      createsOrganization: told.createsOrganization,
    }).toEqual({
      refusal,
      createsUser: newUsers.length === 1,
      createsOrganization: newOrganizations.length === 1,
    });
    expect(told.leaves.map(({ id }: { id: string }) => id)).toEqual(left);
    if (viewer) {
      expect(told.result.cases).toEqual(viewer.session.cases);
      expect(told.user?.id ?? `usr_${newUsers[0]}`).toBe(viewer.user.id);
      const organizationId = told.createsOrganization ? `org_${newOrganizations[0]}` : (told.organization?.id ?? null);
      expect(organizationId).toBe(viewer.organization?.id ?? null);
    } else if (told.user) {
      expect(told.result.cases).toEqual(event!.after.cases);
    }
  });
});

describe('ssoPreview', () => {
  it('is for administrators of the tenant alone', async () => {
    const { browser } = await gateway.signedInUser();
    for (const [caller, code] of [
      [browser, 'FORBIDDEN'],
      [null, 'UNAUTHENTICATED'],
    ] as const) {
      const { data, errors } = await expectUnchanged(gateway, () =>
        gateway.graphql(caller, PREVIEW, { claims: { sub: 'x' } }),
      );
      expect(errors?.[0]?.extensions.code).toBe(code);
      expect(data?.ssoPreview ?? null).toBeNull();
    }
  });

  it('knows nobody when it is given no subject, and refuses one that cannot be', async () => {
    const { data } = await gateway.graphql(administrator, PREVIEW, { claims: { siret: nextSiret() } });
    expect(data.ssoPreview).toMatchObject({ createsUser: true, createsOrganization: true, user: null });
    for (const sub of ['', 'a\0b', 7, null, 'x'.repeat(256)]) {
      const { errors } = await gateway.graphql(administrator, PREVIEW, { claims: { sub } });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  it('takes the issuer of the connection, whatever the claims say', async () => {
    const person = await known();
    const { data } = await gateway.graphql(administrator, PREVIEW, {
      claims: { ...claimsOf(person), iss: 'https://another.example.org' },
    });
    expect(data.ssoPreview.result.cases[0]).toBe('U1_KNOWN');
    expect(uuidOf(data.ssoPreview.user.id)).toMatch(/^[\w-]{36}$/);
  });

  it.each(['nobody', 'a\0b'])('knows no connection %j', async (slug) => {
    const { errors } = await gateway.graphql(
      administrator,
      'query ($slug: String!) { ssoPreview(connection: $slug, claims: {}) { createsUser } }',
      { slug },
    );
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});
