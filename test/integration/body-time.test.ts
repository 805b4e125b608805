import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Fastify from 'fastify';
import { limitBodyTime } from '../../src/http/body-time.js';

const server = Fastify();

beforeAll(async () => {
  limitBodyTime(server, 100);
  server.post('/usual', (request) => request.body);
  server.post('/long', { config: { mayTakeLong: true } }, (request) => request.body);
  await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

/** Sends half a body, the other half when the time is over, and gives what was answered by then and after. */
async function sendSlowly(path: string): Promise<string> {
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nha`,
  );
  const end = once(socket, 'close');
  setTimeout(() => socket.writable && socket.write('lf'), 300);
  await end;
  return answer;
}

test('a request whose body does not arrive in time is ended, unless its route takes files', async () => {
  const [usual, long] = await Promise.all([sendSlowly('/usual'), sendSlowly('/long')]);
  expect(usual).toMatch(/^HTTP\/1.1 408 /);
  expect(long).toMatch(/^HTTP\/1.1 200 .*half$/s);
});
