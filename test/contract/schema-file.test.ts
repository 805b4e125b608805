import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql';
import { buildSchema } from '../../src/resolvers/build-schema.js';
import { printSchema } from '../../src/schema/print.js';

const schema = buildSchema();
const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];

test('schema.graphql is current: otherwise `npm run schema` writes it', async () => {
  expect(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8')).toBe(printSchema(schema));
});

test('everything has a description', () => {
  const bare: string[] = [];
  const see = (name: string, { description }: { description?: string | null | undefined }) => {
    // What every field's description ends in does not describe it.
    if (!description?.replace(/Requires [A-Z_]+\.$/, '').trim()) bare.push(name);
  };
  for (const type of types) {
    if (!isSpecifiedScalarType(type) && !roots.includes(type as never)) see(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) see(`${type.name}.${value.name}`, value);
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      see(`${type.name}.${field.name}`, field);
      if ('args' in field)
        for (const argument of field.args) see(`${type.name}.${field.name}(${argument.name}:)`, argument);
    }
  }
  for (const directive of schema.getDirectives().filter((directive) => !isSpecifiedDirective(directive))) {
    see(`@${directive.name}`, directive);
    for (const argument of directive.args) see(`@${directive.name}(${argument.name}:)`, argument);
  }
  expect(bare).toEqual([]);
});

/** Lists that are bounded by something else than a page, and by what. */
const BOUNDED: Record<string, string> = {
  'Query.nodes': 'as many as the ids that were given, at most 100',
  'Query._entities': 'as many as the representations that were given, at most 100',
  'Role.permissions': 'at most 250',
  'Petition.matchCandidates': 'at most 25',
  'PetitionMatchCandidate.names': 'at most five',
  'Application.secrets': 'at most five',
  'OrganizationApplication.roles': "at most 250 of the tenant's and 250 of the organization's own",
  'Membership.roles': "at most 250 of the tenant's and 250 of the organization's own",
  'Membership.roleGrants': 'the roles that the member holds',
  'MembershipExplanation.roles': 'the roles that the member holds',
  'MembershipExplanation.permissions': 'the permissions of the tenant',
  'PermissionExplanation.roles': 'the roles that the member holds',
  'OrganizationMembersPayload.memberships': 'the first hundred',
  'Organization.identifiers': 'at most ten',
  'User.identifiers': 'at most 100',
  'Organization.logos': 'at most three',
  'EnrollmentTheme.logos': 'at most three',
  'WebhookDelivery.attempts': 'the latest 50',
  'SsoPreview.leaves': 'the memberships that one sign-in ends',
  'OrganizationJit.emailDomains': 'at most 100',
  'OrganizationJit.connections': 'at most 100',
  'OrganizationJit.roles': 'at most 100',
  'JitPreview.joins': 'the first 100',
  'JitPreview.passedOver': 'the first 100',
  'JitMatch.roles': 'at most 100',
  'Connection.scimTokens': 'at most ten',
  'ScimGroup.mappings': 'at most fifty',
  'Invitation.roles': 'at most fifty',
  'Query.sourceKinds': 'the kinds that there are',
  'SourceKindDescription.secrets': 'the secrets that a kind has',
  'Organization.availableSources': 'at most 200, which is the most of a tenant',
  'SourceSearchResult.people': 'at most 25',
  'SourceRecordPerson.names': 'as many as the source gives of a record of at most 256 KiB',
  'SourceRecordPerson.emails': 'as many as the source gives of a record of at most 256 KiB',
  'SourceRecordPerson.identifiers': 'as many as the source gives of a record of at most 256 KiB',
  'PipelineSettings.attributes': 'at most 100',
  'PipelineSettings.affiliationRoles': 'at most 100',
  'PipelinePreview.records': 'at most 20',
  'PipelinePreviewRecord.values': 'as many as the pipeline copies',
  'PipelinePreviewRecord.memberships': 'as many as there are organizations in which the pipeline acts',
  'SourcePerson.names': 'at most 100',
  'SourcePerson.emails': 'at most 100',
  'SourcePerson.identifiers': 'at most 100 of each type that the mapping names, and at most 200 KiB in all',
  'Query.enrollmentFlowTemplates': "six, and at most 200 of the tenant's own",
  'EnrollmentFlow.warnings': 'as many as there are rules',
  'EnrollmentFlowSettings.mailTemplates': 'at most forty',
  'EnrollmentFlowSettings.authenticators': 'at most four',
  'EnrollmentFlowSettings.attributes': 'at most 100',
  'EnrollmentFlowSettings.sources': 'at most twenty',
  'EnrollmentFlowSettings.assignedIdentifiers': 'at most ten',
  'EnrollmentAttribute.choices': 'as many as the flow has, whose settings are bounded',
  'EnrollmentFlowExplanation.steps': 'the steps that there are',
  'EnrollmentFlowExplanation.warnings': 'as many as there are rules',
  'EnrollmentFlowOffer.attributes': 'at most 100',
  'EnrollmentFlowOffer.organizations': 'at most fifty',
  'EnrollmentFlowOffer.terms': 'at most twenty',
  'Petition.form': 'at most 100',
  'Petition.attributes': 'at most 100',
  'Petition.terms': 'at most 20',
  'Petition.people': 'at most 20',
  'Petition.possibleDuplicates': 'at most 20',
  'PetitionSourceCandidates.people': 'at most 25',
  'PetitionApprover.delegates': 'at most 20',
  'PetitionInboxCounts.byFlow': 'at most 50',
  'PetitionInboxCounts.byOrganization': 'at most 50',
  'PetitionMergePreview.changes': 'at most 100',
  'PetitionUndoMergePayload.left': 'what one merge gave, which is bounded as the flow is',
  'PetitionField.choices': 'as many as the flow has, whose settings are bounded',
  'InvitationsPayload.outcomes': 'as many as the addresses that were given, at most 100',
};

test('no list is unbounded: objects come in connections, or are bounded by something else', () => {
  const unbounded: string[] = [];
  const used = new Set<string>();
  for (const type of types) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const name = `${type.name}.${field.name}`;
      if (!isListType(getNullableType(field.type))) {
        const { name: shown } = getNamedType(field.type);
        const isPages =
          shown.endsWith('Connection') && schema.getType(shown.replace(/Connection$/, 'Edge')) !== undefined;
        const names = field.args.map((argument) => argument.name);
        if (isPages && !(names.includes('first') && names.includes('after')))
          unbounded.push(`${name} takes no first and after`);
        continue;
      }
      const named = getNamedType(field.type);
      const isPage = ['edges', 'nodes'].includes(field.name) && type.name.endsWith('Connection');
      const isValues = !isObjectType(named) && !isAbstractType(named);
      if (isPage || isValues || named.name === 'UserError') continue;
      if (name in BOUNDED) used.add(name);
      else unbounded.push(name);
    }
  }
  expect(unbounded).toEqual([]);
  expect([...used].sort()).toEqual(Object.keys(BOUNDED).sort());
});
