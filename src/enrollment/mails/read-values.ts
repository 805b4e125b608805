import { AttributeTarget, AttributeType, AttributeVisibility, type MailLocale } from '../../entities/enums.js';
import type { PetitionStatus } from '../../entities/enums.js';
import type { AttributeDefinition } from '../../entities/flow-settings.js';
import { describeDay, describeNumber, type MailAttribute, type MailValues } from './variables.js';

/** What the database says for a mail of a petition. */
export interface PetitionValues {
  status: PetitionStatus;
  flowName: string;
  organizationName: string | null;
  /** The name of the account that is enrolled. */
  enrolleeName: string | null;
  petitionerName: string | null;
  decisionComment: string | null;
  definitions: readonly AttributeDefinition[];
  attributes: Record<string, unknown>;
}

/** The columns of {@link PetitionValues}, of a petition `p` of the version `v`. They need the joins below. */
export const VALUE_COLUMNS = `p.status, v.name as "flowName", o.name as "organizationName",
  nullif(concat_ws(' ', e.given_name, e.family_name), '') as "enrolleeName",
  nullif(concat_ws(' ', s.given_name, s.family_name), '') as "petitionerName",
  p.decision_comment as "decisionComment", v.settings -> 'attributes' as definitions, p.attributes`;

export const VALUE_JOINS = `
join enrollment_flow_versions v on v.tenant_id = $1 and v.id = p.flow_version_id
left join organizations o on o.tenant_id = $1 and o.id = p.organization_id
left join users e on e.tenant_id = $1 and e.id = p.enrollee_user_id
left join users s on s.tenant_id = $1 and s.id = p.petitioner_user_id`;

/** The values of a mail. Without an account, the enrollee is called as the attributes say. */
export function mailValues(
  row: PetitionValues,
  locale: MailLocale,
  { link, expiresAt, recipientName }: { link: string; expiresAt: Date | string | null; recipientName: string | null },
): MailValues {
  const enrolleeName = row.enrolleeName ?? nameIn(row);
  return {
    flowName: row.flowName,
    organizationName: row.organizationName ?? '',
    recipientName: recipientName ?? enrolleeName,
    enrolleeName,
    petitionerName: row.petitionerName ?? '',
    link,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    decisionComment: row.decisionComment ?? '',
    status: row.status,
    attributes: readAttributes(row, locale),
  };
}

function nameIn({ definitions, attributes }: PetitionValues): string {
  const parts = [AttributeTarget.USER_GIVEN_NAME, AttributeTarget.USER_FAMILY_NAME].map((target) => {
    const definition = definitions.find((candidate) => candidate.target === target);
    const value = definition && valueOf(attributes, definition.key);
    return typeof value === 'string' ? value : '';
  });
  return parts.filter(Boolean).join(' ');
}

function readAttributes({ definitions, attributes }: PetitionValues, locale: MailLocale): MailAttribute[] {
  return definitions
    .filter(({ visibility }) => visibility === AttributeVisibility.PARTIES)
    .map((definition) => ({
      key: definition.key,
      label: definition.label,
      value: describe(definition, valueOf(attributes, definition.key), locale),
    }))
    .filter(({ value }) => value !== '');
}

function valueOf(attributes: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined;
}

function describe({ type, choices }: AttributeDefinition, value: unknown, locale: MailLocale): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => labelOf(choices, item)).join(', ');
  if (type === AttributeType.CHOICE) return labelOf(choices, value);
  if (type === AttributeType.FILE) return (value as { name: string }).name;
  if (type === AttributeType.DATE) return describeDay(value as string, locale);
  if (typeof value === 'number') return describeNumber(value, locale);
  if (type === AttributeType.ADDRESS) return describeAddress(value as Record<string, string | undefined>);
  return value as string;
}

function describeAddress({
  street,
  postalCode,
  locality,
  region,
  country,
}: Record<string, string | undefined>): string {
  const lines = street?.split('\n') ?? [];
  const place = [postalCode, locality].filter(Boolean).join(' ');
  return [...lines, place, region, country].filter(Boolean).join(', ');
}

function labelOf(choices: AttributeDefinition['choices'], value: unknown): string {
  return choices.find((choice) => choice.value === value)?.label ?? String(value);
}
