import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import type { Viewer } from '../../src/context.js';
import { createSealing, type Sealing } from '../../src/database/sealing.js';
import { runSql, transact } from '../../src/database/transact.js';
import { BuiltInRole, type PetitionParty } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import { mayStart } from '../../src/enrollment/flows/may-start.js';
import type { Account, Command, Facts, PetitionState } from '../../src/enrollment/machine/state.js';
import { confirmationTokenPlace } from '../../src/enrollment/mails/queue-mails.js';
import type { PetitionContext } from '../../src/enrollment/petitions/run-command.js';
import { createLog } from '../../src/log.js';
import { hashSecret } from '../../src/secret.js';
import { SourceStatus } from '../../src/entities/source-enums.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { SOURCES } from './petition-arbitraries.js';
import { makeSource } from './sources/make.js';
import { makeMembership, makeOrganization, makeUser, type SeededTenant, seedTenant } from './factories.js';

/** The source of the world that is suspended. */
export const SUSPENDED_SOURCE = SOURCES[3]!;

/** Who can call: people with an account, or nobody. */
export interface Person {
  name: string;
  id: string;
  email: string | null;
}

/** People of one tenant who start, confirm and approve petitions that lead to one organization. */
export interface World {
  test: TestDatabase;
  tenant: SeededTenant;
  organizationId: string;
  /** Of those who approve where a flow names a role. */
  roleId: string;
  termsKey: string;
  boss: Person;
  head: Person;
  judges: Person[];
  member: Person;
  elsewhere: Person;
  everybody: Person[];
  sealing: Sealing;
  clock: () => Date;
  pass: (milliseconds: number) => void;
  contextOf: (person: Person | null, token?: string | null) => PetitionContext;
  /** Somebody new, in no organization. */
  makeNewcomer: (isVerified: boolean) => Promise<Person>;
  rows: <Row = Record<string, any>>(text: string, ...values: unknown[]) => Promise<Row[]>;
  write: (text: string, ...values: unknown[]) => Promise<void>;
}

export async function makeWorld(): Promise<World> {
  const test = await createTestDatabase();
  const tenant = await seedTenant(test.database);
  const sealing = createSealing([randomBytes(32)]);
  const log = createLog('fatal', { write: () => undefined });
  let offset = 0;
  const clock = () => new Date(Date.now() + offset);
  const rows = <Row>(text: string, ...values: unknown[]) =>
    test.database.read<Row>(tenant.id, text, [tenant.id, ...values]);
  const write = async (text: string, ...values: unknown[]) => {
    await transact(test.database, tenant.id, (manager) => runSql(manager, text, [tenant.id, ...values]));
  };
  const [organization, other] = [await makeOrganization(tenant), await makeOrganization(tenant)];
  const roleId = v7();
  await write(
    `insert into roles (id, tenant_id, name, description, is_built_in, kind) values ($2, $1, 'judge', '', false, 'USER')`,
    roleId,
  );
  tenant.roles.set('judge', roleId);
  const termsId = v7();
  await write(
    `insert into terms (id, tenant_id, title, url, is_active, created_at, updated_at)
     values ($2, $1, 'Terms of use', 'https://example.org/terms', true, now(), now())`,
    termsId,
  );
  let serial = 0;
  const admins = new Set<string>();
  const person = async (name: string, roles: string[], where = organization, overrides = {}): Promise<Person> => {
    const user = await makeUser(tenant, overrides);
    if (roles.length) await makeMembership(tenant, { user, organization: where, roles });
    return { name, id: user.id, email: user.emailNormalized ?? null };
  };
  const boss = await person('boss', [], organization, { isTenantAdministrator: true });
  admins.add(boss.id);
  const head = await person('head', [BuiltInRole.ADMINISTRATOR]);
  const judges = [await person('first judge', [BuiltInRole.MEMBER, 'judge']), await person('second judge', ['judge'])];
  const member = await person('member', [BuiltInRole.MEMBER]);
  const elsewhere = await person('elsewhere', [BuiltInRole.MEMBER], other);
  // Nobody asks them: what they say is a command of the system.
  for (const id of SOURCES) {
    const status = id === SUSPENDED_SOURCE ? SourceStatus.SUSPENDED : SourceStatus.ACTIVE;
    await makeSource(tenant, { id, status });
  }
  const rolesOf: Record<string, string[]> = {
    [head.id]: ['administrator'],
    [judges[0]!.id]: ['member', 'judge'],
    [judges[1]!.id]: ['judge'],
    [member.id]: ['member'],
  };
  const contextOf = (who: Person | null, token: string | null = null): PetitionContext => {
    const viewer: Viewer | null = who && {
      userId: who.id,
      applicationId: null,
      sessionId: who.id,
      connectionId: who.id,
      isTenantAdministrator: admins.has(who.id),
      rolesByOrganization: new Map(rolesOf[who.id] ? [[organization.id, rolesOf[who.id]!]] : []),
      barredOrganizations: new Map(),
      // Not lately: whether another login may be linked is tested elsewhere.
      authenticatedAt: new Date(clock().getTime() - 3_600_000),
      expiresAt: new Date(clock().getTime() + 3_600_000),
    };
    return {
      database: test.database,
      tenant: { id: tenant.id, slug: tenant.slug, publicUrl: 'http://localhost' },
      viewer,
      origin: { ipAddress: '192.0.2.1', userAgent: null },
      sealing,
      clock,
      log,
      petitionTokenHash: token && hashSecret(token),
      sendsMail: true,
    };
  };
  return {
    test,
    tenant,
    organizationId: organization.id,
    roleId,
    termsKey: `${termsId}:1`,
    boss,
    head,
    judges,
    member,
    elsewhere,
    everybody: [boss, head, ...judges, member, elsewhere],
    sealing,
    clock,
    pass: (milliseconds) => (offset += milliseconds),
    contextOf,
    makeNewcomer: (isVerified) =>
      person(`newcomer ${++serial}`, [], organization, {
        email: `newcomer-${serial}@example.org`,
        isEmailVerified: isVerified,
      }),
    rows,
    write,
  };
}

/** The token that was mailed last for a petition; null when its link is gone. */
export async function mailedToken(world: World, petitionId: string): Promise<string | null> {
  const open = await world.rows(
    'select 1 from petition_confirmations where tenant_id = $1 and petition_id = $2',
    petitionId,
  );
  if (!open.length) return null;
  const [mail] = await world.rows<{ sealed: string }>(
    `select sealed_token as sealed from petition_mails where tenant_id = $1 and petition_id = $2
     and sealed_token is not null order by created_at desc, id desc limit 1`,
    petitionId,
  );
  return mail ? world.sealing.open(mail.sealed, confirmationTokenPlace(petitionId)) : null;
}

/** Who may start this flow, of those who are there; null is nobody in particular. */
export function startersOf(world: World, settings: FlowSettings, newcomer: Person): (Person | null)[] {
  const { boss, head, judges, member, elsewhere } = world;
  const inside = [head, ...judges, member];
  const who = [null, newcomer, elsewhere, member, ...judges, head, boss];
  return who.filter((person) =>
    mayStart(
      { settings, organizationId: null },
      {
        isAuthenticated: person !== null,
        isTenantAdministrator: person === boss,
        memberOf: new Set(person && inside.includes(person) ? [world.organizationId] : []),
        administers: new Set(person === head ? [world.organizationId] : []),
        roleIds: new Set(person && judges.includes(person) ? [world.roleId] : []),
      },
    ),
  );
}

/** What somebody is to a petition, said from what the test knows of them. */
export function partiesIn(
  world: World,
  flow: FlowSettings,
  { petitionerUserId, enrolleeUserId }: PetitionState,
  person: Person | null,
  holds: { isPetitioner: boolean; isEnrollee: boolean },
): PetitionParty[] {
  const { boss, head, judges } = world;
  const decides = flow.approverRoleId ? judges : [head, boss];
  const is: [string, boolean][] = [
    ['PETITIONER', holds.isPetitioner || (person !== null && person.id === petitionerUserId)],
    ['ENROLLEE', holds.isEnrollee || (person !== null && person.id === enrolleeUserId)],
    ['ADMINISTRATOR', person === boss || person === head],
    ['APPROVER', person !== null && flow.requiresApproval && decides.includes(person)],
  ];
  return is.filter(([, isOne]) => isOne).map(([party]) => party as PetitionParty);
}

export async function accountOf(world: World, userId: string | null): Promise<Account | null> {
  if (!userId) return null;
  const [found] = await world.rows<Account>(
    `select id as "userId", email_normalized as email, is_email_verified as "isEmailVerified"
     from users where tenant_id = $1 and id = $2`,
    userId,
  );
  return found ?? null;
}

/** What the world is like for a command, read in the plainest way. */
export async function factsIn(
  world: World,
  flow: FlowSettings,
  state: PetitionState,
  command: Command,
  isFlowActive: boolean,
): Promise<Facts> {
  const { boss, judges, head, organizationId } = world;
  const confirmed = state.step === 'COLLECT_IDENTIFIER' ? (state.progress.confirmedByUserId ?? null) : null;
  const login = command.kind === 'CONFIRM' && flow.requiresAuthentication ? command.userId : confirmed;
  const address = command.kind === 'SUBMIT_ATTRIBUTES' && command.email ? command.email.normalized : state.email;
  const users = await world.rows<{ id: string; email: string | null; isVerified: boolean; memberOf: string[] }>(
    `select u.id, u.email_normalized as email, u.is_email_verified as "isVerified",
       coalesce((select json_agg(m.organization_id) from memberships m where m.tenant_id = $1 and m.user_id = u.id), '[]')
         as "memberOf"
     from users u where u.tenant_id = $1 and (u.id = $2 or u.email_normalized = $3)`,
    login,
    address,
  );
  const found = users.find(({ id, email, isVerified }) => (login ? id === login : email === address && isVerified));
  const joining = 'account' in command ? command.account : null;
  const person = await accountOf(world, state.enrolleeUserId ?? joining?.userId ?? found?.id ?? null);
  return {
    isFlowActive,
    suspendedSources: flow.sources.map(({ sourceId }) => sourceId).filter((id) => id === SUSPENDED_SOURCE),
    hasVerifiedRecordEmail: person?.isEmailVerified === true,
    terms: flow.terms === 'IGNORE' ? [] : [world.termsKey],
    factors: [],
    approvers: (flow.approverRoleId ? judges : [head]).map(({ id }) => ({ userId: id, delegateIds: [] })),
    known: found
      ? {
          userId: found.id,
          via: login ? 'LOGIN' : 'ADDRESS',
          isEnrolled: found.memberOf.length > 0 || found.id === boss.id,
          isMember: found.memberOf.includes(organizationId),
        }
      : null,
  };
}
