import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { badInput } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { Node } from '../schema/node.js';
import { Auth } from '../schema/requirement.js';
import { findNode } from './answers.js';

const MOST = 100;

@Resolver()
export class NodeResolver {
  @Auth('PUBLIC')
  @Query(() => Node, {
    nullable: true,
    description: 'Any object by its global id; null when it is not for the caller.',
  })
  node(@Ctx() context: GraphQLContext, @Arg('id', () => ID, { description: 'A global id.' }) id: string) {
    return findNode(context, id);
  }

  @Auth('PUBLIC')
  @Query(() => [Node], {
    nullable: 'items',
    description: 'Objects by their global ids, in the order of the ids; at most 100.',
  })
  nodes(
    @Ctx() context: GraphQLContext,
    @Arg('ids', () => [ID], { description: 'Global ids, at most 100.' }) ids: string[],
  ) {
    if (ids.length > MOST) throw badInput(`ids holds at most ${MOST}.`, 'ids');
    return Promise.all(ids.map((id) => findNode(context, id)));
  }
}
