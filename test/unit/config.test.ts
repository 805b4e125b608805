import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '../../src/config.js';

const key = () => randomBytes(32).toString('base64');
const production = () => ({ NODE_ENV: 'production', PUBLIC_URL: 'https://id.example.org/', ENCRYPTION_KEYS: key() });

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** Variable → a value that it cannot have. */
const WRONG: Record<string, string> = {
  NODE_ENV: 'staging',
  PORT: '65536',
  PUBLIC_URL: 'id.example.org',
  DATABASE_URL: 'mysql://localhost/vestibule',
  DATABASE_POOL_SIZE: '0',
  ENCRYPTION_KEYS: 'c2hvcnQ=',
  INTROSPECTION: 'yes',
  ALLOWED_ORIGINS: 'https://console.example.org, example.org',
  TRUST_PROXY: '1',
  ALLOWED_PRIVATE_ADDRESSES: '10.20.0.0/16, 10.30.0.0/33',
  LOG_LEVEL: 'loud',
  PROVIDER_TIMEOUT_SECONDS: '-5',
  NAME_LOOKUP_URL: 'file:///etc/passwd',
  NAME_LOOKUP_TIMEOUT_MS: '2s',
  SMTP_URL: 'localhost:25',
  DEMO: 'on',
  DEMO_PROVIDER_PORT: 'http',
};

describe('readConfig', () => {
  it('needs nothing: an empty environment is a development machine on the embedded database', () => {
    expect(readConfig({})).toMatchObject({
      isProduction: false,
      host: 'localhost',
      port: 4000,
      publicUrl: undefined,
      databaseUrl: undefined,
      dataFolder: '.vestibule',
      encryptionKeys: [],
      introspection: 'public',
      allowedOrigins: [],
      trustProxy: false,
      allowedPrivateAddresses: ['127.0.0.0/8', '::1/128'],
      nameLookupUrl: undefined,
      demo: true,
    });
  });

  it('takes an empty variable for an absent one', () => {
    const empty = Object.fromEntries(
      [...Object.keys(WRONG), 'HOST', 'DATA_FOLDER', 'MAIL_FROM'].map((name) => [name, '']),
    );
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it('tells every fault at once, each with the name of its variable', () => {
    const faults = faultsOf(WRONG);
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual(Object.keys(WRONG).sort());
    expect(new ConfigError(faults).message.split('\n')).toHaveLength(faults.length + 1);
  });

  it.each(Object.entries(WRONG))('refuses %s=%s alone', (name, value) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} [a-z]`));
  });

  it.each(['10', '10.0/8', '0x7f.0.0.1', 'localhost', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '::1/129', '*'])(
    'refuses ALLOWED_PRIVATE_ADDRESSES=%s: a range that is misread opens a network',
    (value) => {
      expect(faultsOf({ ALLOWED_PRIVATE_ADDRESSES: `127.0.0.1,${value}` })).toHaveLength(1);
    },
  );

  it('does not repeat values, which may be secrets, in its faults', () => {
    const text = faultsOf({
      ENCRYPTION_KEYS: 'my-secret-key',
      DATABASE_URL: 'mysql://root:my-secret-key@db',
      SMTP_URL: 'my-secret-key',
    }).join();
    expect(text).toContain('DATABASE_URL');
    expect(text).not.toContain('my-secret-key');
  });

  it('reads what it is given', () => {
    const [first, second] = [key(), key()];
    expect(
      readConfig({
        HOST: '::',
        PORT: '8080',
        PUBLIC_URL: 'http://localhost:8080/',
        DATABASE_URL: 'postgresql://vestibule@db/vestibule',
        DATABASE_POOL_SIZE: '25',
        ENCRYPTION_KEYS: `${first}, ${second},`,
        ALLOWED_ORIGINS: 'https://console.example.org/, http://localhost:3000',
        TRUST_PROXY: 'true',
        ALLOWED_PRIVATE_ADDRESSES: '10.20.0.0/16, 192.168.1.7,fd00:20::/32',
        INTROSPECTION: 'off',
        DEMO: 'false',
      }),
    ).toMatchObject({
      host: '::',
      port: 8080,
      publicUrl: 'http://localhost:8080',
      databaseUrl: 'postgresql://vestibule@db/vestibule',
      databasePoolSize: 25,
      encryptionKeys: [Buffer.from(first, 'base64'), Buffer.from(second, 'base64')],
      allowedOrigins: ['https://console.example.org', 'http://localhost:3000'],
      trustProxy: true,
      allowedPrivateAddresses: ['10.20.0.0/16', '192.168.1.7', 'fd00:20::/32'],
      introspection: 'off',
      demo: false,
    });
  });
});

describe('readConfig in production', () => {
  it('is careful by default: no demo, introspection for those who signed in, no requests to private addresses', () => {
    expect(readConfig(production())).toMatchObject({
      isProduction: true,
      host: '0.0.0.0',
      publicUrl: 'https://id.example.org',
      introspection: 'authenticated',
      allowedPrivateAddresses: [],
      demo: false,
    });
  });

  it('asks for the address and the keys, both at once, beside every other fault', () => {
    const faults = faultsOf({ NODE_ENV: 'production', PORT: 'http' });
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual(['ENCRYPTION_KEYS', 'PORT', 'PUBLIC_URL']);
  });

  it.each([
    ['PUBLIC_URL', 'http://id.example.org', 'browsers would send cookies in the clear'],
    ['ENCRYPTION_KEYS', ' , ', 'a list without a key'],
    ['DEMO', 'true', 'the demo provider signs anybody in'],
  ])('refuses %s=%s: %s', (name, value) => {
    const faults = faultsOf({ ...production(), [name]: value });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([name]);
  });
});
