import { Arg, createUnionType, Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { badInput, graphqlError } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { ConnectionType } from '../schema/connection.js';
import { MembershipType } from '../schema/membership.js';
import { OrganizationType } from '../schema/organization.js';
import { Auth } from '../schema/requirement.js';
import { Any } from '../schema/scalars.js';
import { UserType } from '../schema/user.js';
import { findNode } from './answers.js';

@Auth('PUBLIC')
@ObjectType('_Service', { description: 'This schema, for a router to compose.', simpleResolvers: true })
export class FederationService {
  @Field(() => String, { nullable: true, description: 'The schema definition with the directives of federation.' })
  sdl!: string;
}

const Entity = createUnionType({
  name: '_Entity',
  description: 'What a router may refer to by id.',
  types: () => [OrganizationType, UserType, MembershipType, ConnectionType] as const,
  resolveType: (row) => (row as unknown as { __typename: string }).__typename,
});

const MOST = 100;

@Resolver()
export class FederationResolver {
  @Auth('PUBLIC')
  @Query(() => FederationService, {
    name: '_service',
    description: 'This schema, for a router; under the rule of introspection.',
  })
  service(@Ctx() { isSdlShown, sdl }: GraphQLContext) {
    if (!isSdlShown) throw graphqlError('FORBIDDEN', 'The schema is not published to this caller.');
    return { sdl: sdl.federation };
  }

  @Auth('PUBLIC')
  @Query(() => [Entity], {
    name: '_entities',
    nullable: 'items',
    description: 'Objects that a router refers to; at most 100.',
  })
  entities(
    @Ctx() context: GraphQLContext,
    @Arg('representations', () => [Any], { description: '`__typename` and `id` of each.' })
    representations: { __typename?: unknown; id?: unknown }[],
  ) {
    if (representations.length > MOST) throw badInput(`representations holds at most ${MOST}.`, 'representations');
    return Promise.all(
      representations.map(async (representation) => {
        const { __typename: type, id } = representation ?? {};
        const row = typeof id === 'string' ? await findNode(context, id) : null;
        return row?.__typename === type ? row : null;
      }),
    );
  }
}
