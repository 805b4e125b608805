import type { LocalPerson } from './provider.js';

/** A person of the demonstration, and the row of the decision table that their first sign-in comes under. */
export interface DemoPerson extends LocalPerson {
  name: string;
  /** What is true before they sign in. */
  before: string;
  /** What their sign-in does. */
  after: string;
  expected: string;
}

export const DEMO_ORGANIZATIONS = {
  dinum: { siret: '13002526500013', name: 'Direction interministérielle du numérique' },
  lyon: { siret: '21690123100011', name: 'Ville de Lyon' },
  marseille: { siret: '21130055300016', name: 'Ville de Marseille' },
};

const IDP = 'b61f3f8c-6d7a-4c0e-9a3c-8f7e0d5a2b11';

function person(id: string, givenName: string, usualName: string, siret: string, more: Record<string, unknown> = {}) {
  const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return {
    id,
    sub: `demo-${id}`,
    name: `${givenName} ${usualName}`,
    claims: {
      given_name: givenName,
      usual_name: usualName,
      email: `${fold(givenName)}.${fold(usualName)}@exemple.gouv.fr`,
      uid: id,
      siret,
      idp_id: IDP,
      idp_acr: 'eidas1',
      roles: ['agent_public'],
      ...more,
    },
  };
}

/** One person for each case: their organization exists, is the same, is another, is new, is new and another. */
export const DEMO_PEOPLE: DemoPerson[] = [
  {
    ...person('camille', 'Camille', 'Moreau', DEMO_ORGANIZATIONS.dinum.siret),
    before: 'Never seen here. Her organization is.',
    after: 'Gets an account and joins the organization that has her SIRET.',
    expected: 'O1_JOINED',
  },
  {
    ...person('bruno', 'Bruno', 'Lefèvre', DEMO_ORGANIZATIONS.dinum.siret),
    before: 'Known, and administrator of his organization.',
    after: 'Signs in; nothing changes. He may edit the organization.',
    expected: 'O2_SAME',
  },
  {
    ...person('chloe', 'Chloé', 'Garnier', DEMO_ORGANIZATIONS.marseille.siret),
    before: 'Known as a member of Ville de Lyon. Her provider now says Marseille.',
    after: 'Her membership moves to Ville de Marseille.',
    expected: 'O3_MOVED',
  },
  {
    ...person('diego', 'Diego', 'Fournier', '11002001300097'),
    before: 'Never seen here, and nor is his organization.',
    after: 'Gets an account; the organization is made with a name to be completed.',
    expected: 'O4_CREATED',
  },
  {
    ...person('elodie', 'Élodie', 'Renard', '35600000000048', { organization_label: 'La Poste' }),
    before:
      'Known as the only administrator of Ville de Lyon. Her provider now names an organization that is not here.',
    after:
      'The organization is made and she moves there, as a member. Ville de Lyon is flagged: it needs an administrator.',
    expected: 'O5_CREATED_AND_MOVED',
  },
];

/** Who runs the platform: an administrator of the tenant. */
export const DEMO_OPERATOR: DemoPerson = {
  ...person('ophelie', 'Ophélie', 'Perrin', DEMO_ORGANIZATIONS.dinum.siret),
  before: 'Administrator of the tenant.',
  after: 'Signs in; may do everything, ssoPreview included.',
  expected: 'O2_SAME',
};
