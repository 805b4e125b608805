import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createOutbound,
  findForbiddenAddress,
  ForbiddenAddressError,
  isPublicAddress,
  type Outbound,
  readBounded,
} from '../../src/outbound.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server of this machine that counts who connects to it. */
async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end('hello'),
  { host = '127.0.0.1', port = 0 } = {},
) {
  const server = createServer(answer);
  const counted = { port: 0, connections: 0 };
  server.on('connection', () => counted.connections++);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  counted.port = (server.address() as AddressInfo).port;
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return counted;
}

function open(allowedPrivateAddresses: string[], resolve?: Parameters<typeof createOutbound>[0]['resolve']): Outbound {
  const outbound = createOutbound({ allowedPrivateAddresses, ...(resolve ? { resolve } : {}) });
  closing.push(outbound.close);
  return outbound;
}

/** A resolver that knows these names, and nothing else. */
const knowing = (names: Record<string, string[]>) => async (host: string) => {
  const addresses = names[host];
  if (!addresses) throw Object.assign(new Error(`queryA ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
  return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

/** The refusal of a request. Fails when there is an answer, or another error. */
async function refusalOf(request: Promise<Response>): Promise<ForbiddenAddressError> {
  const error: unknown = await request.then(
    ({ status }) => new Error(`answered ${status}`),
    (thrown: unknown) => thrown,
  );
  const forbidden = findForbiddenAddress(error);
  if (!forbidden) throw error;
  return forbidden;
}

describe('what a public address is', () => {
  it.each([
    [
      'IPv4',
      ['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.255.255', '172.32.0.1', '100.63.255.255', '223.255.255.1'],
    ],
    ['IPv6', ['2606:4700:4700::1111', '2a01:e0c:1::1', '2001:4860:4860::8888']],
    ['IPv4 in IPv6: mapped', ['::ffff:8.8.8.8', '::ffff:808:808']],
    ['IPv4 in IPv6: translated (NAT64)', ['64:ff9b::8.8.8.8']],
  ])('%s', (_what, addresses) => {
    expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
  });

  it.each([
    ['this machine', ['127.0.0.1', '127.255.255.254', '::1', '0.0.0.0', '0.1.2.3', '::']],
    ['private networks', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fc00::1', 'fdff::1', 'fec0::1']],
    ['link-local addresses, where clouds keep credentials', ['169.254.169.254', 'fe80::1', 'fe80::1%eth0']],
    ["a cloud's metadata over IPv6", ['fd00:ec2::254']],
    ["a carrier's own network", ['100.64.0.1', '100.127.255.255']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    ['documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']],
    ['reserved, benchmarking, discard', ['192.0.0.1', '198.18.0.1', '240.0.0.1', '2001:2::1', '100::1', '5f00::1']],
    ['IPv6 that is not given out', ['4000::1', '::7f00:1', '::8.8.8.8', '1::1']],
    ['private IPv4 in IPv6: mapped', ['::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::ffff:10.0.0.1', '::ffff:0.0.0.0']],
    ['private IPv4 in IPv6: translated', ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::10.0.0.1']],
    ['private IPv4 in IPv6: 6to4 and Teredo', ['2002:7f00:1::1', '2002:a00:1::', '2001:0:53aa:64c::1']],
    ['private IPv4 in IPv6: other translations', ['::ffff:0:127.0.0.1']],
    ['what is no address', ['localhost', '', '0x7f.0.0.1', '2130706433', '[::1]', '127.1', '8.8.8.8.']],
  ])('%s: none', (_what, addresses) => {
    expect(addresses.filter((address) => isPublicAddress(address))).toEqual([]);
  });
});

describe('a request', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1.',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0x7f.1',
    '%31%32%37.0.0.1',
    '①②⑦.⓪.⓪.①',
    '0.0.0.0',
    '0',
    'localhost',
    'LOCALHOST',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '[::1]',
    '[::]',
  ])('is not sent to this machine by the name %s', async (host) => {
    const server = await startServer();
    const refusal = await refusalOf(open([]).fetch(`http://${host}:${server.port}/`));
    expect(refusal.message).toContain('ALLOWED_PRIVATE_ADDRESSES');
    expect(server.connections).toBe(0);
  });

  it.each([
    '169.254.169.254',
    '10.0.0.1',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '240.0.0.1',
    '203.0.113.1',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[2001:db8::1]',
  ])('is not sent to %s, over http or https', async (host) => {
    const outbound = open(['127.0.0.0/8']);
    const { host: refused } = await refusalOf(outbound.fetch(`http://${host}/`));
    expect(`[${refused}]`.includes(host.replace(/^\[|\]$/g, ''))).toBe(true);
    await refusalOf(outbound.fetch(`https://${host}/`));
  });

  it('is not sent to a name of a private address; the operator is told which address that is', async () => {
    const server = await startServer();
    const names = { 'intranet.example': ['10.1.2.3', '::1'], 'localhost.': ['127.0.0.1'] };
    const outbound = open([], knowing(names));
    const { host, message } = await refusalOf(outbound.fetch('https://intranet.example/'));
    expect({ host, message }).toEqual({
      host: 'intranet.example',
      message: 'intranet.example, which is at 10.1.2.3, ::1, is not public; ALLOWED_PRIVATE_ADDRESSES can allow it',
    });
    await refusalOf(outbound.fetch(`http://localhost.:${server.port}/`));
    expect(server.connections).toBe(0);
  });

  it('goes to a private address that is allowed, by its name, too, and to no other', async () => {
    const server = await startServer();
    const other = await startServer(undefined, { host: '127.0.0.2' });
    const names = { 'one.example': ['127.0.0.1'], 'two.example': ['127.0.0.2'] };
    const outbound = open(['10.0.0.0/8', '127.0.0.1'], knowing(names));
    for (const host of ['127.0.0.1', '127.1', 'one.example', '[::ffff:127.0.0.1]']) {
      const response = await outbound.fetch(`http://${host}:${server.port}/`);
      expect(await response.text()).toBe('hello');
    }
    await refusalOf(outbound.fetch(`http://127.0.0.2:${other.port}/`));
    await refusalOf(outbound.fetch(`http://two.example:${other.port}/`));
    expect(other.connections).toBe(0);
  });

  it.each([
    ['127.0.0.0/8', '127.0.0.2', true],
    ['127.0.0.0/31', '127.0.0.2', false],
    ['::ffff:127.0.0.2', '[::ffff:127.0.0.2]', true],
    ['::ffff:127.0.0.2', '127.0.0.2', false],
    ['::1', '127.0.0.2', false],
  ])('where %s is allowed, to %s: %s', async (range, host, isSent) => {
    const server = await startServer(undefined, { host: '127.0.0.2' });
    const request = open([range]).fetch(`http://${host}:${server.port}/`);
    if (isSent) expect((await request).status).toBe(200);
    else await refusalOf(request);
    expect(server.connections).toBe(isSent ? 1 : 0);
  });

  it('goes to those addresses of a host alone that are admitted', async () => {
    const server = await startServer();
    const other = await startServer(undefined, { host: '127.0.0.2', port: server.port });
    const outbound = open(['127.0.0.1'], knowing({ 'both.example': ['127.0.0.2', '127.0.0.1', '::1'] }));
    expect((await outbound.fetch(`http://both.example:${server.port}/`)).status).toBe(200);
    expect([server.connections, other.connections]).toEqual([1, 0]);
  });

  it.each([302, 307, 308])('does not follow a redirect (%d) to a private address', async (status) => {
    const inside = await startServer(undefined, { host: '127.0.0.2' });
    const server = await startServer((_, response) =>
      response.writeHead(status, { location: `http://127.0.0.2:${inside.port}/secret` }).end(),
    );
    const outbound = open(['127.0.0.1/32']);
    const { host } = await refusalOf(
      outbound.fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: 'payload' }),
    );
    expect(host).toBe('127.0.0.2');
    expect([server.connections, inside.connections]).toEqual([1, 0]);
  });

  it('is not fooled by a name that means something else a moment later: each connection asks once', async () => {
    const server = await startServer((_, response) => response.setHeader('connection', 'close').end('hello'));
    const inside = await startServer(undefined, { host: '127.0.0.2', port: server.port });
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1'];
    let asked = 0;
    const outbound = open(['127.0.0.1'], async () => [{ address: answers[asked++]!, family: 4 }]);
    const visit = () => outbound.fetch(`http://rebinding.example:${server.port}/`);
    expect(await (await visit()).text()).toBe('hello');
    expect(asked).toBe(1);
    await refusalOf(visit());
    expect(asked).toBe(2);
    expect(await (await visit()).text()).toBe('hello');
    expect([server.connections, inside.connections]).toEqual([2, 0]);
  });

  it('says of what else goes wrong what it is', async () => {
    const server = await startServer((request) => request.socket.destroy());
    const outbound = open(['127.0.0.1'], knowing({}));
    for (const host of ['unknown.example', '127.0.0.1']) {
      const error: unknown = await outbound.fetch(`http://${host}:${server.port}/`).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(findForbiddenAddress(error)).toBeNull();
    }
  });

  it('can be told beforehand not to be sent where a host is an address', () => {
    const { isAdmitted } = open(['10.20.0.0/16']);
    const hosts = ['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '10.20.3.4', '[::ffff:a14:304]', '8.8.8.8', 'localhost'];
    expect(hosts.filter(isAdmitted)).toEqual(['10.20.3.4', '[::ffff:a14:304]', '8.8.8.8', 'localhost']);
  });

  it('ends with its signal, and with the outbound', async () => {
    const server = await startServer(() => undefined);
    const outbound = open(['127.0.0.1']);
    const address = `http://127.0.0.1:${server.port}/`;
    await expect(outbound.fetch(address, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/);
    const waiting = expect(outbound.fetch(address)).rejects.toThrow('fetch failed');
    await outbound.close();
    await waiting;
  });
});

describe('findForbiddenAddress', () => {
  it('looks at causes, and ends where they go in circles', () => {
    const refusal = new ForbiddenAddressError('10.0.0.1', ['10.0.0.1']);
    const wrapped = new Error('outer', { cause: new TypeError('fetch failed', { cause: refusal }) });
    expect(findForbiddenAddress(wrapped)).toBe(refusal);
    const circle = new Error('circle');
    circle.cause = circle;
    expect([circle, null, 'text', undefined].map(findForbiddenAddress)).toEqual([null, null, null, null]);
  });
});

describe('readBounded', () => {
  const read = async (
    answer: (response: ServerResponse) => void,
    mostBytes: number,
    signal = AbortSignal.timeout(10_000),
  ) => {
    const server = await startServer((_, response) => answer(response));
    return readBounded(await open(['127.0.0.1']).fetch(`http://127.0.0.1:${server.port}/`, { signal }), mostBytes);
  };

  it.each([
    ['shorter', 'hello', 10, 'hello', false],
    ['as long', 'hello', 5, 'hello', false],
    ['longer', 'hello', 4, 'hell', true],
    ['empty', '', 4, '', false],
    ['not to be read at all', 'hello', 0, '', true],
    ['cut within a character', 'été', 4, 'ét', true],
  ])('gives a text that is %s', async (_what, body, mostBytes, text, isCut) => {
    expect(await read((response) => response.end(body), mostBytes)).toEqual({ text, isCut });
  });

  it('gives an empty text where there is no body', async () => {
    expect(await read((response) => response.writeHead(204).end(), 10)).toEqual({ text: '', isCut: false });
  });

  it('counts what a compressed body comes to', async () => {
    const { gzipSync } = await import('node:zlib');
    const packed = gzipSync(Buffer.alloc(50_000_000));
    const { text, isCut } = await read(
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
      1000,
    );
    expect([text.length, isCut]).toEqual([1000, true]);
  });

  it('has the rest of an endless body not sent', async () => {
    const gone = Promise.withResolvers<void>();
    const result = await read((response) => {
      const write = () => {
        if (!response.destroyed) response.write('x'.repeat(10_000), () => setImmediate(write));
      };
      response.on('close', gone.resolve);
      write();
    }, 100_000);
    expect([result.text.length, result.isCut]).toEqual([100_000, true]);
    await gone.promise;
  });

  it('ends with the signal where a body never does', async () => {
    const reading = read((response) => void response.write('hello'), 1000, AbortSignal.timeout(200));
    await expect(reading).rejects.toThrow(/timeout/);
  });
});
