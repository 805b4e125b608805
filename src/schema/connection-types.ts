import { type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { Auth } from './requirement.js';

@Auth('PUBLIC')
@ObjectType({ description: 'Where a page stands in its list.', simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there are more after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether this page began after a cursor.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'The cursor of the first edge.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last edge: give it as `after` for the next page.',
  })
  endCursor!: string | null;
}

/** What resolvers give for a connection; see `toConnection`. */
export interface ConnectionValue<Row> {
  edges: { cursor: string; node: Row }[];
  nodes: Row[];
  pageInfo: PageInfo;
  countTotal: () => Promise<number>;
}

/** The Relay types of a list: `<name>Connection` and `<name>Edge`. `mostCounted`: where counting stops. */
export function connectionTypes(node: () => ClassType, name: string, of: string, mostCounted?: number): ClassType {
  const bound = mostCounted ? ` Counting stops at ${mostCounted}.` : '';

  @Auth('PUBLIC')
  @ObjectType(`${name}Edge`, { description: `One of ${of}, with its place in the list.`, simpleResolvers: true })
  class Edge {
    @Field(() => String, { description: 'The place, for `after`.' })
    cursor!: string;

    @Field(node, { nullable: true, description: 'The object itself; null when it is not for the caller.' })
    node!: unknown;
  }

  @Auth('PUBLIC')
  @ObjectType(`${name}Connection`, { description: `A page of ${of}.` })
  class Connection {
    @Field(() => [Edge], { simple: true, description: 'The page, with cursors.' })
    edges!: Edge[];

    @Field(() => [node()], { nullable: 'items', simple: true, description: 'The page, without cursors.' })
    nodes!: unknown[];

    @Field(() => PageInfo, { simple: true, description: 'Where the page stands.' })
    pageInfo!: PageInfo;

    countTotal!: () => Promise<number>;

    @Field(() => Int, { description: `How many there are in all. It is counted only when it is asked for.${bound}` })
    totalCount(): Promise<number> {
      return this.countTotal();
    }
  }
  return Connection;
}
