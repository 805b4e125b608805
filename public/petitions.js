import { h, problem } from './dom.js';
import { ask, faultsOf } from './graphql.js';
import { chooseLanguage } from './petition-words.js';
import { createStage, waysIn } from './stage.js';

/*
 * The page that mails about petitions lead to: `#petition=pet_…` shows one, and without it the page lists those that wait
 * for the viewer, and their own. It uses the public GraphQL API alone, and offers what `nextActions` names.
 */
const KEPT = 'vestibule.petition';
const HERE = '/petitions';
const WHO = `{ viewer { user { displayName } } connections(first: 20) { nodes { name loginUrl } } }`;
const ENTRY = `id flowName organizationName status waitsSince`;
const LISTS = `{
  petitionInbox(first: 20) { totalCount nodes { ${ENTRY} } }
  viewerPetitions(first: 20) { totalCount nodes { ${ENTRY} } }
}`;
const SHOWN = `id flowName organizationName status waitsFor waitsSince nextActions decisionComment
  attributes { key label value } history(first: 100) { nodes { action statusAfter comment at } }`;
const ONE = `query One($id: ID!) { petition(id: $id) { ${SHOWN} } }`;
const DONE = `petition { ${SHOWN} } userErrors { code message }`;
const APPROVE = `mutation Approve($input: PetitionApproveInput!) { petitionApprove(input: $input) { ${DONE} } }`;
const DENY = `mutation Deny($input: PetitionDenyInput!) { petitionDeny(input: $input) { ${DONE} } }`;
const CANCEL = `mutation Cancel($input: PetitionCancelInput!) { petitionCancel(input: $input) { ${DONE} } }`;

const EN = {
  title: 'Petitions',
  inbox: 'Waiting for your decision',
  own: 'Your own',
  none: 'There is nothing here.',
  signIn: 'Sign in to see what waits for you.',
  signInWith: (name) => `Sign in with ${name}`,
  noWayIn: 'There is no way to sign in yet.',
  missing: 'There is no such petition, or it is not for you to see. You may have to sign in with another account.',
  signOut: 'Use another account',
  all: 'All petitions',
  approve: 'Approve',
  deny: 'Deny',
  cancel: 'Give up',
  comment: 'Comment',
  given: 'What was given',
  history: 'What has happened',
  since: (date) => `since ${date}`,
  failed: 'This did not work.',
  tryAgain: 'Try again',
};
const FR = {
  title: 'Demandes',
  inbox: 'En attente de votre décision',
  own: 'Les vôtres',
  none: 'Il n’y a rien ici.',
  signIn: 'Connectez-vous pour voir ce qui vous attend.',
  signInWith: (name) => `Se connecter avec ${name}`,
  noWayIn: 'Il n’y a pas encore de moyen de se connecter.',
  missing: 'Cette demande n’existe pas, ou ne vous est pas visible. Il faut peut-être utiliser un autre compte.',
  signOut: 'Utiliser un autre compte',
  all: 'Toutes les demandes',
  approve: 'Approuver',
  deny: 'Refuser',
  cancel: 'Abandonner',
  comment: 'Commentaire',
  given: 'Ce qui a été fourni',
  history: 'Ce qui s’est passé',
  since: (date) => `depuis le ${date}`,
  failed: 'Cela n’a pas fonctionné.',
  tryAgain: 'Réessayer',
};

const storage = globalThis.sessionStorage;
const language = chooseLanguage(navigator.languages ?? [navigator.language ?? 'en']);
const words = language === 'fr' ? FR : EN;
document.documentElement.lang = language;
document.title = `${words.title} · Vestibule`;
document.getElementById('title').textContent = words.title;
const { show, button, attempt } = createStage(document.getElementById('page'), words, begin);
addEventListener('hashchange', () => location.reload());

// Signing in leads back here without what follows the `#`: this tab keeps it until then.
const asked = new URLSearchParams(location.hash.slice(1)).get('petition') ?? storage.getItem(KEPT);

async function begin() {
  const { data } = await run(WHO);
  if (!data.viewer?.user) {
    if (asked) storage.setItem(KEPT, asked);
    return show(h('p', null, words.signIn), waysIn(data.connections.nodes.filter(Boolean), words, HERE));
  }
  storage.removeItem(KEPT);
  if (!asked) return lists();
  const { data: found } = await run(ONE, { id: asked });
  return found.petition ? one(found.petition) : show(missing());
}

async function lists() {
  const { data } = await run(LISTS);
  show(section(words.inbox, data.petitionInbox), section(words.own, data.viewerPetitions));
}

function section(title, { totalCount, nodes }) {
  const entry = ({ id, flowName, organizationName, status, waitsSince }) =>
    h(
      'li',
      null,
      h('a', { href: `${HERE}#petition=${id}` }, [flowName, organizationName].filter(Boolean).join(', ')),
      ' ',
      h('span', { class: 'soft' }, `${status}, ${words.since(date(waitsSince))}`),
    );
  const shown = nodes.filter(Boolean);
  return h(
    'section',
    null,
    h('h2', null, `${title} (${totalCount})`),
    shown.length ? h('ul', null, shown.map(entry)) : h('p', { class: 'soft' }, words.none),
  );
}

/** One petition, with what the viewer may do now. */
function one(petition, told = []) {
  const { flowName, organizationName, status, waitsSince, attributes, history } = petition;
  show(
    told,
    h('p', { class: 'lead' }, [flowName, organizationName].filter(Boolean).join(', ')),
    h('p', { role: 'status' }, h('strong', null, status), ' ', words.since(date(waitsSince))),
    petition.decisionComment && h('p', { class: 'note' }, petition.decisionComment),
    actions(petition),
    attributes.length > 0 && [
      h('h2', null, words.given),
      h(
        'dl',
        null,
        attributes.map(({ label, value }) => [h('dt', null, label), h('dd', null, text(value))]),
      ),
    ],
    h('h2', null, words.history),
    h(
      'ol',
      null,
      history.nodes.map(({ action, statusAfter, comment, at }) =>
        h('li', null, `${date(at)}: ${[action, statusAfter, comment].filter(Boolean).join(' · ')}`),
      ),
    ),
    h('p', null, h('a', { href: HERE }, words.all)),
  );
}

function actions({ id, nextActions }) {
  const isDeciding = nextActions.includes('APPROVE') || nextActions.includes('DENY');
  const field = h('textarea', { id: 'comment', rows: 3, maxlength: 2000 });
  const comment = () => field.value?.trim() || null;
  const act = (query, input) => async () => {
    const { data, faults } = await run(query, { input: { id, ...input() } });
    const [payload] = Object.values(data ?? {});
    const told = faults.map(({ message }) => problem(words.failed, message));
    return payload?.petition ? one(payload.petition, told) : show(told);
  };
  const decision = () => ({ comment: comment(), isConfirmed: true });
  const offered = [
    ['APPROVE', words.approve, act(APPROVE, decision)],
    ['DENY', words.deny, act(DENY, decision)],
    ['CANCEL', words.cancel, act(CANCEL, () => ({ comment: comment() }))],
  ].filter(([name]) => nextActions.includes(name));
  return [
    isDeciding && h('p', null, h('label', { for: 'comment' }, words.comment), h('br'), field),
    offered.length > 0 &&
      h(
        'p',
        null,
        offered.map(([name, label, run]) => [button(label, run, name !== 'APPROVE'), ' ']),
      ),
  ];
}

const missing = () => [
  h('p', { class: 'note' }, words.missing),
  h('p', null, h('a', { class: 'button quiet', href: `/auth/logout?returnTo=${HERE}` }, words.signOut)),
  h('p', null, h('a', { href: HERE }, words.all)),
];

const date = (at) => new Date(at).toLocaleString(language);
const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

async function run(query, variables) {
  const body = await ask(query, variables);
  if (!body.data) throw new Error(faultsOf(body)[0]?.message);
  return { data: body.data, faults: faultsOf(body) };
}

await attempt(begin);
