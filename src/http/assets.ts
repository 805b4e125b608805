import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const PUBLIC = fileURLToPath(new URL('../../public', import.meta.url));
const require = createRequire(import.meta.url);

/** The files of the explorer, from the packages that they come in: it works without the internet. */
const EXPLORER_FILES = {
  '/assets/graphiql.css': ['graphiql/package.json', 'graphiql.min.css'],
  '/assets/graphiql.js': ['graphiql/package.json', 'graphiql.min.js'],
  '/assets/react.js': ['react/package.json', 'umd/react.production.min.js'],
  '/assets/react-dom.js': ['react-dom/package.json', 'umd/react-dom.production.min.js'],
} as const;

/** The root page, the pages of invitations, petitions and confirmations, the API explorer at `/explorer`, and their files. */
export async function useAssets(server: FastifyInstance): Promise<void> {
  await server.register(fastifyStatic, { root: PUBLIC, prefix: '/assets/', maxAge: 0, decorateReply: true });
  for (const [url, [manifest, file]] of Object.entries(EXPLORER_FILES)) {
    const root = dirname(require.resolve(manifest));
    server.get(url, (_request, reply) => reply.sendFile(file, join(root), { maxAge: '1d' }));
  }
  server.get('/', (_request, reply) => reply.sendFile('index.html', { maxAge: 0 }));
  server.get('/invitations', (_request, reply) => reply.sendFile('invitations.html', { maxAge: 0 }));
  server.get('/petitions', (_request, reply) => reply.sendFile('petitions.html', { maxAge: 0 }));
  server.get('/petitions/confirm', (_request, reply) => reply.sendFile('petition-confirm.html', { maxAge: 0 }));
  server.get('/explorer', (_request, reply) => reply.sendFile('explorer.html', { maxAge: 0 }));
}
