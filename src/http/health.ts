import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.js';

/** `/health/live`: the process runs. `/health/ready`: it can serve, its database answers. */
export async function useHealth(server: FastifyInstance, { database }: Services): Promise<void> {
  server.get('/health/live', () => ({ status: 'live' }));
  server.get('/health/ready', async (_request, reply) => {
    try {
      await database.read(null, 'select 1', []);
      return { status: 'ready' };
    } catch {
      return reply.code(503).send({ status: 'unavailable', message: 'The database does not answer.' });
    }
  });
}
