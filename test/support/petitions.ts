import { v7 } from 'uuid';
import { runSql, transact } from '../../src/database/transact.js';
import { changeSettings, DEFAULT_SETTINGS } from '../../src/enrollment/flows/default-settings.js';
import {
  AttributeTarget,
  AttributeType,
  AttributeVisibility,
  Enablement,
  FlowAuthorization,
  FlowStatus,
  MatchPolicy,
} from '../../src/entities/enums.js';
import type { AttributeDefinition, FlowSettings } from '../../src/entities/flow-settings.js';
import type { Browser } from './browser.js';
import type { SeededTenant } from './factories.js';
import type { Gateway } from './gateway.js';

/** An attribute of a flow: optional text for the parties, unless told. */
export function attribute(overrides: Partial<AttributeDefinition> & { key: string }): AttributeDefinition {
  return {
    type: AttributeType.TEXT,
    label: overrides.key,
    description: null,
    enablement: Enablement.OPTIONAL,
    target: AttributeTarget.NONE,
    targetName: null,
    visibility: AttributeVisibility.PARTIES,
    defaultValue: null,
    defaultSource: null,
    isEditable: true,
    isHidden: false,
    pattern: null,
    minimum: null,
    maximum: null,
    choices: [],
    isMultiple: false,
    mediaTypes: [],
    ...overrides,
  };
}

const required = { enablement: Enablement.REQUIRED };

/** What a person is asked for in most flows: address and names. */
export const PERSON: AttributeDefinition[] = [
  attribute({ key: 'email', type: AttributeType.EMAIL, target: AttributeTarget.USER_EMAIL, ...required }),
  attribute({ key: 'givenName', target: AttributeTarget.USER_GIVEN_NAME, ...required }),
  attribute({ key: 'familyName', target: AttributeTarget.USER_FAMILY_NAME, ...required }),
];

export interface FlowFacts {
  settings?: Partial<FlowSettings>;
  status?: FlowStatus;
  organizationId?: string | null;
  name?: string;
}

let serial = 0;

/** An ACTIVE flow that everybody may start, unless told: written as it is stored, whether or not it could be saved. */
export async function makeFlow(
  tenant: SeededTenant,
  { settings = {}, status = FlowStatus.ACTIVE, organizationId = null, name = `Flow ${++serial}` }: FlowFacts = {},
): Promise<{ id: string; globalId: string }> {
  const [id, versionId] = [v7(), v7()];
  const all = changeSettings(DEFAULT_SETTINGS, { authorization: FlowAuthorization.NONE, ...settings });
  await transact(tenant.database, tenant.id, async (manager) => {
    await runSql(
      manager,
      `insert into enrollment_flows
         (id, tenant_id, organization_id, name, status, current_version_id, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, now(), now())`,
      [id, tenant.id, organizationId, name, status, versionId],
    );
    await runSql(
      manager,
      `insert into enrollment_flow_versions (id, tenant_id, flow_id, number, name, settings, created_at)
       values ($1, $2, $3, 1, $4, $5, now())`,
      [versionId, tenant.id, id, name, JSON.stringify(all)],
    );
  });
  return { id, globalId: `flo_${id}` };
}

/** What is asked of a petition in the answers of its commands. */
export const PETITION_FIELDS = `id status step waitsFor nextActions viewerParties email isEmailVerified redirectUrl
  attributes { key value } history(first: 100) { nodes { action statusBefore statusAfter party comment } }`;

export interface PetitionAnswer {
  petition: any;
  token: string | null;
  redirectUrl: string | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

/** Runs a command on petitions by its mutation: `input` as the mutation takes it. */
export async function command(
  gateway: Gateway,
  browser: Browser | null,
  name: string,
  input: object,
  token: string | null = null,
): Promise<PetitionAnswer> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const types: Record<string, string> = {
    petitionContinue: 'PetitionIdInput',
    petitionConfirm: 'PetitionTokenInput',
    petitionDecline: 'PetitionTokenInput',
    petitionResendConfirmation: 'PetitionIdInput',
  };
  const answer = await gateway.graphql(
    browser,
    `mutation ($input: ${types[name] ?? type}!) { answer: ${name}(input: $input) {
      petition { ${PETITION_FIELDS} } token redirectUrl userErrors { code message field } } }`,
    { input },
    token === null ? {} : { 'vestibule-petition-token': token },
  );
  if (answer.errors) throw Object.assign(new Error(answer.text), { errors: answer.errors });
  return answer.data.answer as PetitionAnswer;
}

/** Starts a petition. */
export const start = (gateway: Gateway, browser: Browser | null, flowId: string, input: object = {}) =>
  command(gateway, browser, 'petitionStart', { flowId, ...input });

export const codesOf = ({ userErrors }: PetitionAnswer): string[] => userErrors.map(({ code }) => code);

/** What the history of a petition in an answer tells. */
export const actionsOf = ({ petition }: PetitionAnswer): string[] =>
  petition.history.nodes.map(({ action }: { action: string }) => action);

/** A flow by which people enroll themselves in an organization, with approval; and a petition of this person. */
export async function makePetition(
  gateway: Gateway,
  browser: Browser,
  { organizationId }: { organizationId: string },
): Promise<{ flowId: string; petitionId: string }> {
  const { globalId } = await makeFlow(gateway.tenant, {
    organizationId,
    settings: {
      authorization: FlowAuthorization.SIGNED_IN,
      match: MatchPolicy.SELF,
      attributes: [attribute({ key: 'motive' })],
      requiresApproval: true,
    },
  });
  const { petition } = await start(gateway, browser, globalId);
  return { flowId: globalId, petitionId: petition.id };
}
