import { problem } from './dom.js';
import { ask } from './graphql.js';

const DEFAULT_QUERY = `# Vestibule, over GraphQL. Whoever you are signed in as on the start page, you are here too.
# Press Ctrl-Enter to run, Ctrl-Space for what can be asked here; the docs are behind the book on the left.
# Each description ends in what it requires.

query Welcome {
  viewer {
    user { displayName }
    organization { name siret }
    session { cases }
  }
  connections(first: 5) {
    nodes { name loginUrl }
  }
}
`;

const place = document.getElementById('explorer');

/** The query that a link brought (`#query=…`); undefined when there is none. */
function linkedQuery() {
  try {
    return new URLSearchParams(location.hash.slice(1)).get('query') ?? undefined;
  } catch {
    return undefined;
  }
}

const fetcher = (parameters, { documentAST } = {}) =>
  isSubscription(parameters, documentAST) ? follow(parameters) : send(parameters, 'application/json').then(readJson);

function send(parameters, accept, signal) {
  return fetch('/graphql', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(parameters),
    signal,
  });
}

const readJson = (response) => response.json();

function isSubscription({ operationName }, documentAST) {
  return documentAST?.definitions.some(
    ({ operation, name }) => operation === 'subscription' && (!operationName || name?.value === operationName),
  );
}

/** The results of a subscription as they come, until the explorer's stop button lets go of them. */
function follow(parameters) {
  const controller = new AbortController();
  const results = readEvents(parameters, controller.signal);
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => results.next(),
      async return() {
        controller.abort();
        return { value: undefined, done: true };
      },
    }),
  };
}

async function* readEvents(parameters, signal) {
  const response = await send(parameters, 'text/event-stream', signal);
  if (!response.headers.get('content-type').startsWith('text/event-stream')) return yield await readJson(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (text + value).split('\n\n');
    text = events.pop();
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data) yield JSON.parse(data);
    }
  }
}

function start() {
  const { React, ReactDOM, GraphiQL } = globalThis;
  if (!React || !ReactDOM || !GraphiQL) {
    place.append(problem('The explorer did not load.', 'Run `npm install` and start the gateway anew.'));
    return;
  }
  const explorer = React.createElement(
    GraphiQL,
    {
      fetcher,
      query: linkedQuery(),
      defaultQuery: DEFAULT_QUERY,
      defaultEditorToolsVisibility: false,
      isHeadersEditorEnabled: true,
    },
    React.createElement(GraphiQL.Logo, null, ' '),
  );
  ReactDOM.createRoot(place).render(explorer);
}

/** Says who is asking: what they may read depends on it. */
async function sayWho() {
  const { data } = await ask('{ viewer { user { displayName } } }');
  const name = data?.viewer?.user?.displayName;
  document.getElementById('who').textContent = name ? `API explorer, as ${name}` : 'API explorer, not signed in';
}

addEventListener('hashchange', () => location.reload());
start();
await sayWho().catch(() => undefined);
