import { mainCase } from './cases.js';
import { h } from './dom.js';
import { outcome } from './exchange.js';
import { ask, faultsOf } from './graphql.js';

const CHANGED = `{
    organization { name description nameStatus version }
    userErrors { code message field }
  }`;
const COMPLETE = `mutation Complete($input: OrganizationCompleteInput!) {
  organizationComplete(input: $input) ${CHANGED}
}`;
const UPDATE = `mutation Update($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) ${CHANGED}
}`;
const PREVIEW = `query Preview($connection: String!, $claims: JSONObject!) {
  ssoPreview(connection: $connection, claims: $claims) {
    result { case cases refusal }
    createsUser
    createsOrganization
    user { displayName }
    organization { name }
    leaves { name }
  }
}`;

/** What the viewer may do, as the API says; and one thing that they may not, for the answer to be seen. */
export function actionsOf({ viewer, cases, outcomes, refresh }) {
  const { organization, session, user } = viewer;
  const context = { outcomes, refresh };
  const forms = [];
  if (organization?.viewerCan.complete) forms.push(completeForm(organization, context));
  if (organization?.viewerCan.update) forms.push(updateForm(organization, context));
  if (organization && !organization.viewerCan.update) forms.push(renameAttempt(organization, context));
  if (organization?.viewerCan.update && !organization.viewerEditableFields.includes('status')) {
    forms.push(suspendAttempt(organization, context));
  }
  if (user?.isTenantAdministrator && session?.connection)
    forms.push(previewForm(session.connection.slug, cases, context));
  if (!forms.length) return null;
  const shown = new Set(forms.map(({ id }) => id));
  return h(
    'section',
    { 'aria-labelledby': 'may' },
    h('h2', { id: 'may' }, 'What you may do, and what you may not'),
    [...outcomes].filter(([key]) => !shown.has(key)).map(([, result]) => result),
    h('div', { class: 'forms' }, forms),
  );
}

function completeForm({ id, name }, context) {
  return form(
    {
      key: 'complete',
      title: 'Name your organization',
      text: 'Your sign-in made it. You may give it its name, once.',
      button: 'Give this name',
      query: COMPLETE,
      variables: (values) => ({ input: { id, name: values.name } }),
      done: ({ organizationComplete }) =>
        `It is called ${organizationComplete.organization.name} now, and the name is confirmed.`,
    },
    context,
    field(
      'Name',
      h('input', { name: 'name', required: true, maxlength: 128, autocomplete: 'organization', placeholder: name }),
    ),
  );
}

function updateForm({ id, name, description, version }, context) {
  return form(
    {
      key: 'update',
      title: 'Edit the organization',
      text: `You may: viewerCan.update is true. The change is of version ${version}, which you see; somebody else’s change meanwhile is not overwritten.`,
      button: 'Save',
      query: UPDATE,
      variables: (values) => ({
        input: { id, expectedVersion: version, name: values.name, description: values.description || null },
      }),
      done: ({ organizationUpdate }) => `Saved: it is version ${organizationUpdate.organization.version} now.`,
    },
    context,
    field('Name', h('input', { name: 'name', required: true, maxlength: 128, autocomplete: 'off', value: name })),
    field('Description', h('textarea', { name: 'description', maxlength: 256, rows: 2 }, description ?? '')),
  );
}

function renameAttempt({ id, name }, context) {
  return form(
    {
      key: 'rename',
      title: 'Rename it all the same',
      text: 'You are a member, not an administrator: viewerCan.update is false. Try, and see what the API answers.',
      button: 'Try to rename the organization',
      isQuiet: true,
      query: UPDATE,
      variables: () => ({ input: { id, name: `${name} (renamed)` } }),
      done: () => 'It was renamed: you have become an administrator meanwhile.',
    },
    context,
  );
}

function suspendAttempt({ id }, context) {
  return form(
    {
      key: 'suspend',
      title: 'Suspend it all the same',
      text: 'The status is no field for an organization’s administrator: viewerEditableFields leaves it out. Try, and see what the API answers.',
      button: 'Try to suspend the organization',
      isQuiet: true,
      query: UPDATE,
      variables: () => ({ input: { id, status: 'SUSPENDED' } }),
      done: () => 'It was suspended: you have become an operator meanwhile.',
    },
    context,
  );
}

function previewForm(connection, cases, context) {
  const claims = {
    sub: 'somebody-new',
    email: 'alix.martin@exemple.gouv.fr',
    given_name: 'Alix',
    usual_name: 'Martin',
    siret: '13002526500013',
  };
  return form(
    {
      key: 'preview',
      title: 'Try claims without signing in',
      text: 'ssoPreview says what a sign-in with these claims would do now. It writes nothing.',
      button: 'Preview',
      query: PREVIEW,
      variables: (values) => ({ connection, claims: parseClaims(values.claims) }),
      done: ({ ssoPreview }) => describePreview(ssoPreview, cases),
      isReading: true,
    },
    context,
    field(
      'Claims',
      h(
        'textarea',
        { name: 'claims', class: 'code', rows: 8, required: true, spellcheck: 'false' },
        JSON.stringify(claims, null, 2),
      ),
    ),
  );
}

function parseClaims(text) {
  let claims;
  try {
    claims = JSON.parse(text);
  } catch (error) {
    throw new Error(`The claims are not JSON: ${error.message}`, { cause: error });
  }
  if (claims === null || typeof claims !== 'object' || Array.isArray(claims))
    throw new Error('The claims are a JSON object: { "sub": … }');
  return claims;
}

function describePreview({ result, createsUser, createsOrganization, user, organization, leaves }, cases) {
  const main = result.case ?? mainCase(result.cases);
  const sentences = [
    result.refusal && `Refused: ${result.refusal}.`,
    main && cases.get(main),
    createsUser ? 'A user would be created.' : user && `The user would be ${user.displayName}.`,
    createsOrganization
      ? 'An organization would be created.'
      : organization && `The organization would be ${organization.name}.`,
    leaves.length > 0 && `They would leave ${leaves.map(({ name }) => name).join(', ')}.`,
  ];
  return [main && h('strong', { class: 'code' }, main), ' ', sentences.filter(Boolean).join(' ')].filter(Boolean);
}

function field(label, control) {
  return h('label', null, h('span', null, label), control);
}

/**
 * A form that sends one operation and says below what came of it. A change that was made reads the page anew (`refresh`);
 * `outcomes` keeps what was said, by the form's key, for the page that comes then.
 */
function form(
  { key, title, text, button, isQuiet, isReading, query, variables, done },
  { outcomes, refresh },
  ...fields
) {
  const place = h('div', { class: 'outcome' }, outcomes.get(key));
  const submit = h('button', { class: isQuiet ? 'button quiet' : 'button' }, button);
  const show = (result) => {
    outcomes.clear();
    outcomes.set(key, result);
    document.querySelectorAll('.outcome').forEach((other) => other.replaceChildren());
    place.replaceChildren(result);
  };
  const send = async (event) => {
    event.preventDefault();
    if (submit.getAttribute('aria-busy')) return;
    submit.setAttribute('aria-busy', 'true');
    try {
      const sent = variables(Object.fromEntries(new FormData(event.target)));
      const answer = await ask(query, sent);
      const faults = faultsOf(answer);
      show(outcome({ query, variables: sent, answer, done: faults.length ? null : done(answer.data) }));
      if (faults.some(({ code }) => code === 'STALE_VERSION')) {
        place.append(
          h('button', { type: 'button', class: 'button quiet', onclick: () => refresh() }, 'Show it as it is now'),
        );
      }
      if (!faults.length && !isReading) await refresh();
      outcomes.get(key)?.focus();
    } catch (error) {
      show(h('div', { class: 'note problem', role: 'alert' }, h('p', null, error.message)));
    } finally {
      submit.removeAttribute('aria-busy');
    }
  };
  return h(
    'form',
    { id: key, class: 'card', onsubmit: send },
    h('h3', null, title),
    h('p', { class: 'soft' }, text),
    fields,
    h('div', null, submit),
    place,
  );
}
