import type { AddressInfo } from 'node:net';
import { compose } from '../../src/compose.js';
import { readConfig } from '../../src/config.js';
import { createServer } from '../../src/http/server.js';
import { createLog } from '../../src/log.js';
import { buildSchema } from '../../src/resolvers/build-schema.js';

/* Vestibule with its statements counted: for the pass that is not timed. The timed one is src/main.ts. */

const statements: string[] = [];
const config = readConfig();
const services = await compose({
  config,
  log: createLog(config.logLevel),
  onStatement: (text) => statements.push(text),
});
const server = await createServer(services, buildSchema(), async (more) => {
  more.get('/statements', () => String(statements.length));
  more.get('/statements/last', () => statements.slice(-200));
  more.get('/statements/plans', async () => {
    const text = `select left(regexp_replace(statement, '\\s+', ' ', 'g'), 140) as statement, generic_plans, custom_plans
      from pg_prepared_statements`;
    return services.database.read(null, text, []);
  });
});
await server.listen({ host: '127.0.0.1', port: 0 });
process.send!({ port: (server.server.address() as AddressInfo).port });
process.on('disconnect', () => process.exit(0));
