import type { Browser } from './browser.js';
import type { Gateway } from './gateway.js';

/** An attribute that asks for the address. */
export const EMAIL = { key: 'email', type: 'EMAIL', label: 'Email', target: 'USER_EMAIL' };

const PAYLOAD = `{
  enrollmentFlow { id name status number version settings { confirmation } } userErrors { code field message }
}`;

const INPUTS: Record<string, string> = {
  enrollmentFlowCreate: 'EnrollmentFlowCreateInput',
  enrollmentFlowUpdate: 'EnrollmentFlowUpdateInput',
};

/** Calls a mutation of flows and gives its payload; `raw` answers are under `answer`. */
export async function changeFlow(gateway: Gateway, browser: Browser | null, name: string, input: object) {
  const selection = name === 'enrollmentFlowDelete' ? '{ deletedId userErrors { code field message } }' : PAYLOAD;
  const type = INPUTS[name] ?? 'EnrollmentFlowIdInput';
  const answer = await gateway.graphql(
    browser,
    `mutation ($input: ${type}!) { asked: ${name}(input: $input) ${selection} }`,
    { input },
  );
  return { answer, ...answer.data?.asked };
}

/** Makes a flow as an administrator, and gives its id. Throws what it is refused for. */
export async function makeFlow(gateway: Gateway, browser: Browser, input: object): Promise<string> {
  const { answer, enrollmentFlow, userErrors } = await changeFlow(gateway, browser, 'enrollmentFlowCreate', {
    name: 'Join us',
    status: 'ACTIVE',
    ...input,
  });
  if (!enrollmentFlow) throw new Error(JSON.stringify(userErrors ?? answer.errors));
  return enrollmentFlow.id;
}

/** Makes terms as an administrator, and gives their id. Throws what they are refused for. */
export async function makeTerms(gateway: Gateway, browser: Browser, input: object): Promise<string> {
  const { data, errors } = await gateway.graphql(
    browser,
    'mutation ($input: TermsCreateInput!) { termsCreate(input: $input) { terms { id } userErrors { code field } } }',
    { input: { title: 'Terms of use', body: 'Be kind.', ...input } },
  );
  const { terms, userErrors } = data?.termsCreate ?? {};
  if (!terms) throw new Error(JSON.stringify(userErrors ?? errors));
  return terms.id;
}
