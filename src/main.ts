import { ConfigError, readConfig } from './config.js';
import { createLog } from './log.js';
import { serve } from './serve.js';
import { StartError } from './start-error.js';

/** The exit code of a configuration that cannot be used (sysexits: EX_CONFIG). */
const EX_CONFIG = 78;
const EX_UNAVAILABLE = 69;

try {
  const config = readConfig();
  const log = createLog(config.logLevel);
  const running = await serve(config, log);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      running.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ error }, 'stopping failed');
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof ConfigError ? EX_CONFIG : EX_UNAVAILABLE);
}
