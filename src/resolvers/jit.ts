import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { badInput } from '../auth/errors.js';
import type { JitDomainRow } from '../database/loaders/jit.js';
import type { NodeType } from '../database/loaders/ids.js';
import type { ConnectionRow, OrganizationRow, RoleRow } from '../database/loaders/rows.js';
import { recordName, recordValue } from '../joining/domains/proof.js';
import { verifyDomain } from '../joining/domains/verify.js';
import { changeJitConnections } from '../joining/jit-connections.js';
import { changeJitDomains } from '../joining/jit-domains.js';
import type { ListChange } from '../joining/jit-list.js';
import { previewJit } from '../joining/jit-preview.js';
import { changeJitRoles } from '../joining/jit-roles.js';
import { ConnectionType } from '../schema/connection.js';
import {
  JitEmailDomainType,
  JitPreviewInput,
  JitPreviewType,
  OrganizationJitConnectionsInput,
  OrganizationJitEmailDomainsInput,
  OrganizationJitEmailDomainVerifyInput,
  OrganizationJitPayload,
  OrganizationJitRolesInput,
  OrganizationJitType,
} from '../schema/jit.js';
import { RoleType } from '../schema/role.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { attempt, isShown, requireUuid } from './answers.js';

/** What a preview shows of each list. */
const MOST_SHOWN = 100;

/** The rules of an organization, before any of them is read. */
interface JitRow {
  organizationUuid: string;
}

@Resolver(() => OrganizationType)
export class OrganizationJitResolver {
  @Auth('ORGANIZATION_ADMINISTRATOR')
  @FieldResolver(() => OrganizationJitType, {
    nullable: true,
    description: 'The rules by which people join it as they come in.',
  })
  jit(@Root() { uuid }: OrganizationRow): JitRow {
    return { organizationUuid: uuid };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Query(() => JitPreviewType, {
    description: 'What just-in-time rules would do for a new person, and why others would not. Writes nothing.',
  })
  async jitPreview(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => JitPreviewInput, { description: 'The person.' }) input: JitPreviewInput,
  ) {
    const { loaders, tenant } = context;
    const { email = null, isEmailVerified } = input;
    const uuid = (type: NodeType, id: string | null | undefined, field: string) =>
      id ? requireUuid(type, id, `input.${field}`) : null;
    const connectionId = uuid('Connection', input.connectionId, 'connectionId');
    const connection = connectionId && (await loaders.connections.byId(tenant.id, connectionId));
    if (connectionId && !(connection && isShown(context, connection)))
      throw badInput('There is no such connection.', 'input.connectionId');
    const organizationId = uuid('Organization', input.organizationId, 'organizationId');
    const { result, userErrors } = await attempt(() =>
      previewJit(context, { organizationId, connectionId, email, isEmailVerified }),
    );
    if (!result) throw badInput(userErrors[0]!.message, 'input.email');
    const organization = (id: string) => loaders.organizations.byId(tenant.id, id);
    return {
      joins: result.joins.slice(0, MOST_SHOWN).map(({ organizationId: id, roleIds, ...join }) => ({
        ...join,
        organization: organization(id),
        roles: rolesOf(context, roleIds),
      })),
      passedOver: result.passedOver
        .slice(0, MOST_SHOWN)
        .map(({ organizationId: id, ...rule }) => ({ ...rule, organization: organization(id) })),
    };
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Adds domains of email addresses. Each does nothing until it is proven. What is there stays.',
  })
  organizationJitEmailDomainsAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitEmailDomainsInput, { description: 'The domains.' })
    input: OrganizationJitEmailDomainsInput,
  ) {
    return changeDomains(context, 'ADD', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Replaces the domains of email addresses. Those that were there keep their proof.',
  })
  organizationJitEmailDomainsSet(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitEmailDomainsInput, { description: 'All of the domains; none is fine.' })
    input: OrganizationJitEmailDomainsInput,
  ) {
    return changeDomains(context, 'SET', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Removes domains of email addresses. Members stay. NOT_FOUND where one is not there.',
  })
  organizationJitEmailDomainsRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitEmailDomainsInput, { description: 'The domains.' })
    input: OrganizationJitEmailDomainsInput,
  ) {
    return changeDomains(context, 'REMOVE', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Asks DNS now for the record that proves a domain. PROOF_MISSING says what to publish.',
  })
  organizationJitEmailDomainVerify(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitEmailDomainVerifyInput, { description: 'The domain.' })
    input: OrganizationJitEmailDomainVerifyInput,
  ) {
    return change(context, input, (organizationId) => verifyDomain(context, { ...input, organizationId }));
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Adds connections: whoever comes through one for the first time joins. What is there stays.',
  })
  organizationJitConnectionsAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitConnectionsInput, { description: 'The connections.' })
    input: OrganizationJitConnectionsInput,
  ) {
    return changeConnections(context, 'ADD', input);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, { description: 'Replaces the connections.' })
  organizationJitConnectionsSet(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitConnectionsInput, { description: 'All of the connections; none is fine.' })
    input: OrganizationJitConnectionsInput,
  ) {
    return changeConnections(context, 'SET', input);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Removes connections. Members stay. NOT_FOUND where one is not there.',
  })
  organizationJitConnectionsRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitConnectionsInput, { description: 'The connections.' })
    input: OrganizationJitConnectionsInput,
  ) {
    return changeConnections(context, 'REMOVE', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Adds roles that people are given when they join by the rules. What is there stays.',
  })
  organizationJitRolesAdd(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitRolesInput, { description: 'The roles.' }) input: OrganizationJitRolesInput,
  ) {
    return changeRoles(context, 'ADD', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, { description: 'Replaces the roles. Members keep theirs.' })
  organizationJitRolesSet(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitRolesInput, { description: 'All of the roles; none is fine.' })
    input: OrganizationJitRolesInput,
  ) {
    return changeRoles(context, 'SET', input);
  }

  @Auth('ORGANIZATION_ADMINISTRATOR')
  @Mutation(() => OrganizationJitPayload, {
    description: 'Removes roles. Members keep theirs. NOT_FOUND where one is not there.',
  })
  organizationJitRolesRemove(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => OrganizationJitRolesInput, { description: 'The roles.' }) input: OrganizationJitRolesInput,
  ) {
    return changeRoles(context, 'REMOVE', input);
  }
}

@Resolver(() => OrganizationJitType)
export class OrganizationJitRulesResolver {
  @FieldResolver(() => [JitEmailDomainType], { description: 'The domains of email addresses, by name.' })
  async emailDomains(@Root() { organizationUuid }: JitRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.jit.emailDomains(tenant.id, organizationUuid)) ?? [];
  }

  @FieldResolver(() => [ConnectionType], {
    description: 'The connections, by slug. Disabled ones are for administrators of the tenant.',
  })
  async connections(@Root() { organizationUuid }: JitRow, @Ctx() context: GraphQLContext): Promise<ConnectionRow[]> {
    const { loaders, tenant } = context;
    const uuids = (await loaders.jit.connectionUuids(tenant.id, organizationUuid)) ?? [];
    const rows = await Promise.all(uuids.map((uuid) => loaders.connections.byId(tenant.id, uuid)));
    return rows.filter((row) => row !== undefined).filter((row) => isShown(context, row));
  }

  @FieldResolver(() => [RoleType], { description: 'What people are given when they join by the rules, by name.' })
  async roles(@Root() { organizationUuid }: JitRow, @Ctx() context: GraphQLContext): Promise<RoleRow[]> {
    return rolesOf(context, (await context.loaders.jit.roleUuids(context.tenant.id, organizationUuid)) ?? []);
  }
}

@Resolver(() => JitEmailDomainType)
export class JitEmailDomainResolver {
  @FieldResolver(() => String, { description: 'The name of the TXT record that proves it.' })
  recordName(@Root() { domain }: JitDomainRow): string {
    return recordName(domain);
  }

  @FieldResolver(() => String, { description: 'The value of that record. Records beside it do no harm.' })
  recordValue(@Root() { proof }: JitDomainRow): string {
    return recordValue(proof);
  }
}

function changeDomains(context: GraphQLContext, kind: ListChange, input: OrganizationJitEmailDomainsInput) {
  return change(context, input, (organizationId) => changeJitDomains(context, kind, { ...input, organizationId }));
}

function changeConnections(context: GraphQLContext, kind: ListChange, input: OrganizationJitConnectionsInput) {
  const connectionIds = input.connectionIds.map((id, index) =>
    requireUuid('Connection', id, `input.connectionIds.${index}`),
  );
  return change(context, input, (organizationId) =>
    changeJitConnections(context, kind, { organizationId, connectionIds }),
  );
}

function changeRoles(context: GraphQLContext, kind: ListChange, input: OrganizationJitRolesInput) {
  const roleIds = input.roleIds.map((id, index) => requireUuid('Role', id, `input.roleIds.${index}`));
  return change(context, input, (organizationId) => changeJitRoles(context, kind, { organizationId, roleIds }));
}

async function change(
  context: GraphQLContext,
  input: { organizationId: string },
  operation: (organizationId: string) => Promise<void>,
) {
  const organizationId = requireUuid('Organization', input.organizationId, 'input.organizationId');
  const { userErrors } = await attempt(() => operation(organizationId));
  return { organization: await context.loaders.organizations.byId(context.tenant.id, organizationId), userErrors };
}

async function rolesOf({ loaders, tenant }: GraphQLContext, uuids: readonly string[]): Promise<RoleRow[]> {
  const rows = await Promise.all(uuids.map((uuid) => loaders.roles.byId(tenant.id, uuid)));
  return rows.filter((row) => row !== undefined);
}
