import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compose } from '../../src/compose.js';
import { readConfig } from '../../src/config.js';
import { createServer } from '../../src/http/server.js';
import { startJobs } from '../../src/jobs.js';
import { createLog } from '../../src/log.js';
import { buildSchema } from '../../src/resolvers/build-schema.js';

/* Vestibule with its jobs, which tells how many subscribers it has, what it asked the database, and its memory. */

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What the job queue asks by itself is not part of a change. */
const isOfQueue = (text: string) => /pgboss|set_config/.test(text);

let statements: string[] = [];
const config = readConfig();
const services = await compose({
  config,
  log: createLog(config.logLevel),
  onStatement: (text) => {
    if (!isOfQueue(text)) statements.push(text.trim().replace(/\s+/g, ' ').slice(0, 60));
  },
});
const server = await createServer(services, buildSchema(), async (more) => {
  more.get('/bench/subscribers', () => String(services.live.size));
  more.get('/bench/statements', () => {
    const taken = statements;
    statements = [];
    return taken;
  });
  more.get('/bench/memory', async () => {
    for (let round = 0; round < 3; round++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return process.memoryUsage();
  });
});
await startJobs(services);
await server.listen({ host: '127.0.0.1', port: 0 });
process.send!({ port: (server.server.address() as AddressInfo).port });
process.on('disconnect', () => process.exit(0));
