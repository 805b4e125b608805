import type { OperationContext } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import {
  type AttributeType,
  AttributeVisibility,
  type MailLocale,
  type PetitionMailKind,
} from '../../entities/enums.js';
import type { AttributeDefinition, FlowMailTemplate } from '../../entities/flow-settings.js';
import { type Fault, fault, UserErrorCode } from '../../faults.js';
import { attributeKeysOf, checkMailTemplate } from './check-template.js';
import { exampleValues } from './example.js';
import { mailValues, type PetitionValues, VALUE_COLUMNS, VALUE_JOINS } from './read-values.js';
import { isConfirmation, type RenderedMail, renderMail } from './render.js';
import type { MailValues } from './variables.js';
import { type MailTemplate, shippedTemplate } from './words/shipped.js';

/** Ids are uuids. */
export interface PreviewRequest {
  flowId: string;
  kind: PetitionMailKind;
  locale: MailLocale;
  /** Words to try; absent: those of the flow, or else Vestibule's. */
  template?: MailTemplate | null;
  /** A petition of the flow whose values are shown; absent: examples. */
  petitionId?: string | null;
}

export interface MailPreview extends RenderedMail {
  /** The words that were rendered: those asked for, unless they have faults. */
  template: MailTemplate;
  isShipped: boolean;
  faults: readonly Fault[];
}

interface FlowRow {
  flowName: string;
  organizationName: string | null;
  templates: readonly FlowMailTemplate[];
  definitions: readonly AttributeDefinition[];
}

type PetitionRow = PetitionValues & { expiresAt: string | null };

const READ_FLOW = `
select v.name as "flowName", o.name as "organizationName", v.settings -> 'mailTemplates' as templates,
  v.settings -> 'attributes' as definitions
from enrollment_flows f
join enrollment_flow_versions v on v.tenant_id = $1 and v.id = f.current_version_id
left join organizations o on o.tenant_id = $1 and o.id = f.organization_id
where f.tenant_id = $1 and f.id = $2`;

const READ_PETITION = `
select p.expires_at as "expiresAt", ${VALUE_COLUMNS}
from petitions p ${VALUE_JOINS}
where p.tenant_id = $1 and p.id = $2 and p.flow_id = $3`;

/**
 * A mail of a flow as it would be sent, and what is wrong with its words: where that is anything, Vestibule's are shown,
 * as they would be sent. Null when there is no such flow, or no such petition of it; whether the caller may see them is
 * asked before.
 */
export async function previewMail(
  { database, tenant }: Pick<OperationContext, 'database' | 'tenant'>,
  { flowId, kind, locale, template: given, petitionId }: PreviewRequest,
): Promise<MailPreview | null> {
  const [flow] = await database.read<FlowRow>(tenant.id, READ_FLOW, [tenant.id, flowId]);
  if (!flow) return null;
  let values = exampleOf(flow, kind, locale, tenant.publicUrl);
  if (petitionId) {
    const [petition] = await database.read<PetitionRow>(tenant.id, READ_PETITION, [tenant.id, petitionId, flowId]);
    if (!petition) return null;
    // There is no token to show: a confirmation has its example.
    const link = isConfirmation(kind)
      ? values.link
      : `${tenant.publicUrl}/petitions#petition=${toGlobalId('Petition', petitionId)}`;
    const expiresAt = isConfirmation(kind) ? values.expiresAt : petition.expiresAt;
    values = mailValues(petition, locale, { link, expiresAt, recipientName: null });
  }
  const own = given ?? flow.templates.find((candidate) => candidate.kind === kind && candidate.locale === locale);
  const shipped = shippedTemplate(kind, locale);
  const faults = own ? checkWords({ kind, locale, ...words(own) }, flow.definitions) : [];
  const isShipped = !own || faults.length > 0;
  const template = isShipped ? shipped : words(own);
  try {
    return { ...renderMail(kind, locale, isShipped ? null : template, values), template, isShipped, faults };
  } catch (error) {
    // Words that are fine by themselves may not be with these values.
    const found = fault(UserErrorCode.INVALID, `With these values: ${(error as Error).message}.`, 'template');
    return { ...renderMail(kind, locale, null, values), template: shipped, isShipped: true, faults: [found] };
  }
}

const words = ({ subject, text, html }: MailTemplate): MailTemplate => ({ subject, text, html });

function checkWords(template: FlowMailTemplate, definitions: readonly AttributeDefinition[]): Fault[] {
  const found = checkMailTemplate(template, 'template');
  if (found) return [found];
  const known = new Set(shownOf(definitions).map(({ key }) => key));
  const unknown = attributeKeysOf(template).filter((key) => !known.has(key));
  if (!unknown.length) return [];
  const message = `The flow has no attributes with these keys that all parties may see: ${unknown.join(', ')}.`;
  return [fault(UserErrorCode.INVALID, message, 'template')];
}

function shownOf(definitions: readonly AttributeDefinition[]): AttributeDefinition[] {
  return definitions.filter(({ visibility }) => visibility === AttributeVisibility.PARTIES);
}

const EXAMPLES: Record<AttributeType, unknown> = {
  TEXT: 'Text',
  NUMBER: 42,
  DATE: '2030-01-31',
  CHOICE: '',
  EMAIL: 'camille.durand@example.org',
  IDENTIFIER: 'A-1234',
  ADDRESS: { street: '20 avenue de Ségur', postalCode: '75007', locality: 'Paris', country: 'FR' },
  FILE: { name: 'document.pdf' },
};

function exampleOf(flow: FlowRow, kind: PetitionMailKind, locale: MailLocale, publicUrl: string): MailValues {
  const { flowName, definitions } = flow;
  const example = exampleValues(kind, { publicUrl });
  const organizationName = flow.organizationName ?? example.organizationName;
  const attributes = Object.fromEntries(
    definitions.map(({ key, type, choices }) => [key, choices[0]?.value ?? EXAMPLES[type]]),
  );
  const petition = { ...example, flowName, organizationName, definitions, attributes };
  return mailValues(petition, locale, example);
}
