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

function start() {
  const { React, ReactDOM, GraphiQL } = globalThis;
  if (!React || !ReactDOM || !GraphiQL) {
    place.append(problem('The explorer did not load.', 'Run `npm install` and start the gateway anew.'));
    return;
  }
  const fetcher = async (parameters) => {
    const response = await fetch('/graphql', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(parameters),
    });
    return response.json();
  };
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
