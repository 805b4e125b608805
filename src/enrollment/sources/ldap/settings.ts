import { FilterParser } from 'ldapts';
import { z } from 'zod';
import { fieldMapping, fieldsOf } from '../mapping.js';

/** An attribute, with options such as `;lang-en` (RFC 4512, 2.5). */
const ATTRIBUTE = /^([A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+)(;[A-Za-z0-9-]+)*$/;
const NOT_AN_ATTRIBUTE = 'is not the name of an attribute';
const attribute = z.string().max(256).regex(ATTRIBUTE, NOT_AN_ATTRIBUTE);

const mapping = fieldMapping.superRefine((fields, context) => {
  for (const name of fieldsOf(fields)) {
    if (!ATTRIBUTE.test(name)) context.addIssue({ code: 'custom', message: `${name} ${NOT_AN_ATTRIBUTE}` });
  }
});

export const directorySettings = z
  .strictObject({
    url: z
      .string()
      .max(512)
      .refine(isDirectoryUrl, 'is ldaps://host or ldap://host, with a port where it is another')
      .describe('ldaps://directory.example.org, or ldap:// together with startTls.'),
    startTls: z.boolean().default(false).describe('Of ldap://: the connection is encrypted before anything is asked.'),
    caCertificate: z
      .string()
      .max(65_536)
      .regex(/^-----BEGIN CERTIFICATE-----/, 'is a certificate in PEM')
      .nullish()
      .describe('Whom the certificate of the directory is to come from, in PEM; absent: a public authority.'),
    bindDn: z
      .string()
      .max(1_024)
      .regex(/[=@\\]/, 'is a distinguished name')
      .nullish()
      .describe('As whom the directory is asked, with the secret bindPassword; absent: anonymously.'),
    baseDn: z.string().max(1_024).describe('Below which entry people are looked for.'),
    scope: z.enum(['one', 'sub']).default('sub').describe('Right below it, or at any depth.'),
    filter: z
      .string()
      .max(4_096)
      .refine(isFilter, 'is not a filter (RFC 4515)')
      .default('(objectClass=person)')
      .describe('What all people meet: other entries are nobody.'),
    mapping: mapping.describe('Which attributes say what.'),
    binaryAttributes: z
      .array(attribute)
      .max(20)
      .default([])
      .describe('Which of them hold bytes and no text, such as objectGUID: they are read as base64.'),
    modifiedAttribute: attribute
      .nullish()
      .describe(
        'The attribute with the time of the last change, such as modifyTimestamp: the source can then say what changed.',
      ),
    pageSize: z.int().min(10).max(1_000).default(500).describe('How many entries are read at a time.'),
  })
  .superRefine((settings, context) => {
    if (settings.startTls && !settings.url.startsWith('ldap:'))
      context.addIssue({ code: 'custom', path: ['startTls'], message: 'is for ldap:// addresses' });
  });

export type DirectorySettings = z.infer<typeof directorySettings>;

function isDirectoryUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !/^ldaps?:$/.test(url.protocol) || !url.hostname) return false;
  return !url.username && !url.password && !url.search && !url.hash && ['', '/'].includes(url.pathname);
}

function isFilter(text: string): boolean {
  try {
    return Boolean(FilterParser.parseString(text));
  } catch {
    return false;
  }
}
