import { once } from 'node:events';
import { compose } from '../../src/compose.js';
import { readConfig } from '../../src/config.js';
import { startJobs } from '../../src/jobs.js';
import { createLog } from '../../src/log.js';

/** A process that does the jobs of a database until its standard input ends. */
const services = await compose({ config: readConfig(), log: createLog('error') });
const stopJobs = await startJobs(services);
process.stdout.write('ready\n');
process.stdin.resume();
await once(process.stdin, 'end');
await stopJobs();
await services.sources.close();
await services.outbound.close();
await services.database.close();
