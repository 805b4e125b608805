import { h, problem } from './dom.js';
import { ask, faultsOf } from './graphql.js';
import { chooseLanguage, wordsOf } from './petition-words.js';
import { createStage, waysIn } from './stage.js';

/*
 * The page that links of confirmations lead to. It uses the public GraphQL API alone. The token is in the fragment of the
 * link: it is taken out of the address at once, and kept for this tab, so that signing in carries it along; it goes out
 * in the body of a POST alone. Fetching the page changes nothing: this script answers, and where the flow asks for review,
 * nobody does but who presses the button.
 */
const KEPT = 'vestibule.confirmation';
const HERE = '/petitions/confirm';
const OPEN = `mutation Open($input: PetitionTokenInput!) { petitionOpenConfirmation(input: $input) {
  confirmation { flowName organizationName mode expiresAt requiresSignIn linksTo } userErrors { code message }
} }`;
const WHO = `{ viewer { user { displayName email } } connections(first: 20) { nodes { name loginUrl } } }`;
const DONE = `petition { id status waitsFor nextActions terms { id edition title url body } }
  token redirectUrl userErrors { code message }`;
const CONFIRM = `mutation Confirm($input: PetitionTokenInput!) { petitionConfirm(input: $input) { ${DONE} } }`;
const DECLINE = `mutation Decline($input: PetitionTokenInput!) { petitionDecline(input: $input) { ${DONE} } }`;
const AGREE = `mutation Agree($input: PetitionAgreeToTermsInput!) { petitionAgreeToTerms(input: $input) { ${DONE} } }`;
const CONTINUE = `mutation Continue($input: PetitionIdInput!) { petitionContinue(input: $input) { ${DONE} } }`;
const COMMANDS = {
  petitionConfirm: CONFIRM,
  petitionDecline: DECLINE,
  petitionAgreeToTerms: AGREE,
  petitionContinue: CONTINUE,
};

const storage = globalThis.sessionStorage;
const language = chooseLanguage(navigator.languages ?? [navigator.language ?? 'en']);
const words = wordsOf(language);
document.documentElement.lang = language;
document.title = `${words.title} · Vestibule`;
document.getElementById('title').textContent = words.title;
const { show, button, attempt } = createStage(document.getElementById('page'), words, begin);

/** By which somebody without an account goes on after confirming: never kept, for this page alone. */
let petitionToken = null;

const given = new URLSearchParams(location.hash.slice(1)).get('token');
if (given) storage.setItem(KEPT, given);
if (location.hash || location.search) history.replaceState(null, '', HERE);
addEventListener('hashchange', () => location.reload());

async function begin() {
  const token = storage.getItem(KEPT);
  if (!token) return show(h('p', { class: 'note' }, words.noToken));
  const { data, faults } = await run(OPEN, { input: { token } });
  if (faults.length) return refuse(faults);
  const { confirmation } = data.petitionOpenConfirmation;
  const user = confirmation.requiresSignIn ? await viewer() : { isKnown: true };
  if (!user.isKnown) return show(about(confirmation), enter(user.connections), decline(confirmation, token));
  if (confirmation.mode !== 'AUTOMATIC') return review(confirmation, user, token);
  show(about(confirmation), h('p', { role: 'status' }, words.confirming));
  await answer('petitionConfirm', { token });
}

function review(confirmation, { user }, token) {
  show(
    about(confirmation),
    h('p', null, words.review),
    h('p', { class: 'soft' }, words.until(new Date(confirmation.expiresAt).toLocaleString(language))),
    user && h('p', { class: 'soft' }, words.signedInAs(user.displayName, user.email)),
    h(
      'p',
      null,
      button(words.accept, () => answer('petitionConfirm', { token })),
      ' ',
      decline(confirmation, token),
      ' ',
      user && h('a', { class: 'button quiet', href: `/auth/logout?returnTo=${HERE}` }, words.signOut),
    ),
  );
}

const about = ({ flowName, organizationName, linksTo }) => [
  h('p', { class: 'lead' }, words.about(flowName, organizationName)),
  linksTo && h('p', { class: 'note' }, words.links(linksTo)),
];

const decline = ({ mode }, token) =>
  mode !== 'AUTOMATIC' && button(words.decline, () => answer('petitionDecline', { token }), true);

/** Who is signed in, and how one could be. */
async function viewer() {
  const { data, faults } = await run(WHO);
  if (faults.length) throw new Error(faults[0].message);
  const user = data.viewer?.user;
  return { isKnown: Boolean(user), user, connections: data.connections.nodes.filter(Boolean) };
}

const enter = (connections) => [connections.length > 0 && h('p', null, words.signIn), waysIn(connections, words, HERE)];

/** Gives a command, and shows what came of it. */
async function answer(name, input) {
  const { data, faults } = await run(COMMANDS[name], { input });
  const payload = data?.[name];
  if (faults.some(({ code }) => code === 'SIGN_IN_REQUIRED')) return begin();
  if (faults.some(({ code }) => code === 'REAUTHENTICATION_REQUIRED')) {
    const { connections } = await viewer();
    return show(h('p', { role: 'status' }, words.signInAgain), enter(connections));
  }
  if (!payload?.petition && faults.length) return refuse(faults);
  storage.removeItem(KEPT);
  petitionToken = payload.token ?? petitionToken;
  if (name === 'petitionDecline') return show(h('p', { role: 'status' }, words.declined));
  return goOn(payload, faults);
}

/** What is left to do: terms, a step to try again, or going where the flow sends people. */
function goOn({ petition, redirectUrl }, faults) {
  const told = h('p', { role: 'status' }, words.confirmed, ' ', words.next[petition?.status]);
  const actions = petition?.waitsFor === 'ENROLLEE' ? petition.nextActions : [];
  if (actions.includes('AGREE_TO_TERMS')) return show(told, faults.map(explain), terms(petition));
  if (actions.includes('CONTINUE')) {
    const retry = button(words.tryAgain, () => answer('petitionContinue', { id: petition.id }));
    return show(told, faults.map(explain), h('p', null, words.waits), retry);
  }
  if (!isWebAddress(redirectUrl)) return show(told, faults.map(explain));
  show(told, h('p', null, words.going, ' ', h('a', { href: redirectUrl, rel: 'noreferrer' }, words.goOn)));
  return location.replace(redirectUrl);
}

function terms({ id, terms: shown }) {
  const agreed = shown.map(({ id: termsId, edition }) => ({ id: termsId, edition }));
  return [
    h('p', null, words.terms),
    shown.map(({ title, url, body }) =>
      h(
        'section',
        { class: 'card' },
        h('h2', null, title),
        body && h('p', null, body),
        isWebAddress(url) && h('p', null, h('a', { href: url, target: '_blank', rel: 'noreferrer' }, words.read)),
      ),
    ),
    h(
      'p',
      null,
      button(words.agree, () => answer('petitionAgreeToTerms', { id, terms: agreed })),
    ),
  ];
}

/** Says why not. A token that opens nothing is not kept; one that may work later is. */
function refuse(faults) {
  const isOver = ['INVALID_TOKEN', 'CONFIRMATION_EXPIRED', 'CONFIRMATION_RENEWED'];
  if (faults.some(({ code }) => isOver.includes(code))) storage.removeItem(KEPT);
  show(faults.map(explain));
}

const explain = ({ code, message }) => problem(words.failed, words.errors[code] ?? message);

function isWebAddress(address) {
  return URL.canParse(address ?? '') && ['https:', 'http:'].includes(new URL(address).protocol);
}

async function run(query, variables) {
  const body = await ask(query, variables, petitionToken ? { 'vestibule-petition-token': petitionToken } : {});
  return { data: body.data, faults: faultsOf(body) };
}

await attempt(begin);
