/**
 * Sends an operation and gives the answer's body, with `data` and maybe `errors`. Throws an Error with a sentence for people
 * when there is no such answer: the gateway is away, or something else spoke for it.
 */
export async function ask(query, variables, headers = {}) {
  let response;
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
  } catch {
    throw new Error('The gateway cannot be reached. Is it running?');
  }
  const body = await response.json().catch(() => null);
  if (body === null || typeof body !== 'object' || !('data' in body || 'errors' in body)) {
    throw new Error(`The gateway answered with status ${response.status} and no GraphQL.`);
  }
  return body;
}

/** The errors of an answer as `{ code, message }`: GraphQL's own, then the `userErrors` of its only field. */
export function faultsOf({ errors = [], data }) {
  const [payload] = Object.values(data ?? {});
  return [
    ...errors.map(({ message, extensions }) => ({ code: extensions?.code ?? 'ERROR', message })),
    ...(payload?.userErrors ?? []).map(({ code, message }) => ({ code, message })),
  ];
}
