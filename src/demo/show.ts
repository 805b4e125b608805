import { DemoClient } from './client.js';

/** As `/demo/people` tells it. */
interface Person {
  id: string;
  name: string;
  before: string;
  expected: string;
  isOperator: boolean;
  loginUrl: string;
}

interface Viewer {
  viewer: {
    session: {
      cases: string[];
      activeOrganization: { id: string; name: string; siret: string | null; viewerEditableFields: string[] } | null;
    };
  } | null;
}

const WHO_AM_I = `query WhoAmI {
  viewer { session { cases activeOrganization { id name siret viewerEditableFields } } }
}`;

const EDIT = `mutation Edit($id: ID!, $description: String!) {
  organizationUpdate(input: { id: $id, description: $description }) {
    organization { name description }
    userErrors { code message }
  }
}`;

interface Edited {
  organizationUpdate: { organization: { name: string; description: string } | null; userErrors: unknown[] } | null;
}

/**
 * Signs in as each person of a running demonstration and shows which row of the decision table applied; then an
 * administrator edits their organization, and a member tries to. Gives whether all of it went as it should.
 */
export async function showDemo(gateway: string, say: (line: string) => void): Promise<boolean> {
  const people = (await (await fetch(new URL('/demo/people', gateway))).json()) as Person[];
  let isAsExpected = true;
  const check = (isRight: boolean): string => {
    isAsExpected &&= isRight;
    return isRight ? '✓' : '✗';
  };

  const clients: { person: Person; client: DemoClient; organizationId: string | undefined; edits: boolean }[] = [];
  for (const person of people) {
    const client = new DemoClient(gateway);
    const { status, text } = await client.visit(person.loginUrl);
    const { data } = await client.query<Viewer>(WHO_AM_I);
    const session = data?.viewer?.session;
    const organization = session?.activeOrganization;
    const cases = session?.cases ?? [];
    say(`${check(cases.includes(person.expected))} ${person.name}`);
    say(`    before        ${person.before}`);
    say(
      `    cases         ${cases.join(', ') || `none: ${status} ${readTitle(text)}`}${cases.includes(person.expected) ? '' : ` (expected ${person.expected})`}`,
    );
    say(
      `    organization  ${organization ? `${organization.name}, SIRET ${organization.siret ?? 'unknown'}` : 'none'}`,
    );
    say('');
    const edits = organization?.viewerEditableFields.includes('description') ?? false;
    clients.push({ person, client, organizationId: organization?.id, edits });
  }

  const administrator = clients.find(({ person, edits }) => edits && !person.isOperator);
  const member = clients.find(
    ({ edits, organizationId }) => !edits && organizationId === administrator?.organizationId,
  );
  if (!administrator || !member) {
    say(`${check(false)} There is no administrator with a member in one organization.`);
    return false;
  }
  const edit = ({ client, organizationId: id }: typeof member, description: string) =>
    client.query<Edited>(EDIT, { id, description });

  const description = 'The state’s digital service.';
  const worked = await edit(administrator, description);
  const edited = worked.data?.organizationUpdate?.organization;
  say(
    `${check(edited?.description === description)} ${administrator.person.name}, administrator, edits ${edited?.name ?? 'the organization'}: it now reads “${edited?.description ?? ''}”`,
  );

  const refused = await edit(member, 'Changed by a member.');
  const [error] = refused.errors ?? [];
  say(
    `${check(error?.extensions?.code === 'FORBIDDEN')} ${member.person.name}, member, tries the same: ${error?.extensions?.code ?? 'no refusal'}. ${error?.message ?? ''}`,
  );

  say('');
  say(
    isAsExpected
      ? 'All of it went as the decision table says (docs/sso-linking.md).'
      : 'Something did not go as it should.',
  );
  return isAsExpected;
}

function readTitle(page: string): string {
  return /<h1>([^<]*)/.exec(page)?.[1] ?? '';
}
