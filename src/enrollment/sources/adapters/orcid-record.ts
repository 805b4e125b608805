import { z } from 'zod';
import type { PersonRecord } from '../../../entities/person-record.js';
import { SourceErrorCode } from '../../../entities/source-enums.js';
import { buildRecord } from '../mapping.js';
import { SourceError } from '../source-error.js';
import { isOrcid } from './orcid-id.js';

/** The type under which ORCID iDs are kept as identifiers. */
export const ORCID = 'ORCID';

const text = z.object({ value: z.string().nullish() }).nullish();
const date = z.object({ year: text, month: text, day: text }).nullish();

const employment = z.object({
  'department-name': z.string().nullish(),
  'role-title': z.string().nullish(),
  'start-date': date,
  'end-date': date,
  organization: z.object({
    name: z.string(),
    'disambiguated-organization': z
      .object({
        'disambiguated-organization-identifier': z.string().nullish(),
        'disambiguation-source': z.string().nullish(),
      })
      .nullish(),
  }),
});

const group = z.object({ summaries: z.array(z.object({ 'employment-summary': employment })) });

/** What is read of a record of the public API v3.0: works and all else are passed over. */
const answer = z.object({
  'orcid-identifier': z.object({ path: z.string().refine(isOrcid) }),
  person: z
    .object({
      name: z.object({ 'given-names': text, 'family-name': text, 'credit-name': text }).nullish(),
      emails: z.object({ email: z.array(z.object({ email: z.string(), verified: z.boolean() })) }).nullish(),
    })
    .nullish(),
  'activities-summary': z
    .object({ employments: z.object({ 'affiliation-group': z.array(group) }).nullish() })
    .nullish(),
});

/**
 * The person of an answer of `/{orcid}/record`: names, the public addresses that ORCID has verified, the iD, and where they
 * are employed. Throws SourceError BAD_ANSWER.
 */
export function readOrcidRecord(value: unknown, keepsRaw: boolean): PersonRecord {
  const read = answer.safeParse(value);
  if (!read.success) throw new SourceError(SourceErrorCode.BAD_ANSWER, 'The API answered something that is no record.');
  const { 'orcid-identifier': id, person, 'activities-summary': activities } = read.data;
  const groups = activities?.employments?.['affiliation-group'] ?? [];
  const employments = groups.flatMap(({ summaries }) =>
    summaries.map((one) => toEmployment(one['employment-summary'])),
  );
  const { record, fault } = buildRecord(
    {
      key: id.path,
      givenName: person?.name?.['given-names']?.value,
      familyName: person?.name?.['family-name']?.value,
      emails: person?.emails?.email.filter(({ verified }) => verified).map(({ email }) => email),
      identifiers: [{ type: ORCID, value: id.path }],
      // The one that they have now; the API has the latest first.
      affiliation: employments.find(({ until }) => until === null)?.organization,
      attributes: { creditName: person?.name?.['credit-name']?.value, employments },
      emailsAreVerified: true,
      raw: read.data,
    },
    { keepsRaw },
  );
  if (!record) throw new SourceError(SourceErrorCode.BAD_ANSWER, `The API answered no usable record: ${fault.message}`);
  return record;
}

function toEmployment(summary: z.infer<typeof employment>) {
  const { name, 'disambiguated-organization': known } = summary.organization;
  return {
    organization: name,
    organizationId: known?.['disambiguated-organization-identifier'] ?? null,
    organizationIdType: known?.['disambiguation-source'] ?? null,
    department: summary['department-name'] ?? null,
    role: summary['role-title'] ?? null,
    since: toDate(summary['start-date']),
    until: toDate(summary['end-date']),
  };
}

/** A year, a month or a day, as far as it is known: `2024-03`. */
function toDate(given: z.infer<typeof date>): string | null {
  const parts = [given?.year?.value, given?.month?.value, given?.day?.value];
  const known = parts.slice(0, parts.findIndex((part) => !part) < 0 ? 3 : parts.findIndex((part) => !part));
  return known.join('-') || null;
}
