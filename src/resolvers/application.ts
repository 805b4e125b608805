import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { createApplication, deleteApplication, updateApplication } from '../applications/applications.js';
import { addSecret, deleteSecret } from '../applications/secrets.js';
import { administers } from '../auth/administers.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { ApplicationRow } from '../database/loaders/rows.js';
import {
  ApplicationConnection,
  ApplicationCreateInput,
  ApplicationCreatePayload,
  ApplicationDeleteInput,
  ApplicationDeletePayload,
  ApplicationFilterInput,
  ApplicationPayload,
  ApplicationSecretCreateInput,
  ApplicationSecretCreatePayload,
  ApplicationSecretDeleteInput,
  ApplicationSecretDeletePayload,
  ApplicationSecretType,
  ApplicationType,
  ApplicationUpdateInput,
} from '../schema/application.js';
import { OrganizationApplicationConnection } from '../schema/organization-application.js';
import { Auth } from '../schema/requirement.js';
import { UserType } from '../schema/user.js';
import { attempt, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => ApplicationType)
export class ApplicationResolver {
  @Auth('SIGNED_IN')
  @Query(() => ApplicationType, { nullable: true, description: 'One application; null when it is not for the caller.' })
  application(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('id', () => ID, { description: 'Its global id.' }) id: string,
  ) {
    const uuid = uuidOf('Application', id);
    return uuid ? loaders.applications.byId(tenant.id, uuid) : null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Query(() => ApplicationConnection, { description: 'The applications of the tenant, the oldest first.' })
  async applications(
    @Ctx() { loaders, tenant }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
    @Arg('filter', () => ApplicationFilterInput, { nullable: true, description: 'Which ones.' })
    filter?: ApplicationFilterInput | null,
  ) {
    return toConnection(await loaders.applications.page(tenant.id, filter ?? {}, pageRequest(first, after)));
  }

  @FieldResolver(() => OrganizationApplicationConnection, {
    description:
      'The organizations that it is in, with its roles there; others than itself see those that they administer.',
  })
  async organizations(
    @Root() { uuid }: ApplicationRow,
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const seesAll = viewer!.isTenantAdministrator || viewer!.applicationId === uuid;
    const within = seesAll
      ? null
      : [...viewer!.rolesByOrganization.keys()].filter((id) => administers(viewer!, id)).sort();
    const selection = { side: 'application' as const, within };
    return toConnection(
      await loaders.organizationApplications.page(tenant.id, uuid, selection, pageRequest(first, after)),
    );
  }

  @Auth('TENANT_ADMINISTRATOR')
  @FieldResolver(() => [ApplicationSecretType], {
    nullable: true,
    description: 'What is kept of its secrets, the oldest first: five at most.',
  })
  async secrets(@Root() { uuid }: ApplicationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return (await loaders.applications.secretsOf(tenant.id, uuid)) ?? [];
  }

  @Auth('TENANT_ADMINISTRATOR')
  @FieldResolver(() => UserType, { nullable: true, description: 'Who made it.' })
  createdBy(@Root() { createdByUserUuid }: ApplicationRow, @Ctx() { loaders, tenant }: GraphQLContext) {
    return createdByUserUuid && loaders.users.byId(tenant.id, createdByUserUuid);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ApplicationCreatePayload, { description: 'Makes an application, with its first secret.' })
  async applicationCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ApplicationCreateInput, { description: 'The application.' }) input: ApplicationCreateInput,
  ) {
    const { result, userErrors } = await attempt(() => createApplication(context, input));
    return {
      application: result && (await context.loaders.applications.byId(context.tenant.id, result.id)),
      secret: result?.secret ?? null,
      userErrors,
    };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ApplicationPayload, { description: 'Edits an application, enables or disables it.' })
  async applicationUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ApplicationUpdateInput, { description: 'The changes.' }) input: ApplicationUpdateInput,
  ) {
    const id = requireUuid('Application', input.id, 'input.id');
    const { userErrors } = await attempt(() => updateApplication(context, { ...input, id }));
    return { application: await context.loaders.applications.byId(context.tenant.id, id), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ApplicationDeletePayload, {
    description: 'Deletes an application with its secrets, and takes it from every organization.',
  })
  async applicationDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ApplicationDeleteInput, { description: 'The application.' }) input: ApplicationDeleteInput,
  ) {
    const id = requireUuid('Application', input.id, 'input.id');
    const { userErrors } = await attempt(() => deleteApplication(context, { ...input, id }));
    return { deletedId: userErrors.length ? null : input.id, userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ApplicationSecretCreatePayload, {
    description: 'Gives an application one more secret. Those that it has serve on; what has expired is deleted.',
  })
  async applicationSecretCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ApplicationSecretCreateInput, { description: 'Of which application.' })
    input: ApplicationSecretCreateInput,
  ) {
    const { applications } = context.loaders;
    const id = requireUuid('Application', input.id, 'input.id');
    const { result, userErrors } = await attempt(() => addSecret(context, { ...input, id }));
    return {
      application: await applications.byId(context.tenant.id, id),
      applicationSecret: result && (await applications.secretById(context.tenant.id, result.id)),
      secret: result?.secret ?? null,
      userErrors,
    };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ApplicationSecretDeletePayload, {
    description: 'Deletes a secret, which serves no more; also the last one of its application.',
  })
  async applicationSecretDelete(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ApplicationSecretDeleteInput, { description: 'The secret.' })
    input: ApplicationSecretDeleteInput,
  ) {
    const id = requireUuid('ApplicationSecret', input.id, 'input.id');
    const { result, userErrors } = await attempt(() => deleteSecret(context, { id }));
    const application = result && (await context.loaders.applications.byId(context.tenant.id, result));
    return { application, deletedId: result && input.id, userErrors };
  }
}
