import { ask } from './graphql.js';

/** The sentence of each case, from the schema itself. Empty when the schema is not published to this caller. */
export async function readCases() {
  try {
    const { data } = await ask('{ __type(name: "LinkCase") { enumValues { name description } } }');
    return new Map((data?.__type?.enumValues ?? []).map(({ name, description }) => [name, description]));
  } catch {
    return new Map();
  }
}

/** The row that says most is the one about the organization; that it needs an administrator comes on top. */
export function mainCase(names) {
  return names.find((name) => name.startsWith('O') && name !== 'O10_NEEDS_ADMINISTRATOR') ?? names[0];
}
