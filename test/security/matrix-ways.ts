import type { World } from './matrix-world.js';

/** A way to reach an object of a type: a query around `FIELDS`, and the path of the object in the answer. */
export interface Way {
  name: string;
  query: string;
  pathIn: (data: any) => (string | number)[];
}

export function valueAt(data: any, path: (string | number)[]): any {
  return path.reduce((value, key) => value?.[key], data);
}

type NodeType = keyof World['ids'];

/** Every way to an object that has an id: directly, by `node`, as an entity, nested in another, on a page. */
export function waysTo(type: NodeType, ids: World['ids']): Way[] {
  const id = ids[type];
  const organization = `organization(id: "${ids.Organization}")`;
  const common: Way[] = [
    { name: 'node', query: `{ node(id: "${id}") { ... on ${type} { FIELDS } } }`, pathIn: () => ['node'] },
    { name: 'nodes', query: `{ nodes(ids: ["${id}"]) { ... on ${type} { FIELDS } } }`, pathIn: () => ['nodes', 0] },
  ];
  const entity: Way = {
    name: 'entity',
    query: `{ _entities(representations: [{ __typename: "${type}", id: "${id}" }]) { ... on ${type} { FIELDS } } }`,
    pathIn: () => ['_entities', 0],
  };
  const onPage = (name: string, query: string, page: string[]): Way[] => [
    {
      name: `${name}, by nodes`,
      query: query.replace('PAGE', 'nodes { key: id FIELDS }'),
      pathIn: (data) => [...page, 'nodes', indexOf(valueAt(data, [...page, 'nodes']), (node) => node?.key === id)],
    },
    {
      name: `${name}, by edges`,
      query: query.replace('PAGE', 'edges { node { key: id FIELDS } }'),
      pathIn: (data) => [
        ...page,
        'edges',
        indexOf(valueAt(data, [...page, 'edges']), (edge) => edge?.node?.key === id),
        'node',
      ],
    },
  ];
  switch (type) {
    case 'Organization':
      return [
        ...common,
        entity,
        { name: 'directly', query: `{ ${organization} { FIELDS } }`, pathIn: () => ['organization'] },
        {
          name: 'by identifier',
          query: '{ organization(identifier: { scheme: SIRET, value: "130 025 265 00013" }) { FIELDS } }',
          pathIn: () => ['organization'],
        },
        { name: 'by slug', query: '{ organization(slug: "matrix") { FIELDS } }', pathIn: () => ['organization'] },
        ...onPage('on the list', '{ organizations(first: 100) { PAGE } }', ['organizations']),
        ...onPage('on the list by name', '{ organizations(first: 100, orderBy: NAME) { PAGE } }', ['organizations']),
        {
          name: 'nested in a membership',
          query: `{ node(id: "${ids.Membership}") { ... on Membership { organization { FIELDS } } } }`,
          pathIn: () => ['node', 'organization'],
        },
      ];
    case 'User':
      return [
        ...common,
        entity,
        { name: 'directly', query: `{ user(id: "${id}") { FIELDS } }`, pathIn: () => ['user'] },
        {
          name: 'nested in a membership',
          query: `{ node(id: "${ids.Membership}") { ... on Membership { user { FIELDS } } } }`,
          pathIn: () => ['node', 'user'],
        },
        {
          name: 'as a member',
          query: `{ ${organization} { members(first: 100) { nodes { user { key: id FIELDS } } } } }`,
          pathIn: (data) => {
            const nodes: any[] = data?.organization?.members?.nodes ?? [];
            return ['organization', 'members', 'nodes', nodes.findIndex((node) => node?.user?.key === id), 'user'];
          },
        },
      ];
    case 'Membership':
      return [
        ...common,
        entity,
        ...onPage('as a member', `{ ${organization} { members(first: 100) { PAGE } } }`, ['organization', 'members']),
      ];
    case 'Connection':
      return [
        ...common,
        entity,
        { name: 'directly', query: `{ connection(id: "${id}") { FIELDS } }`, pathIn: () => ['connection'] },
        { name: 'by slug', query: '{ connection(slug: "proconnect") { FIELDS } }', pathIn: () => ['connection'] },
        ...onPage('on the list', '{ connections { PAGE } }', ['connections']),
      ];
    case 'Event':
      return [
        ...common,
        { name: 'directly', query: `{ auditEvent(id: "${id}") { FIELDS } }`, pathIn: () => ['auditEvent'] },
      ];
    // The lists are for administrators, or for the invited person: not all who see it see them.
    case 'EnrollmentFlow':
      return [
        ...common,
        { name: 'directly', query: `{ enrollmentFlow(id: "${id}") { FIELDS } }`, pathIn: () => ['enrollmentFlow'] },
        ...onPage('on the list', '{ enrollmentFlows(first: 100) { PAGE } }', ['enrollmentFlows']),
      ];
    case 'Terms':
      return [
        ...common,
        { name: 'directly', query: `{ terms(id: "${id}") { FIELDS } }`, pathIn: () => ['terms'] },
        ...onPage('on the list', '{ termsList(first: 100) { PAGE } }', ['termsList']),
      ];
    case 'Petition':
      return [
        ...common,
        { name: 'directly', query: `{ petition(id: "${id}") { FIELDS } }`, pathIn: () => ['petition'] },
      ];
    case 'Invitation':
      return [
        ...common,
        {
          name: 'directly',
          query: `{ organizationInvitation(id: "${id}") { FIELDS } }`,
          pathIn: () => ['organizationInvitation'],
        },
      ];
    case 'ScimGroup':
      return [
        ...common,
        { name: 'directly', query: `{ scimGroup(id: "${id}") { FIELDS } }`, pathIn: () => ['scimGroup'] },
      ];
    case 'WebhookEndpoint':
      return [
        ...common,
        { name: 'directly', query: `{ webhookEndpoint(id: "${id}") { FIELDS } }`, pathIn: () => ['webhookEndpoint'] },
        {
          name: 'of a delivery',
          query: `{ webhookDelivery(id: "${ids.WebhookDelivery}") { endpoint { FIELDS } } }`,
          pathIn: () => ['webhookDelivery', 'endpoint'],
        },
        ...onPage('on the list', '{ webhookEndpoints(first: 100) { PAGE } }', ['webhookEndpoints']),
      ];
    case 'WebhookDelivery':
      return [
        ...common,
        { name: 'directly', query: `{ webhookDelivery(id: "${id}") { FIELDS } }`, pathIn: () => ['webhookDelivery'] },
        ...onPage(
          'of its endpoint',
          `{ webhookEndpoint(id: "${ids.WebhookEndpoint}") { deliveries(first: 100) { PAGE } } }`,
          ['webhookEndpoint', 'deliveries'],
        ),
      ];
    case 'Source':
      return [...common, { name: 'directly', query: `{ source(id: "${id}") { FIELDS } }`, pathIn: () => ['source'] }];
    case 'SourceRecord':
      return [
        ...common,
        { name: 'directly', query: `{ sourceRecord(id: "${id}") { FIELDS } }`, pathIn: () => ['sourceRecord'] },
        ...onPage('of its source', `{ source(id: "${ids.Source}") { records(first: 100) { PAGE } } }`, [
          ...['source', 'records'],
        ]),
      ];
    case 'Pipeline':
      return [
        ...common,
        { name: 'directly', query: `{ pipeline(id: "${id}") { FIELDS } }`, pathIn: () => ['pipeline'] },
      ];
    case 'SourceSyncRun':
      return [
        ...common,
        { name: 'directly', query: `{ sourceSyncRun(id: "${id}") { FIELDS } }`, pathIn: () => ['sourceSyncRun'] },
        ...onPage('of its source', `{ source(id: "${ids.Source}") { syncRuns(first: 100) { PAGE } } }`, [
          ...['source', 'syncRuns'],
        ]),
      ];
    default:
      return common;
  }
}

function indexOf(list: unknown, suits: (item: any) => boolean): number {
  return Array.isArray(list) ? list.findIndex(suits) : -1;
}
