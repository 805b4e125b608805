import WebSocket from 'ws';

/* Subscribers of one organization, each over a WebSocket and with a session of their own. */

export type LiveCommand =
  | { kind: 'open'; port: number; tokens: string[]; organizationId: string }
  | { kind: 'change'; port: number; token: string; organizationId: string; name: string }
  | { kind: 'close' };

/** Of a change, in milliseconds since the mutation was sent: its answer, and the first and the last who was told. */
export interface ChangeTimes {
  answered: number;
  first: number;
  last: number;
}

const QUERY = `subscription ($id: ID!) {
  organizationChanged(id: $id) { id type at organization { id name description version } }
}`;
const UPDATE = `mutation ($input: OrganizationUpdateInput!) {
  organizationUpdate(input: $input) { organization { version } userErrors { message } }
}`;
const AT_ONCE = 50;

let sockets: WebSocket[] = [];
let arrived: (text: string) => void = () => undefined;

async function open({ port, tokens, organizationId }: LiveCommand & { kind: 'open' }): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let token = tokens[next++]; token; token = tokens[next++]) await subscribe(token);
  };
  const subscribe = (token: string) =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
        perMessageDeflate: false,
      });
      sockets.push(socket);
      socket.on('error', reject);
      socket.on('close', (code, reason) => reject(new Error(`closed: ${code} ${String(reason)}`)));
      socket.on('open', () => {
        socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
      });
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (!text.includes('connection_ack')) return arrived(text);
        const payload = { query: QUERY, variables: { id: organizationId } };
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
        resolve();
      });
    });
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const url = `http://127.0.0.1:${port}/bench/subscribers`;
  while (Number(await (await fetch(url)).text()) < tokens.length) await new Promise((done) => setTimeout(done, 20));
}

async function change({ port, token, organizationId, name }: LiveCommand & { kind: 'change' }): Promise<ChangeTimes> {
  let count = 0;
  let first = 0;
  let begun = 0;
  const all = new Promise<number>((resolve, reject) => {
    arrived = (text) => {
      if (!text.includes(name)) return reject(new Error(`Not the change: ${text}`));
      if (++count === 1) first = performance.now() - begun;
      if (count === sockets.length) resolve(performance.now() - begun);
    };
  });
  begun = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: UPDATE, variables: { input: { id: organizationId, name } } }),
  });
  const text = await answer.text();
  const answered = performance.now() - begun;
  if (!text.includes('"userErrors":[]')) throw new Error(text);
  return { answered, first: (await all, first), last: await all };
}

async function run(command: LiveCommand): Promise<ChangeTimes | null> {
  if (command.kind === 'change') return change(command);
  if (command.kind === 'open') await open(command);
  else {
    for (const socket of sockets) socket.terminate();
    sockets = [];
  }
  return null;
}

process.on('message', (command: LiveCommand) => {
  run(command).then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ error: error.stack ?? error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
