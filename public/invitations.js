import { h, problem } from './dom.js';
import { ask, faultsOf } from './graphql.js';

/*
 * The page that links of invitations lead to, where no other frontend does. It uses the public GraphQL API alone. The
 * token is in the fragment of the link: it is taken out of the address at once, and kept for this tab, so that signing
 * in carries it along.
 */
const KEPT = 'vestibule.invitation';
const WHO = `{ viewer { user { displayName email } } connections(first: 20) { nodes { name slug loginUrl } } }`;
const PENDING = `{ viewerInvitations(first: 20) { nodes {
  id organizationName inviterName message roleNames expiresAt viewerCan { accept decline }
} } }`;
const ANSWERS = {
  organizationInvitationAccept: (name) => `You are a member of ${name} now.`,
  organizationInvitationDecline: (name) => `You have declined the invitation to ${name}.`,
};
const OUTCOMES = {
  ACCEPTED: 'You have accepted the invitation: you are a member now.',
  NOT_FOUND:
    'The invitation could not be accepted: it was answered already, or it is for another address than the verified one of your account.',
  WRONG_STATUS: 'The invitation cannot be accepted any more: it has expired, or the organization is suspended.',
};

const storage = globalThis.sessionStorage;
const page = document.getElementById('page');
const here = new URL(location.href);
const token = new URLSearchParams(here.hash.slice(1)).get('token');
const outcome = here.searchParams.get('invitation');
if (token) storage.setItem(KEPT, token);
if (outcome) storage.removeItem(KEPT);
if (token || outcome) history.replaceState(null, '', here.pathname);

await show(outcome && (OUTCOMES[outcome] ?? OUTCOMES.NOT_FOUND));

/** Reads who is here and shows what is for them, below what has just happened. */
async function show(told) {
  let content;
  try {
    const { data, errors } = await ask(WHO);
    if (errors) throw new Error(errors.map(({ message }) => message).join(' '));
    const user = data.viewer?.user;
    content = user ? await invitations(user) : waysIn(data.connections.nodes.filter(Boolean));
  } catch (error) {
    content = [problem('This page could not be read.', error.message)];
  }
  page.replaceChildren(...(told ? [h('p', { class: 'note', role: 'status' }, told)] : []), ...content);
}

function waysIn(connections) {
  const kept = storage.getItem(KEPT);
  return [
    h(
      'p',
      { class: 'lead' },
      kept
        ? 'You are invited to an organization. Sign in with the account whose email address the invitation was sent to: that accepts it.'
        : 'Sign in to see your invitations.',
    ),
    connections.length
      ? h(
          'ul',
          { class: 'ways' },
          connections.map((connection) => h('li', null, wayIn(connection, kept))),
        )
      : h('p', { class: 'note' }, 'There is no way to sign in yet.'),
    kept &&
      h('p', { class: 'soft' }, h('button', { class: 'button quiet', onclick: forget }, 'Sign in without accepting')),
  ].filter(Boolean);
}

function wayIn({ name, slug, loginUrl }, kept) {
  if (!kept) return h('a', { class: 'button', href: `${loginUrl}?returnTo=/invitations` }, name);
  return h('button', { class: 'button', onclick: () => signIn(slug, kept) }, `Accept with ${name}`);
}

/** The token goes in a body, never in an address. */
async function signIn(slug, invitation) {
  try {
    const response = await fetch(`/auth/${encodeURIComponent(slug)}/login`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ invitation, returnTo: '/invitations' }),
    });
    const { authorizationUrl, message } = await response.json();
    if (!authorizationUrl) throw new Error(message ?? 'The sign-in could not begin.');
    location.assign(authorizationUrl);
  } catch (error) {
    await show(error.message);
  }
}

async function forget() {
  storage.removeItem(KEPT);
  await show();
}

async function invitations({ displayName, email }) {
  const { data, errors } = await ask(PENDING);
  if (errors) throw new Error(errors.map(({ message }) => message).join(' '));
  const pending = data.viewerInvitations.nodes.filter(Boolean);
  return [
    h('p', { class: 'soft' }, `Signed in as ${displayName}${email ? ` (${email})` : ''}.`),
    pending.length
      ? h('ul', { class: 'cards' }, pending.map(card))
      : h(
          'p',
          null,
          'No invitation waits for you. An invitation is for one verified address: sign in with the account that has it.',
        ),
    h('p', null, h('a', { class: 'button quiet', href: '/auth/logout?returnTo=/invitations' }, 'Sign out')),
  ];
}

function card({ id, organizationName, inviterName, message, roleNames, expiresAt, viewerCan }) {
  const button = (mutation, label, isQuiet) =>
    h(
      'button',
      { class: isQuiet ? 'button quiet' : 'button', onclick: () => answer(mutation, id, organizationName) },
      label,
    );
  return h(
    'li',
    { class: 'card' },
    h('h2', null, organizationName),
    h('p', null, inviterName ? `${inviterName} invites you to join.` : 'You are invited to join.'),
    message && h('blockquote', null, message),
    roleNames.length > 0 && h('p', { class: 'soft' }, `As: ${roleNames.join(', ')}`),
    h('p', { class: 'soft' }, `Until ${new Date(expiresAt).toLocaleString()}`),
    !viewerCan.accept && h('p', { class: 'soft' }, 'The organization takes no members at the moment.'),
    viewerCan.accept && button('organizationInvitationAccept', 'Accept', false),
    ' ',
    viewerCan.decline && button('organizationInvitationDecline', 'Decline', true),
  );
}

async function answer(mutation, id, name) {
  const query = `mutation Answer($input: OrganizationInvitationAnswerInput!) {
    ${mutation}(input: $input) { userErrors { code message } }
  }`;
  try {
    const faults = faultsOf(await ask(query, { input: { id } }));
    if (!faults.length) storage.removeItem(KEPT);
    await show(faults.length ? faults.map(({ message }) => message).join(' ') : ANSWERS[mutation](name));
  } catch (error) {
    await show(error.message);
  }
}
