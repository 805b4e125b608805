import { randomBytes } from 'node:crypto';
import { readConfig } from '../config.js';
import { createLog } from '../log.js';
import { serve } from '../serve.js';
import { showDemo } from './show.js';

/** `npm run demo`: the demonstration without a browser, over HTTP, on a database in memory. Nothing of it is left. */
const config = readConfig({
  NODE_ENV: 'development',
  DEMO: 'true',
  PORT: '0',
  DEMO_PROVIDER_PORT: '0',
  DATA_FOLDER: 'memory://',
  ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  LOG_LEVEL: 'silent',
});
process.stdout.write('Starting the gateway, a database in memory and a local OpenID provider …\n\n');
const running = await serve(config, createLog(config.logLevel));
try {
  const isAsExpected = await showDemo(running.url, (line) => process.stdout.write(`${line}\n`));
  if (!isAsExpected) process.exitCode = 1;
} finally {
  await running.stop();
}
