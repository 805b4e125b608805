import { h, problem, spacedSiret } from './dom.js';
import { ask } from './graphql.js';

/** The people of the demonstration, each with the case that their first sign-in comes under. */
export function peopleToTry(people) {
  return h(
    'section',
    { 'aria-labelledby': 'people' },
    h('h2', { id: 'people' }, 'Sign in as somebody'),
    h(
      'p',
      { class: 'soft' },
      'Five invented people, one for each case of a sign-in; and the operator. A local provider stands in for ProConnect: there is no password.',
    ),
    h('ul', { class: 'cards' }, people.map(card)),
    beginAgain('Every sign-in changes the data. Begin again to see each case once more.'),
  );
}

function card({ name, siret, organizationLabel, before, after, expected, isOperator, loginUrl }) {
  const [firstName] = name.split(' ');
  return h(
    'li',
    { class: isOperator ? 'card operator' : 'card' },
    h('p', { class: 'case' }, isOperator ? 'The operator' : h('span', { class: 'code' }, expected)),
    h('h3', null, name),
    h('p', { class: 'soft siret' }, `SIRET ${spacedSiret(siret)}`, organizationLabel && ` · ${organizationLabel}`),
    h('dl', null, h('dt', null, 'Before'), h('dd', null, before), h('dt', null, 'The sign-in'), h('dd', null, after)),
    h('a', { class: isOperator ? 'button quiet' : 'button', href: loginUrl }, `Sign in as ${firstName}`),
  );
}

/** Brings the demonstration's data back; a plain form, for it ends sessions too. */
export function beginAgain(text) {
  return h(
    'form',
    { class: 'strip', method: 'post', action: '/demo/reset' },
    h('p', null, text),
    h('button', { class: 'button quiet' }, 'Begin again'),
  );
}

/** The configured providers, where there is no demonstration. */
export async function waysToSignIn() {
  const { data, errors } = await ask('{ connections(first: 20) { nodes { name loginUrl } } }');
  if (errors) return problem('The ways to sign in could not be read.', errors.map(({ message }) => message).join(' '));
  const connections = data.connections.nodes.filter(Boolean);
  return h(
    'section',
    { class: 'narrow', 'aria-labelledby': 'ways' },
    h('h2', { id: 'ways' }, 'Sign in'),
    connections.length
      ? h(
          'ul',
          { class: 'ways' },
          connections.map(({ name, loginUrl }) => h('li', null, h('a', { class: 'button', href: loginUrl }, name))),
        )
      : [
          h(
            'p',
            null,
            'No identity provider is connected yet. Whoever runs this gateway connects one on its command line:',
          ),
          h('pre', { tabindex: 0 }, h('code', null, 'npm run cli -- connection create --help')),
          h('p', { class: 'soft' }, 'Then come back to this page: it will offer to sign in.'),
        ],
  );
}
