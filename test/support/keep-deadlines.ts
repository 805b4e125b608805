import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { compose } from '../../src/compose.js';
import { readConfig } from '../../src/config.js';
import { runPetitionDeadlines } from '../../src/enrollment/deadlines/run-due.js';
import { createLog } from '../../src/log.js';

/** A process that keeps the deadlines of petitions of one tenant once it is told to, as of some hours from now. */
const [tenantId, hours] = process.argv.slice(2);
const config = readConfig({ ENCRYPTION_KEYS: randomBytes(32).toString('base64'), ...process.env });
const clock = () => new Date(Date.now() + Number(hours) * 60 * 60_000);
const services = await compose({ config, log: createLog('error'), clock });
process.stdout.write('ready\n');
process.stdin.resume();
await once(process.stdin, 'end');
let total = 0;
for (let count = 1; count > 0; total += count) count = await runPetitionDeadlines(services, tenantId!);
process.stdout.write(`kept ${total}\n`);
await services.sources.close();
await services.outbound.close();
await services.database.close();
