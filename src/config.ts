import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readAddressRange } from './outbound.js';

/** What the environment says, read once. Names are in docs/configuration.md. */
export interface Config {
  isProduction: boolean;
  host: string;
  port: number;
  /** The address that browsers use, without a slash at the end. */
  publicUrl: string | undefined;
  databaseUrl: string | undefined;
  databasePoolSize: number;
  /** Where the embedded database and generated development keys are kept. */
  dataFolder: string;
  /** 32 bytes each, the first seals and all open; empty outside production: one is generated and kept. */
  encryptionKeys: Buffer[];
  introspection: 'public' | 'authenticated' | 'off';
  allowedOrigins: string[];
  trustProxy: boolean;
  /** Addresses and ranges that administrators may name though they are not public: of providers, of webhooks. */
  allowedPrivateAddresses: string[];
  logLevel: string;
  providerTimeoutSeconds: number;
  /** The address of an organization registry of the shape of recherche-entreprises; absent: names are not looked up. */
  nameLookupUrl: string | undefined;
  nameLookupTimeoutMilliseconds: number;
  /** How long the receiver of a webhook may take to answer. */
  webhookTimeoutSeconds: number;
  /** The waits between the attempts of a webhook's delivery: one more attempt than waits. */
  webhookRetrySeconds: number[];
  /** Where the files of sources are kept; null: in memory there is no place for them. */
  sourceFilesFolder: string | null;
  /** The largest file that may be uploaded for a source. */
  sourceFileMaxBytes: number;
  /** How long a sign-in waits for the sources that sync on login. */
  loginSyncMilliseconds: number;
  smtpUrl: string | undefined;
  mailFrom: string;
  /** Runs the local OpenID provider and loads the demo data. Never in production. */
  demo: boolean;
  demoProviderPort: number;
  version: string;
}

const flag = z.enum(['true', 'false'], 'is either true or false').transform((value) => value === 'true');
const port = z
  .string()
  .regex(/^\d{1,5}$/, 'is a port number')
  .transform(Number)
  .refine((value) => value <= 65_535, 'is a port number');
const positive = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'is a whole number above zero')
  .transform(Number);
const address = z.url({ protocol: /^https?$/, error: 'is an http or https address' });
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

const environment = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test'], 'is development, production or test').default('development'),
  HOST: z.string().min(1, 'is a host name or address').optional(),
  PORT: port.default(4000),
  PUBLIC_URL: address.transform((value) => value.replace(/\/+$/, '')).optional(),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'is a postgresql:// address; leave it out for the embedded database' })
    .optional(),
  DATABASE_POOL_SIZE: positive.default(10),
  DATA_FOLDER: z.string().min(1, 'is a folder').default('.vestibule'),
  ENCRYPTION_KEYS: list
    .pipe(
      z.array(
        z
          .string()
          .transform((value) => Buffer.from(value, 'base64'))
          .refine((key) => key.length === 32, 'is a list of keys of 32 bytes in base64 (openssl rand -base64 32)'),
      ),
    )
    .default([]),
  INTROSPECTION: z.enum(['public', 'authenticated', 'off'], 'is public, authenticated or off').optional(),
  ALLOWED_ORIGINS: list.pipe(z.array(address)).default([]),
  TRUST_PROXY: flag.default(false),
  ALLOWED_PRIVATE_ADDRESSES: list
    .pipe(
      z.array(
        z
          .string()
          .refine(
            (range) => readAddressRange(range) !== null,
            'is a list of addresses and ranges such as 10.20.0.0/16',
          ),
      ),
    )
    .optional(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'is a level of pino')
    .default('info'),
  PROVIDER_TIMEOUT_SECONDS: positive.default(5),
  NAME_LOOKUP_URL: address.optional(),
  NAME_LOOKUP_TIMEOUT_MS: positive.default(2_000),
  WEBHOOK_TIMEOUT_SECONDS: positive.refine((value) => value <= 60, 'is at most 60').default(15),
  WEBHOOK_RETRY_SECONDS: list
    .pipe(z.array(positive, 'is a list of whole numbers above zero').min(1, 'is a list of at least one number'))
    // 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours: a good three days.
    .default([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]),
  SOURCE_FILES_FOLDER: z.string().min(1, 'is a folder').optional(),
  SOURCE_FILE_MAX_BYTES: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'is a whole number above zero')
    .transform(Number)
    .default(5 * 1024 ** 3),
  LOGIN_SYNC_MS: positive.refine((value) => value <= 30_000, 'is at most 30000').default(1_000),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'is an smtp:// or smtps:// address' }).optional(),
  MAIL_FROM: z.string().min(3, 'is an address').default('vestibule@localhost'),
  DEMO: flag.optional(),
  DEMO_PROVIDER_PORT: port.default(4010),
});

/** The environment cannot be used. `faults` holds one line for each variable that is wrong. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/** Reads the environment; throws {@link ConfigError} with every fault at once. An empty variable counts as absent. */
export function readConfig(source: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const result = environment.safeParse(given);
  const faults = result.success ? [] : result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
  const isProduction = given.NODE_ENV === 'production';
  if (isProduction) {
    if (!given.PUBLIC_URL) faults.push('PUBLIC_URL is needed in production: the https address that browsers use');
    else if (!given.PUBLIC_URL.startsWith('https:')) faults.push('PUBLIC_URL must be https in production');
    if (!given.ENCRYPTION_KEYS?.split(',').some((key) => key.trim())) {
      faults.push('ENCRYPTION_KEYS is needed in production: keys of 32 bytes in base64 (openssl rand -base64 32)');
    }
    if (given.DEMO === 'true') faults.push('DEMO cannot be true in production');
  }
  if (!result.success || faults.length) throw new ConfigError([...new Set(faults)]);
  const { data } = result;
  return {
    isProduction,
    host: data.HOST ?? (isProduction ? '0.0.0.0' : 'localhost'),
    port: data.PORT,
    publicUrl: data.PUBLIC_URL,
    databaseUrl: data.DATABASE_URL,
    databasePoolSize: data.DATABASE_POOL_SIZE,
    dataFolder: data.DATA_FOLDER,
    encryptionKeys: data.ENCRYPTION_KEYS,
    introspection: data.INTROSPECTION ?? (isProduction ? 'authenticated' : 'public'),
    allowedOrigins: data.ALLOWED_ORIGINS.map((origin) => new URL(origin).origin),
    trustProxy: data.TRUST_PROXY,
    // Development, tests and the demonstration have their providers on this machine.
    allowedPrivateAddresses: data.ALLOWED_PRIVATE_ADDRESSES ?? (isProduction ? [] : ['127.0.0.0/8', '::1/128']),
    logLevel: data.LOG_LEVEL,
    providerTimeoutSeconds: data.PROVIDER_TIMEOUT_SECONDS,
    nameLookupUrl: data.NAME_LOOKUP_URL,
    nameLookupTimeoutMilliseconds: data.NAME_LOOKUP_TIMEOUT_MS,
    webhookTimeoutSeconds: data.WEBHOOK_TIMEOUT_SECONDS,
    webhookRetrySeconds: data.WEBHOOK_RETRY_SECONDS,
    sourceFilesFolder:
      data.SOURCE_FILES_FOLDER ?? (data.DATA_FOLDER === 'memory://' ? null : `${data.DATA_FOLDER}/source-files`),
    sourceFileMaxBytes: data.SOURCE_FILE_MAX_BYTES,
    loginSyncMilliseconds: data.LOGIN_SYNC_MS,
    smtpUrl: data.SMTP_URL,
    mailFrom: data.MAIL_FROM,
    demo: data.DEMO ?? data.NODE_ENV === 'development',
    demoProviderPort: data.DEMO_PROVIDER_PORT,
    version: readVersion(),
  };
}

function readVersion(): string {
  const file = fileURLToPath(new URL('../package.json', import.meta.url));
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
