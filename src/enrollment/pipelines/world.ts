import type { MembershipSource, UserStatus } from '../../entities/enums.js';
import type { PersonIdentifier } from '../../entities/person-record.js';
import { type Applied, identifierKey } from './applied.js';

/** A membership as pipelines see it. */
export interface PipelineMember {
  /** Null for one that is to be made. */
  id: string | null;
  source: MembershipSource;
  attributes: Record<string, unknown>;
  /** `source` is null where it is not known how the role came. */
  roles: { roleId: string; source: MembershipSource | null }[];
}

/** Somebody as pipelines see them. Ids are uuids. */
export interface PipelinePerson {
  userId: string;
  /** There is no account yet: it is to be made. */
  isNew: boolean;
  isTenantAdministrator: boolean;
  status: UserStatus;
  email: string | null;
  emailNormalized: string | null;
  isEmailVerified: boolean;
  givenName: string | null;
  familyName: string | null;
  attributes: Record<string, unknown>;
  identifiers: PersonIdentifier[];
  /** By the uuid of the organization, of those that matter to the pipeline. */
  memberships: Record<string, PipelineMember>;
  /** The records of sources that are theirs and not removed, with what each gave. */
  records: { id: string; applied: Applied }[];
}

/** All that decides what becomes of some records: read by one statement, and brought up to date record by record. */
export interface PipelineWorld {
  people: Map<string, PipelinePerson>;
  /** Normalized address → who has it, proven or not. */
  addresses: Map<string, string>;
  /** Identifier → who has it. */
  identifiers: Map<string, string>;
  /** The organizations that there are → whether they take members. */
  organizations: Map<string, boolean>;
  /** The roles that can be given in the pipeline's organization. */
  roles: Set<string>;
}

/** A world of these people. */
export function createWorld(
  people: readonly PipelinePerson[],
  organizations: ReadonlyMap<string, boolean> = new Map(),
  roles: Iterable<string> = [],
): PipelineWorld {
  const world: PipelineWorld = {
    people: new Map(),
    addresses: new Map(),
    identifiers: new Map(),
    organizations: new Map(organizations),
    roles: new Set(roles),
  };
  for (const person of people) enact(world, person);
  return world;
}

/** Brings the world up to date with what a plan makes of a person, for the plans after it. */
export function enact(world: PipelineWorld, after: PipelinePerson): void {
  const before = world.people.get(after.userId);
  if (before?.emailNormalized) world.addresses.delete(before.emailNormalized);
  for (const identifier of before?.identifiers ?? []) world.identifiers.delete(identifierKey(identifier));
  world.people.set(after.userId, after);
  if (after.emailNormalized) world.addresses.set(after.emailNormalized, after.userId);
  for (const identifier of after.identifiers) world.identifiers.set(identifierKey(identifier), after.userId);
}
