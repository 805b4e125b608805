import { toCursor } from '../src/database/loaders/page.js';
import {
  administratorNumber,
  type Caller,
  CALLERS,
  joinerNumber,
  largeOrganizations,
  memberNumber,
  type Size,
  uuidOf,
} from './data.js';

/** One request of a workload, as every server gets it: GraphQL, or the floor's own address. */
export interface Case extends Caller {
  variables: Record<string, unknown>;
  floor: string;
}

export interface Workload {
  name: string;
  title: string;
  query: string;
  cases: Case[];
  /** Share of the floor, share of Mercurius, most statements: the targets, where there are any. */
  target: { floor?: number; rival?: number; statements?: number };
}

const POINT = 'query ($id: ID!) { organization(id: $id) { id name status description version } }';
const MEMBERS =
  'query ($id: ID!) { organization(id: $id) { id name members(first: 20) { nodes { id roles { name } user { id givenName familyName email } } } } }';
const LIST =
  'query ($after: String) { organizations(first: 20, after: $after) { nodes { id name members(first: 10) { nodes { id roles { name } user { id givenName familyName } } } } } }';
const PAGE =
  'query ($after: String) { organizations(first: 5, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } }';
const NAMED =
  'query ($after: String) { organizations(first: 5, after: $after, orderBy: NAME) { nodes { id name } pageInfo { hasNextPage endCursor } } }';

export const PAGE_SIZE = 5;

/** The workloads on a database of this size. Every case has a caller of its own, so that no answer serves two. */
export function workloadsOf(size: Size): Workload[] {
  const large = largeOrganizations(size);
  const deep = Math.floor((size.organizations * 0.9) / PAGE_SIZE);
  const numbers = Array.from({ length: CALLERS }, (_, index) => index);
  const cases = (name: string, make: (index: number) => Omit<Case, 'token'>) =>
    numbers.map((index) => ({ token: `bench-${name}-${index}`, ...make(index) }));
  const point = (n: number) => ({
    variables: { id: `org_${uuidOf('organization', n)}` },
    argument: uuidOf('organization', n),
  });
  const list = (first: number) => {
    const after = first > 1 ? uuidOf('organization', first - 1) : null;
    return { variables: { after: after && toCursor([after]) }, argument: after ?? '' };
  };
  const caseOf = (
    path: string,
    user: number,
    { variables, argument }: { variables: Case['variables']; argument: string },
  ) => ({
    user,
    variables,
    floor: `/${path}/${argument}`,
  });
  return [
    {
      name: 'point',
      title: 'one organization, by a member',
      query: POINT,
      target: { floor: 0.6, rival: 0.9 },
      cases: cases('point', (index) => {
        const n = 1 + ((index * 389 + 6) % size.organizations);
        return caseOf('point', memberNumber(size, n, 1), point(n));
      }),
    },
    {
      name: 'members',
      title: 'one organization with 20 members, by its administrator',
      query: MEMBERS,
      target: { floor: 0.6 },
      cases: cases('members', (index) => {
        const n = 1 + ((index * 19) % large);
        return caseOf('members', memberNumber(size, n, 0), point(n));
      }),
    },
    {
      name: 'list',
      title: '20 organizations × 10 members, by an administrator of the tenant',
      query: LIST,
      target: { floor: 0.5, rival: 1, statements: 3 },
      cases: cases('list', (index) =>
        caseOf('list', administratorNumber(size, index), list(1 + ((index * 20) % (large - 20)))),
      ),
    },
    {
      name: 'joined',
      title: '20 organizations × 10 members, by a member of the 20',
      query: LIST,
      target: { floor: 0.5, rival: 1, statements: 3 },
      cases: cases('joined', (index) => caseOf('joined', joinerNumber(size, index), list(1))),
    },
    {
      name: 'page',
      title: `page 1 of organizations at ${PAGE_SIZE} a page`,
      query: PAGE,
      target: {},
      cases: cases('page', (index) => caseOf('page', administratorNumber(size, index), list(1))),
    },
    {
      name: 'deep',
      title: `page ${deep.toLocaleString('en')} of organizations at ${PAGE_SIZE} a page`,
      query: PAGE,
      target: {},
      cases: cases('deep', (index) =>
        caseOf('page', administratorNumber(size, index), list((deep - 1) * PAGE_SIZE + 1 + index)),
      ),
    },
    {
      name: 'named',
      title: `page 1 of organizations by name at ${PAGE_SIZE} a page`,
      query: NAMED,
      target: {},
      cases: cases('named', (index) =>
        caseOf('named', administratorNumber(size, index), { variables: { after: null }, argument: '' }),
      ),
    },
    {
      name: 'named-deep',
      title: `page ${deep.toLocaleString('en')} or so of organizations by name at ${PAGE_SIZE} a page`,
      query: NAMED,
      target: {},
      cases: cases('named-deep', (index) => {
        // Names sort as text: "organization 91…" is past nine tenths of them.
        const n = Math.floor(size.organizations * 0.91) + index;
        const after = toCursor([`organization ${n}`, uuidOf('organization', n)]);
        return caseOf('named', administratorNumber(size, index), { variables: { after }, argument: after });
      }),
    },
  ];
}
