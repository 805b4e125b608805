import { badInput } from '../auth/errors.js';
import type { GraphQLContext } from '../auth/graphql-context.js';
import { type NodeType, uuidOf } from '../database/loaders/ids.js';
import { type Page, PageError, type PageRequest, readPageRequest } from '../database/loaders/page.js';
import type { AnyNodeRow, ConnectionRow } from '../database/loaders/rows.js';
import { ConnectionStatus } from '../entities/enums.js';
import { type Fault, Faults } from '../faults.js';
import type { ConnectionValue } from '../schema/connection-types.js';

/** Runs an operation; what a frontend is to expect comes back as faults instead of being thrown. */
export async function attempt<Result>(
  operation: () => Promise<Result>,
): Promise<{ result: Result; userErrors: [] } | { result: null; userErrors: readonly Fault[] }> {
  try {
    return { result: await operation(), userErrors: [] };
  } catch (error) {
    if (error instanceof Faults) return { result: null, userErrors: error.faults };
    throw error;
  }
}

/** Reads `first` and `after`; BAD_USER_INPUT when they cannot be. */
export function pageRequest(
  first: number | null | undefined,
  after: string | null | undefined,
  keys?: number,
): PageRequest {
  try {
    return readPageRequest(first, after, keys);
  } catch (error) {
    if (error instanceof PageError) throw badInput(`${error.message}.`, error.argument);
    throw error;
  }
}

/** A page as a Relay connection. */
export function toConnection<Row>({
  rows,
  hasNextPage,
  hasPreviousPage,
  countTotal,
  cursorOf,
}: Page<Row>): ConnectionValue<Row> {
  // Cursors cost: they are made when they are asked for.
  return {
    get edges() {
      return rows.map((node) => ({ cursor: cursorOf(node), node }));
    },
    nodes: rows,
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      get startCursor() {
        return rows.length ? cursorOf(rows[0]!) : null;
      },
      get endCursor() {
        return rows.length ? cursorOf(rows.at(-1)!) : null;
      },
    },
    countTotal,
  };
}

/** The uuid of a global id of this type; BAD_USER_INPUT when it is of another type or none. */
export function requireUuid(type: NodeType, id: string, argument: string): string {
  const uuid = uuidOf(type, id);
  if (!uuid) throw badInput(`${argument} is not the id of a ${type}.`, argument);
  return uuid;
}

/** The uuids of global ids of this type, in their order; BAD_USER_INPUT when one is of another type or none. */
export function requireUuids(type: NodeType, ids: readonly string[], argument: string): string[] {
  return ids.map((id, index) => requireUuid(type, id, `${argument}.${index}`));
}

/** The object with this id, if it is one that the caller may know of. Its type's `@auth` is decided after this. */
export async function findNode(context: GraphQLContext, id: string): Promise<AnyNodeRow | null> {
  const row = await context.loaders.node(context.tenant.id, id);
  return row && (row.__typename !== 'Connection' || isShown(context, row)) ? row : null;
}

/** Connections that are disabled are for administrators of the tenant. */
export function isShown({ viewer }: GraphQLContext, { status }: ConnectionRow): boolean {
  return status === ConnectionStatus.ENABLED || (viewer?.isTenantAdministrator ?? false);
}
