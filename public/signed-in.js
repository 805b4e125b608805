import { actionsOf } from './actions.js';
import { mainCase } from './cases.js';
import { h, spacedSiret } from './dom.js';
import { exchange, explorerLink } from './exchange.js';
import { beginAgain } from './signed-out.js';

/** The query that this page is made of, and shows. */
export const SIGN_IN_QUERY = `query MySignIn {
  viewer {
    session {
      cases
      authenticatedAt
      connection { name slug }
    }
    user {
      displayName
      email
      isTenantAdministrator
      memberships(first: 10) {
        nodes {
          organization { id name }
          roles { name }
          source
        }
      }
    }
    organization {
      id
      name
      description
      siret
      nameStatus
      version
      viewerCan { complete update }
      viewerEditableFields
    }
  }
}`;

const MARK = { query: /\bcases\b/, answer: /"cases": \[[^\]]*\]/ };

/** What a signed-in person sees: who they are, which case applied, how to read it, and what they may do. */
export function signedIn({ answer, cases, people, outcomes, refresh }) {
  const { viewer } = answer.data;
  return [
    whoSection(viewer),
    caseSection(viewer, cases, people),
    h(
      'section',
      { 'aria-labelledby': 'read' },
      h(
        'div',
        { class: 'heading' },
        h(
          'div',
          null,
          h('h2', { id: 'read' }, 'The GraphQL that reads it'),
          h('p', { class: 'soft' }, 'This page is made of this one query.'),
        ),
        explorerLink(SIGN_IN_QUERY),
      ),
      exchange({ query: SIGN_IN_QUERY, answer, mark: MARK }),
    ),
    actionsOf({ viewer, cases, outcomes, refresh }),
    people && othersSection(viewer, people),
  ];
}

function whoSection({ user, organization, session }) {
  const membership = user?.memberships?.nodes.find((node) => node?.organization?.id === organization?.id);
  const roles = [
    ...(membership?.roles ?? []).map(({ name }) => name),
    ...(user?.isTenantAdministrator ? ['tenant administrator'] : []),
  ];
  return h(
    'section',
    { class: 'who' },
    h(
      'div',
      null,
      h('p', { class: 'soft' }, 'Signed in', session?.connection && ` with ${session.connection.name}`),
      h('h1', null, user?.displayName ?? 'Somebody'),
      h('p', { class: 'of' }, organization ? organization.name : 'In no organization'),
      h(
        'p',
        { class: 'soft' },
        [organization?.siret && `SIRET ${spacedSiret(organization.siret)}`, roles.join(', '), user?.email]
          .filter(Boolean)
          .join(' · '),
      ),
    ),
    h('form', { method: 'post', action: '/auth/logout' }, h('button', { class: 'button quiet' }, 'Sign out')),
  );
}

function caseSection({ session, user }, cases, people) {
  const names = session?.cases ?? [];
  const main = mainCase(names);
  const person = people?.find(({ name }) => name === user?.displayName);
  return h(
    'section',
    { class: 'applied', 'aria-labelledby': 'applied' },
    h('h2', { id: 'applied' }, 'The case that applied'),
    main
      ? [
          h('p', { class: 'code large' }, main),
          h('p', { class: 'lead' }, cases.get(main)),
          h(
            'ul',
            null,
            names
              .filter((name) => name !== main)
              .map((name) => h('li', null, h('span', { class: 'code' }, name), ' ', cases.get(name))),
          ),
        ]
      : h('p', null, 'This session came under no row of the decision table.'),
    person &&
      person.expected !== main &&
      h(
        'p',
        { class: 'soft' },
        `The first sign-in came under ${person.expected}. Begin again, below, to see it once more.`,
      ),
  );
}

function othersSection({ user }, people) {
  const others = people.filter(({ name }) => name !== user?.displayName);
  return h(
    'section',
    { 'aria-labelledby': 'others' },
    h('h2', { id: 'others' }, 'Now as somebody else'),
    h(
      'ul',
      { class: 'others' },
      others.map(({ name, expected, isOperator, loginUrl }) =>
        h(
          'li',
          null,
          h(
            'a',
            { href: loginUrl },
            h('strong', null, name),
            h('span', { class: 'code' }, isOperator ? 'The operator' : expected),
          ),
        ),
      ),
    ),
    beginAgain('Begin again to bring the demonstration’s data back. You will be signed out.'),
  );
}
