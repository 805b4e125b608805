import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { badInput } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { testConnection } from '../auth/test-connection.js';
import { uuidOf } from '../database/loaders/ids.js';
import type { ConnectionRow } from '../database/loaders/rows.js';
import {
  ConnectionConnection,
  ConnectionCreateInput,
  ConnectionIdInput,
  ConnectionPayload,
  ConnectionTestPayload,
  ConnectionType,
  ConnectionUpdateInput,
} from '../schema/connection.js';
import { Auth } from '../schema/requirement.js';
import {
  createConnection,
  setConnectionStatus,
  type SettingsInput,
  updateConnection,
} from '../sso/configure-connection.js';
import { attempt, isShown, pageRequest, requireUuid, toConnection } from './answers.js';

@Resolver(() => ConnectionType)
export class ConnectionResolver {
  @Auth('PUBLIC')
  @Query(() => ConnectionType, { nullable: true, description: 'One connection, by its id or its slug.' })
  async connection(
    @Ctx() context: GraphQLContext,
    @Arg('id', () => ID, { nullable: true, description: 'The global id.' }) id?: string | null,
    @Arg('slug', () => String, { nullable: true, description: 'The name in addresses.' }) slug?: string | null,
  ) {
    const { loaders, tenant } = context;
    const uuid = id ? uuidOf('Connection', id) : null;
    if (!id && !slug) throw badInput('Give either id or slug.', 'id');
    if (id && !uuid) return null;
    const row = uuid
      ? await loaders.connections.byId(tenant.id, uuid)
      : await loaders.connections.bySlug(tenant.id, slug!);
    return row && isShown(context, row) ? row : null;
  }

  @Auth('PUBLIC')
  @Query(() => ConnectionConnection, {
    description: 'The ways to sign in; disabled ones are for administrators of the tenant.',
  })
  async connections(
    @Ctx() { loaders, tenant, viewer }: GraphQLContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when absent.' })
    first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ) {
    const isAdministrator = viewer?.isTenantAdministrator ?? false;
    return toConnection(await loaders.connections.page(tenant.id, isAdministrator, pageRequest(first, after)));
  }

  @FieldResolver(() => String, { description: 'Where a browser begins to sign in.' })
  loginUrl(@Root() { slug }: ConnectionRow, @Ctx() { tenant }: GraphQLContext): string {
    return `${tenant.publicUrl}/auth/${slug}/login`;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @FieldResolver(() => Boolean, { nullable: true, description: 'Whether a client secret is kept. It is never shown.' })
  hasClientSecret(@Root() { sealedClientSecret }: ConnectionRow): boolean {
    return sealedClientSecret !== null;
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ConnectionPayload, { description: 'Configures a new connection.' })
  async connectionCreate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ConnectionCreateInput, { description: 'The connection.' }) input: ConnectionCreateInput,
  ) {
    const settings = { ...input.settings } as SettingsInput;
    const { result, userErrors } = await attempt(() => createConnection(context, { ...input, settings }));
    return { connection: result && (await context.loaders.connections.byId(context.tenant.id, result)), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ConnectionPayload, { description: 'Changes the settings of a connection.' })
  async connectionUpdate(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ConnectionUpdateInput, { description: 'The changes.' }) input: ConnectionUpdateInput,
  ) {
    const id = requireUuid('Connection', input.id, 'input.id');
    const settings = { ...input.settings } as SettingsInput;
    const { userErrors } = await attempt(() => updateConnection(context, { ...input, id, settings }));
    return { connection: await context.loaders.connections.byId(context.tenant.id, id), userErrors };
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ConnectionPayload, {
    description: 'Lets nobody sign in through a connection any more; open sessions go on.',
  })
  connectionDisable(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ConnectionIdInput, { description: 'The connection.' }) input: ConnectionIdInput,
  ) {
    return changeStatus(context, 'connectionDisable', input);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ConnectionPayload, { description: 'Lets people sign in through a connection again.' })
  connectionEnable(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ConnectionIdInput, { description: 'The connection.' }) input: ConnectionIdInput,
  ) {
    return changeStatus(context, 'connectionEnable', input);
  }

  @Auth('TENANT_ADMINISTRATOR')
  @Mutation(() => ConnectionTestPayload, {
    description: "Reads the provider's discovery document now, and says whether the settings fit it. Changes nothing.",
  })
  async connectionTest(
    @Ctx() context: GraphQLContext,
    @Arg('input', () => ConnectionIdInput, { description: 'The connection.' }) input: ConnectionIdInput,
  ) {
    const id = requireUuid('Connection', input.id, 'input.id');
    const { result, userErrors } = await attempt(() => testConnection(context, id));
    return { issuer: result?.issuer ?? null, warnings: result?.warnings ?? [], userErrors };
  }
}

async function changeStatus(
  context: GraphQLContext,
  via: 'connectionEnable' | 'connectionDisable',
  input: ConnectionIdInput,
) {
  const id = requireUuid('Connection', input.id, 'input.id');
  const { userErrors } = await attempt(() => setConnectionStatus(context, via, { id }));
  return { connection: await context.loaders.connections.byId(context.tenant.id, id), userErrors };
}
