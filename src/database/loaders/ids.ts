/** The prefix of each type's global ids: `org_0198…`. What an id is of can be read from it. */
export const ID_PREFIXES = {
  Organization: 'org',
  User: 'usr',
  Membership: 'mem',
  Identity: 'idn',
  Connection: 'con',
  Session: 'ses',
  Role: 'rol',
  Notice: 'ntc',
  Event: 'evt',
  WebhookEndpoint: 'whe',
  WebhookDelivery: 'whd',
  Application: 'app',
  Permission: 'prm',
  ApplicationSecret: 'aps',
  OrganizationApplication: 'oap',
  Invitation: 'inv',
  Factor: 'fac',
  ScimToken: 'sct',
  ScimGroup: 'scg',
  EnrollmentFlow: 'flo',
  Petition: 'pet',
  Terms: 'trm',
  ApproverDelegation: 'dlg',
  Source: 'src',
  SourceRecord: 'rec',
  SourceSyncRun: 'run',
  Pipeline: 'pip',
} as const;

export type NodeType = keyof typeof ID_PREFIXES;

const TYPES = new Map(Object.entries(ID_PREFIXES).map(([type, prefix]) => [prefix as string, type as NodeType]));
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function toGlobalId(type: NodeType, uuid: string): string {
  return `${ID_PREFIXES[type]}_${uuid}`;
}

/** Reads a global id; null when it is none. */
export function readGlobalId(id: unknown): { type: NodeType; uuid: string } | null {
  if (typeof id !== 'string') return null;
  const type = TYPES.get(id.slice(0, 3));
  const uuid = id.slice(4);
  return type && id[3] === '_' && UUID.test(uuid) ? { type, uuid } : null;
}

/** The uuid of a global id of this type; null when it is of another or none. */
export function uuidOf(type: NodeType, id: unknown): string | null {
  const read = readGlobalId(id);
  return read?.type === type ? read.uuid : null;
}
