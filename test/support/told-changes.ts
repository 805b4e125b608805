import type { Gateway } from './gateway.js';

/**
 * What an event of a type tells of a row: the row's column (or a column of the row that it refers to, after a dot) holds
 * the `objectId` of the event.
 */
type Telling = Record<string, string>;

const ids = (column: string, ...types: string[]): Telling => Object.fromEntries(types.map((type) => [type, column]));

const PETITION_TYPES = [
  ...['petition.created', 'petition.status_changed', 'petition.confirmed', 'petition.approved', 'petition.denied'],
  ...['petition.flagged_duplicate', 'petition.advanced', 'petition.finalized', 'petition.deleted'],
];
/** A row of a petition. */
const ofPetition: Telling = {
  ...ids('petition_id', ...PETITION_TYPES),
  'organization.deleted': 'petition_id.organization_id',
};

/** Tables that hold state, and the events by which a change of a row may be told. */
export const STATE_TABLES: Record<string, Telling> = {
  tenants: ids('id', 'tenant.created', 'tenant.updated'),
  roles: {
    ...ids('id', 'role.created', 'role.updated', 'role.deleted'),
    'organization.deleted': 'organization_id',
  },
  permissions: ids('id', 'permission.created', 'permission.updated', 'permission.deleted'),
  role_permissions: {
    ...ids('role_id', 'role.created', 'role.updated', 'role.deleted'),
    'permission.deleted': 'permission_id',
    'organization.deleted': 'role_id.organization_id',
  },
  organization_logos: ids('organization_id', 'organization.updated', 'organization.deleted'),
  organization_jit_domains: ids(
    'organization_id',
    ...['organization.jit_changed', 'organization.jit_domain_proven', 'organization.jit_domain_unproven'],
    'organization.deleted',
  ),
  organization_jit_connections: ids('organization_id', 'organization.jit_changed', 'organization.deleted'),
  organization_jit_roles: {
    ...ids('organization_id', 'organization.jit_changed', 'organization.deleted'),
    'role.deleted': 'role_id',
  },
  invitations: {
    ...ids('id', 'invitation.created', 'invitation.resent', 'invitation.revoked', 'invitation.accepted'),
    ...ids('id', 'invitation.declined', 'invitation.expired', 'invitation.mail_failed', 'invitation.deleted'),
    'organization.deleted': 'organization_id',
  },
  invitation_roles: {
    ...ids('invitation_id', 'invitation.created', 'invitation.deleted'),
    'organization.deleted': 'invitation_id.organization_id',
    'role.deleted': 'role_id',
  },
  applications: ids('id', 'application.created', 'application.updated', 'application.deleted'),
  application_secrets: ids(
    'application_id',
    ...['application.secret_created', 'application.secret_deleted', 'application.deleted'],
  ),
  organization_applications: {
    ...ids('id', 'organization.application_added', 'organization.application_removed'),
    'organization.deleted': 'organization_id',
  },
  organization_application_roles: {
    ...ids(
      'organization_application_id',
      ...['organization.application_added', 'organization.application_removed'],
      'organization.application_roles_changed',
    ),
    'role.deleted': 'role_id',
    'organization.deleted': 'organization_application_id.organization_id',
  },
  user_factors: {
    ...ids('id', 'factor.added', 'factor.renamed', 'factor.removed'),
    'user.factors_reset': 'user_id',
    'user.deleted': 'user_id',
  },
  oidc_keys: {},
  scim_tokens: ids('id', 'scim_token.created', 'scim_token.deleted'),
  scim_users: {
    ...ids('user_id', 'scim_user.created', 'scim_user.updated', 'scim_user.deleted'),
    'user.deleted': 'user_id',
  },
  scim_departures: {
    ...ids('user_id', 'scim_user.created', 'scim_user.deleted'),
    'user.deleted': 'user_id',
  },
  scim_groups: ids(
    'id',
    ...['scim_group.created', 'scim_group.updated', 'scim_group.deleted', 'scim_group.members_changed'],
  ),
  scim_group_members: {
    ...ids('group_id', 'scim_group.members_changed', 'scim_group.deleted'),
    'scim_user.deleted': 'scim_user_id.user_id',
    'user.deleted': 'scim_user_id.user_id',
  },
  scim_group_mappings: {
    ...ids('group_id', 'scim_group.mapped', 'scim_group.unmapped', 'scim_group.deleted'),
    'organization.deleted': 'organization_id',
    'role.deleted': 'role_id',
  },
  organizations: ids(
    'id',
    ...['organization.created', 'organization.updated', 'organization.deleted', 'organization.needs_administrator'],
  ),
  organization_identifiers: ids(
    'organization_id',
    ...['organization.created', 'organization.updated', 'organization.deleted'],
  ),
  users: ids(
    'id',
    ...['user.created', 'user.updated', 'user.deleted', 'user.approved', 'user.suspended', 'user.resumed'],
    ...['user.approval_withdrawn', 'user.tenant_administrator_granted', 'user.tenant_administrator_revoked'],
  ),
  user_identifiers: ids('user_id', 'user.created', 'user.updated', 'user.deleted'),
  connections: ids('id', 'connection.created', 'connection.updated'),
  identities: {
    ...ids('id', 'identity.linked', 'identity.unlinked', 'user.signed_in'),
    'user.deleted': 'user_id',
  },
  memberships: {
    ...ids('id', 'membership.added', 'membership.moved', 'membership.updated', 'membership.removed'),
    'organization.deleted': 'organization_id',
    // The name by which members are sorted goes with the user's.
    'user.updated': 'user_id',
    'user.deleted': 'user_id',
  },
  membership_roles: {
    ...ids('membership_id', 'membership.added', 'membership.moved', 'membership.roles_changed', 'membership.removed'),
    'role.deleted': 'role_id',
    'organization.deleted': 'membership_id.organization_id',
    'user.deleted': 'membership_id.user_id',
  },
  sessions: {
    'user.signed_in': 'identity_id',
    'session.ended': 'id',
    'session.organization_entered': 'id',
    ...ids('mfa_factor_id', 'factor.proved', 'factor.removed'),
    'user.factors_reset': 'user_id',
    'tenant.updated': 'tenant_id',
    'organization.deleted': 'active_organization_id',
    'user.deleted': 'user_id',
  },
  enrollment_flows: {
    ...ids('id', 'enrollment_flow.created', 'enrollment_flow.updated', 'enrollment_flow.status_changed'),
    'enrollment_flow.deleted': 'id',
    'organization.deleted': 'organization_id',
  },
  enrollment_flow_versions: {
    ...ids('flow_id', 'enrollment_flow.created', 'enrollment_flow.updated', 'enrollment_flow.deleted'),
    'organization.deleted': 'flow_id.organization_id',
  },
  terms: {
    ...ids('id', 'terms.created', 'terms.updated', 'terms.deleted'),
    'organization.deleted': 'organization_id',
  },
  petitions: {
    ...ids('id', ...PETITION_TYPES),
    'organization.deleted': 'organization_id',
    'enrollment_flow.deleted': 'flow_id',
    'user.deleted': 'enrollee_user_id',
  },
  petition_history: ofPetition,
  petition_confirmations: ofPetition,
  petition_decisions: ofPetition,
  petition_comments: ofPetition,
  petition_source_checks: { ...ofPetition, 'source.deleted': 'source_id' },
  approver_delegations: {
    ...ids('id', 'approver_delegation.created', 'approver_delegation.deleted'),
    'organization.deleted': 'organization_id',
    'user.deleted': 'user_id',
  },
  petition_merges: ofPetition,
  terms_agreements: { ...ofPetition, 'terms.deleted': 'terms_id' },
  source_files: { ...ids('source_id', 'source.file_uploaded'), 'source.deleted': 'source_id' },
  source_sync_runs: {
    ...ids('id', 'source_sync.started', 'source_sync.completed', 'source_sync.failed', 'source_sync.canceled'),
    'source.deleted': 'source_id',
  },
  sources: { ...ids('id', 'source.created', 'source.updated', 'source.deleted'), 'pipeline.deleted': 'pipeline_id' },
  pipelines: ids('id', 'pipeline.created', 'pipeline.updated', 'pipeline.deleted'),
  source_records: {
    ...ids('id', 'source_record.linked', 'source_record.unlinked', 'source_record.relinked', 'source_record.removed'),
    ...ids('id', 'source_record.returned', 'source_record.grace_ended', 'source_record.synced'),
    // What is nobody's has no event of its own: those of its petition tell of it, and how many a sync took, its end.
    ...ofPetition,
    'source.deleted': 'source_id',
    'user.deleted': 'user_id',
  },
  webhook_endpoints: {
    ...ids('id', 'webhook_endpoint.created', 'webhook_endpoint.updated', 'webhook_endpoint.deleted'),
    ...ids('id', 'webhook_endpoint.secret_rotated', 'webhook_endpoint.disabled'),
    'organization.deleted': 'organization_id',
  },
};

/** Tables whose rows change without an event, each with its reason. */
export const OTHER_TABLES: Record<string, string> = {
  vestibule_migrations: 'is the shape of the database, not what is in it',
  events: 'are the events',
  outbox: 'is where events wait to be handed on',
  audit_chain: 'is made of the events',
  audit_heads: 'is made of the events',
  webhook_deliveries: 'is where events are sent',
  webhook_attempts: 'is how sending an event went',
  notices: 'tell somebody of an event',
  invitation_recipients: 'are remembered so that nobody is mailed too often',
  attempt_counts: 'are remembered so that nobody tries too often',
  petition_mails: 'are on their way to somebody: what they are about is told, and one that fails',
  login_transactions: 'are trips to a provider under way: each ends in an event, or expires',
  source_trips: 'are trips to a source under way: each ends in an event of its petition, or expires',
  factor_challenges: 'are open questions: each is answered, or expires',
  oidc_records: 'are codes, grants and tokens of applications under way: each expires',
  logout_tokens: 'are remembered so that each serves once',
  idempotency_keys: 'are remembered so that a request that is repeated changes nothing',
  source_sync_batches: 'are what a sync under way has gone through, and are forgotten with its end',
  source_sync_errors: 'are what a sync found wrong with single records: how many, the event of its end tells',
  source_states: 'is how sources were when they were asked, and where their syncs stand',
  identifier_counters: 'are the last numbers of identifiers: each identifier is told of with its user',
};

/** Columns that change in passing. */
const PASSING: Record<string, string[]> = {
  // What a factor was last shown with, so that it is not shown again, and what was wrong. Being blocked is told.
  user_factors: ['last_step', 'sign_count', 'last_used_at', 'failed_attempts', 'blocked_until'],
  // When a secret last served.
  application_secrets: ['last_used_at'],
  // Written once a minute at most, while a directory writes.
  scim_tokens: ['last_used_at'],
  // A session's token is replaced once an hour, and after a change of rights.
  sessions: ['token_hash', 'previous_token_hash', 'previous_until', 'rotate_at'],
  // When DNS was asked, and will be.
  organization_jit_domains: ['checked_at', 'check_at', 'failed_checks'],
};

/** Tables whose edits are told property by property, and the columns that are told by another property or by none. */
const EDITED: Record<string, Record<string, string | null>> = {
  tenants: {},
  organizations: { search_text: 'name', search_document: null, name_lookup_at: null, name_lookup_attempts: null },
  users: { email_normalized: 'email', search_name: null, search_family_name: null, search_email: 'email' },
  connections: { sealed_client_secret: 'hasClientSecret' },
  sources: {
    sealed_secrets: 'secretNames',
    sync_interval_minutes: 'syncInterval',
    time_limit_milliseconds: 'timeLimit',
  },
  roles: {},
  permissions: {},
  applications: {},
};
const TRACKED = ['updated_at', 'version'];

/** Properties that a type tells by its name alone. */
const TOLD_BY_TYPE: Record<string, string[]> = {
  'user.tenant_administrator_granted': ['isTenantAdministrator'],
  'user.tenant_administrator_revoked': ['isTenantAdministrator'],
};

type Row = Record<string, unknown>;
type Snapshot = Map<string, Map<string, Row>>;

export interface WrittenEvent {
  id: string;
  type: string;
  object_id: string | null;
  after: Row | null;
}

export interface Watched<Result> {
  result: Result;
  /** The events that were written. */
  events: WrittenEvent[];
  /** The tables whose rows changed, of those that hold state. */
  changed: string[];
  /** Changes that no event tells of. */
  untold: string[];
}

/** The tables of the database. */
export async function tablesOf({ database, tenant }: Gateway): Promise<string[]> {
  const rows = await database.read<{ name: string }>(
    tenant.id,
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name`,
    [],
  );
  return rows.map(({ name }) => name);
}

/** Compares every row of the database before and after `act`, and what changed with the events that were written. */
export async function watch<Result>(gateway: Gateway, act: () => Promise<Result>): Promise<Watched<Result>> {
  const before = await readState(gateway);
  const known = new Set((await readEvents(gateway)).map(({ id }) => id));
  const result = await act();
  const after = await readState(gateway);
  const events = (await readEvents(gateway)).filter(({ id }) => !known.has(id));
  const changed = new Set<string>();
  const untold: string[] = [];
  for (const table of Object.keys(STATE_TABLES)) {
    const [old, now] = [before.get(table)!, after.get(table)!];
    for (const id of new Set([...old.keys(), ...now.keys()])) {
      const rows = [old.get(id), now.get(id)].filter((row) => row !== undefined);
      if (rows.length === 2 && JSON.stringify(rows[0]) === JSON.stringify(rows[1])) continue;
      changed.add(table);
      const telling = events.filter(({ type, object_id: objectId }) => {
        const column = STATE_TABLES[table]![type];
        return column && objectId && rows.some((row) => valueOf(row, column, [before, after]) === objectId);
      });
      const what = old.has(id) ? (now.has(id) ? 'edited' : 'deleted') : 'made';
      if (!telling.length) untold.push(`${table} ${id} was ${what}`);
      else
        untold.push(...untoldProperties(table, rows, telling).map((name) => `${table}.${name} of ${id} was ${what}`));
    }
  }
  return { result, events, changed: [...changed], untold };
}

async function readState({ database, tenant }: Gateway): Promise<Snapshot> {
  const state: Snapshot = new Map();
  for (const table of Object.keys(STATE_TABLES)) {
    const rows = await database.read<Row & { id: string }>(tenant.id, `select * from ${table} order by id`, []);
    const shown = rows.map((row) => {
      const kept = Object.entries(row).filter(([column]) => !PASSING[table]?.includes(column));
      return [row.id, Object.fromEntries(kept)] as const;
    });
    state.set(table, new Map(shown));
  }
  return state;
}

function readEvents({ database, tenant }: Gateway): Promise<WrittenEvent[]> {
  return database.read(tenant.id, 'select id, type, object_id, "after" from events where tenant_id = $1 order by id', [
    tenant.id,
  ]);
}

/** `membership_id.user_id`: the column of the row that the first column refers to. */
function valueOf(row: Row, path: string, states: Snapshot[]): unknown {
  const [column, next] = path.split('.') as [string, string | undefined];
  if (!next) return row[column];
  const table = column === 'flow_id' ? 'enrollment_flows' : `${column.replace(/_id$/, '')}s`;
  return states.map((state) => state.get(table)!.get(String(row[column]))).find(Boolean)?.[next];
}

/** Columns of an edited row whose new value is under no property of the events' `after`. */
function untoldProperties(table: string, [old, now]: Row[], telling: WrittenEvent[]): string[] {
  const special = EDITED[table];
  if (!special || !old || !now) return [];
  const told = new Set(
    telling.flatMap(({ type, after }) => [...(TOLD_BY_TYPE[type] ?? []), ...Object.keys(after ?? {})]),
  );
  return Object.keys(now).filter((column) => {
    if (TRACKED.includes(column) || JSON.stringify(old[column]) === JSON.stringify(now[column])) return false;
    const property =
      column in special ? special[column] : column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    return property !== null && !told.has(property!);
  });
}
