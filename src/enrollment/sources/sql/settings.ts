import { z } from 'zod';
import { fieldMapping } from '../mapping.js';

const column = z.string().min(1).max(128);

export const databaseSettings = z.strictObject({
  url: z
    .string()
    .max(512)
    .refine(isDatabaseUrl, 'is postgresql://user@host/database or mysql://user@host/database, without a password')
    .describe('postgresql://user@host:port/database or mysql://user@host:port/database. The password is a secret.'),
  caCertificate: z
    .string()
    .max(65_536)
    .regex(/^-----BEGIN CERTIFICATE-----/, 'is a certificate in PEM')
    .nullish()
    .describe('Whom the certificate of the server is to come from, in PEM; absent: a public authority.'),
  query: z
    .string()
    .max(16_384)
    .regex(/^\s*(select|with|table|values)\b/i, 'is a query (select …)')
    .regex(/[^;\s]\s*$/, 'is one query, without a semicolon at its end')
    .describe('The query that gives the people, one row each. Its columns are named by the mapping.'),
  mapping: fieldMapping.describe('Which columns say what.'),
  changedColumn: column
    .nullish()
    .describe('The column with the time of the last change of a row: the source can then say what changed.'),
  removedColumn: column
    .nullish()
    .describe('The column that says that a person is gone: true, a number but 0, a time. Such rows are nobody.'),
  pageSize: z.int().min(10).max(5_000).default(1_000).describe('How many rows are read at a time.'),
});

export type DatabaseSettings = z.infer<typeof databaseSettings>;

function isDatabaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !/^(postgres|postgresql|mysql|mariadb):$/.test(url.protocol)) return false;
  if (!url.hostname || !url.username || url.password || url.search || url.hash) return false;
  try {
    decodeURIComponent(url.username);
    return /^[^/]+$/.test(decodeURIComponent(url.pathname.slice(1)));
  } catch {
    return false;
  }
}
