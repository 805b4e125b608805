import type { EntityManager } from '@mikro-orm/postgresql';
import type { Writer } from '../actor.js';
import type { OperationContext, Origin } from '../context.js';
import { toGlobalId } from '../database/loaders/ids.js';
import { RetryTransaction, transact } from '../database/transact.js';
import {
  ActorKind,
  BuiltInRole,
  CompletionPolicy,
  type LinkCase,
  MembershipSource,
  NameSource,
  NameStatus,
  UserStatus,
} from '../entities/enums.js';
import { uniqueSlug } from '../entities/slug.js';
import type { Fact, FactOf } from '../events/catalogue.js';
import { joinJustInTime } from '../memberships/jit/join.js';
import { settleAdministrators } from '../memberships/settle-administrators.js';
import { recordEvents } from '../events/record.js';
import { noticeAdministrators, noticeUser } from '../events/notices.js';
import type { SignInClaims } from './claims.js';
import type { ConnectionSettings } from '../entities/connection-settings.js';
import { type Decision, decide, type OrganizationDecision, type ProfileChanges } from './decide.js';
import { findForLink, type FoundForLink } from './find.js';
import { askRules } from './join.js';
import type { NameLookup } from './name-lookup.js';
import type { RefusalCode } from './refusal.js';
import * as write from './write.js';

/** What came of a sign-in. `case` is the row that says most; `cases` names every row that applied. */
export type LinkOutcome = { case: LinkCase | null; cases: LinkCase[] } & (
  | { admitted: false; code: RefusalCode }
  | { admitted: true; userId: string; identityId: string; organizationId: string | null; endsOtherSessions: boolean }
);

/** Done in the same transaction once the person is admitted: opening the session. */
type AfterLink = (manager: EntityManager, outcome: LinkOutcome & { admitted: true }) => Promise<void>;

type LinkContext = Pick<OperationContext, 'database' | 'tenant' | 'clock' | 'log' | 'origin'>;

/**
 * Finds or creates the user and the organization of a sign-in, links them, and writes the events: one transaction.
 * A repeat sign-in costs two statements here beside what `afterLink` runs. Who is refused leaves an event at most.
 *
 * An organization that is to be made without a name from the provider is looked up first, outside the transaction.
 */
export async function link(
  context: LinkContext,
  connection: ConnectionSettings,
  claims: SignInClaims,
  nameLookup: NameLookup,
  afterLink: AfterLink,
): Promise<LinkOutcome> {
  let name: Awaited<ReturnType<NameLookup>> | undefined;
  for (;;) {
    const result = await transact(context.database, context.tenant.id, (manager) =>
      new Link(manager, context, connection, claims, name).run(afterLink),
    );
    if (!('nameOf' in result)) return result;
    name = await nameLookup(result.nameOf);
  }
}

/** The row of a decision that says most: what the organization came under, else why the user was refused. */
export function principalCase(cases: LinkCase[]): LinkCase | null {
  return cases.find((row) => row.startsWith('O')) ?? cases[0] ?? null;
}

class Link {
  private readonly facts: Fact[] = [];
  /** What the event of the new organization says, while it is not written yet. */
  private created: FactOf<'organization.created'>['after'] | undefined;
  private readonly at: Date;
  private readonly tenantId: string;
  private readonly origin: Origin | null | undefined;

  constructor(
    private readonly manager: EntityManager,
    context: LinkContext,
    private readonly connection: ConnectionSettings,
    private readonly claims: SignInClaims,
    private readonly lookedUp: Awaited<ReturnType<NameLookup>> | undefined,
  ) {
    this.at = context.clock();
    this.tenantId = context.tenant.id;
    this.origin = context.origin;
  }

  async run(afterLink: AfterLink): Promise<LinkOutcome | { nameOf: string }> {
    let found = await findForLink(this.manager, this.tenantId, this.connection, this.claims);
    let decision = decide(this.claims, this.connection, found);
    if (decision.outcome === 'ADMITTED' && this.needsName(decision.organization)) {
      return { nameOf: decision.organization.create!.value };
    }
    if (changesStoredRows(decision)) {
      await write.lockForLink(this.manager, this.tenantId, ...lockedRows(decision));
      const before = lockedRows(decision);
      found = await findForLink(this.manager, this.tenantId, this.connection, this.claims);
      decision = decide(this.claims, this.connection, found);
      if (JSON.stringify(lockedRows(decision)) !== JSON.stringify(before)) throw new RetryTransaction();
    }
    if (decision.outcome === 'ADMITTED' && decision.organization.create) {
      const created = await this.createOrganization(decision.organization.create);
      if (!created) {
        const { action } = decision.user;
        found = await findForLink(this.manager, this.tenantId, this.connection, this.claims);
        decision = decide(this.claims, this.connection, { ...found, isOrganizationNew: true });
        if (decision.outcome === 'ADMITTED' && (decision.organization.create || decision.user.action !== action)) {
          throw new RetryTransaction();
        }
      } else {
        decision.organization.organizationId = created;
      }
    }
    return this.carryOut(decision, found, afterLink);
  }

  private async carryOut(decision: Decision, found: FoundForLink, afterLink: AfterLink): Promise<LinkOutcome> {
    if (decision.outcome === 'REFUSED') {
      const { cases } = decision;
      await this.recordRefusal(decision);
      return { admitted: false, code: decision.code, case: principalCase(cases), cases };
    }
    const { userId, identityId } = await this.linkUser(decision, found);
    const { organization } = decision;
    await this.moveMemberships(userId, organization);
    if (organization.name && organization.organizationId)
      await this.resolveName(organization.organizationId, organization.name);
    const cases = [...decision.cases, ...(await this.joinByRules(userId, decision))];
    if (decision.requestedIdentifier) {
      const after = { scheme: this.connection.organizationScheme, identifier: decision.requestedIdentifier };
      this.facts.push({ type: 'organization.requested', userId, after });
    }
    if (decision.invalidIdentifier) this.recordInvalidIdentifier(userId);

    const isPending = decision.user.action === 'CREATE' && decision.user.status === UserStatus.PENDING;
    const about = { userId, objectId: identityId, organizationId: organization.organizationId };
    const after = { cases, case: principalCase(cases), connection: this.connection.slug };
    if (isPending) this.facts.push({ type: 'user.sign_in_refused', ...about, after: { ...after, code: 'PENDING' } });
    else this.facts.push({ type: 'user.signed_in', ...about, after });
    await this.flushEvents(userId);
    if (isPending) return { admitted: false, code: 'PENDING', case: principalCase(cases), cases };
    const outcome = {
      admitted: true as const,
      case: principalCase(cases),
      cases,
      userId,
      identityId,
      organizationId: organization.organizationId,
      endsOtherSessions: decision.user.action === 'LINK',
    };
    await afterLink(this.manager, outcome);
    return outcome;
  }

  private needsName({ create }: OrganizationDecision): boolean {
    return create !== null && this.claims.organizationName === null && this.lookedUp === undefined;
  }

  private async createOrganization(identifier: NonNullable<OrganizationDecision['create']>): Promise<string | null> {
    const named = this.nameOrganization(identifier.value);
    const id = await write.insertOrganization(this.manager, this.tenantId, this.at, { identifier, ...named });
    if (id) {
      const { name, nameStatus, nameSource } = named;
      this.created = {
        ...{ name, nameStatus, nameSource, slug: uniqueSlug(name, id), description: null, identifiers: [identifier] },
        completionUserId: null,
        origin: 'SSO',
      };
      this.facts.push({ type: 'organization.created', organizationId: id, objectId: id, after: this.created });
    }
    return id;
  }

  private nameOrganization(identifier: string) {
    const claimed = this.claims.organizationName;
    if (claimed)
      return { name: claimed, nameStatus: NameStatus.RESOLVED, nameSource: NameSource.CLAIM, nameLookupAt: null };
    if (this.lookedUp?.name) {
      return {
        name: this.lookedUp.name,
        nameStatus: NameStatus.RESOLVED,
        nameSource: NameSource.LOOKUP,
        nameLookupAt: null,
      };
    }
    return {
      name: this.connection.defaultOrganizationName.replaceAll('{identifier}', identifier).slice(0, 128),
      nameStatus: NameStatus.PENDING,
      nameSource: NameSource.DEFAULT,
      nameLookupAt: this.lookedUp?.retryAt ?? null,
    };
  }

  private async linkUser(decision: Decision & { outcome: 'ADMITTED' }, found: FoundForLink) {
    const { manager, tenantId, at, connection, claims } = this;
    const { user } = decision;
    if (user.action === 'KEEP') {
      if (Object.keys(user.changes).length) {
        await write.updateProfile(manager, tenantId, at, user.userId, user.changes);
        this.recordProfile(user.userId, user.changes, found);
      }
      if (decision.jit) await write.takeJitDue(manager, tenantId, found.identityId!);
      return { userId: user.userId, identityId: found.identityId! };
    }
    const userId =
      user.action === 'CREATE' ? await write.insertUser(manager, tenantId, at, user.status, user.profile) : user.userId;
    if (user.action === 'CREATE') {
      const { emailNormalized: _, ...profile } = user.profile;
      this.facts.push({ type: 'user.created', userId, objectId: userId, after: { status: user.status, ...profile } });
    }
    const isJitDue = user.action === 'CREATE' && user.status === UserStatus.PENDING;
    const identityId = await write.insertIdentity(manager, tenantId, at, connection.id, userId, claims, { isJitDue });
    if (!identityId) throw new RetryTransaction();
    this.facts.push({
      type: 'identity.linked',
      userId,
      objectId: identityId,
      after: { connection: connection.slug, issuer: claims.issuer, subject: claims.subject },
    });
    if (user.action === 'LINK') {
      await noticeUser(manager, tenantId, at, userId, 'IDENTITY_LINKED', {
        connection: connection.name,
        email: claims.email?.value,
      });
    }
    return { userId, identityId };
  }

  private recordProfile(userId: string, changes: ProfileChanges, { linkedUser }: FoundForLink): void {
    // The normalized address says nothing that the address does not.
    const { emailNormalized: _, ...after } = changes;
    const before = Object.fromEntries(
      Object.keys(after).map((property) => [property, linkedUser?.[property as keyof typeof after]]),
    );
    this.facts.push({ type: 'user.updated', userId, objectId: userId, before, after });
    if (changes.hasEmailConflict) {
      this.facts.push({ type: 'user.email_conflict', userId, objectId: userId });
    }
  }

  private async moveMemberships(userId: string, organization: OrganizationDecision): Promise<void> {
    const { manager, tenantId, at, connection } = this;
    const { leaves, joins, organizationId, grantsAdministrator } = organization;
    if (leaves.length)
      await write.deleteMemberships(
        manager,
        tenantId,
        leaves.map(({ id }) => id),
      );
    const roles = [BuiltInRole.MEMBER, ...(grantsAdministrator ? [BuiltInRole.ADMINISTRATOR] : [])];
    let membershipId: string | null = null;
    if (joins) {
      membershipId = await write.insertMembership(manager, tenantId, at, {
        organizationId: organizationId!,
        userId,
        connectionId: connection.id,
        roles,
      });
    }
    const to = organizationId && toGlobalId('Organization', organizationId);
    for (const { id, organizationId: from } of leaves) {
      this.facts.push({
        type: 'membership.moved',
        userId,
        objectId: id,
        organizationId: from,
        before: { organizationId: toGlobalId('Organization', from) },
        after: { organizationId: to!, connection: connection.slug },
      });
    }
    if (membershipId) {
      const after = { organizationId: to!, source: MembershipSource.SSO, connection: connection.slug, roles };
      this.facts.push({ type: 'membership.added', userId, objectId: membershipId, organizationId, after });
    }
    if (organization.create && organizationId && connection.completion === CompletionPolicy.FIRST_MEMBER_ONCE) {
      await write.setCompletionUser(manager, tenantId, organizationId, userId);
      if (this.created) this.created.completionUserId = toGlobalId('User', userId);
    }
    if (membershipId && grantsAdministrator)
      this.facts.push(...(await settleAdministrators(manager, this.writerOf(userId), [organizationId!])));
    await this.flagOrphans(
      leaves.filter(({ isSoleAdministrator }) => isSoleAdministrator).map((left) => left.organizationId),
    );
  }

  /** Just-in-time rules come after the organization that the provider names, and leave that membership as it is. */
  private async joinByRules(userId: string, { jit }: Decision & { outcome: 'ADMITTED' }): Promise<LinkCase[]> {
    const { manager, tenantId, connection } = this;
    const rules = await askRules(manager, tenantId, connection.id, jit);
    this.facts.push(...(await joinJustInTime(manager, this.writerOf(userId), userId, rules, connection)));
    return rules.cases;
  }

  private async flagOrphans(organizationIds: string[]): Promise<void> {
    if (!organizationIds.length) return;
    await write.markNeedsAdministrator(this.manager, this.tenantId, this.at, organizationIds);
    for (const id of organizationIds) {
      this.facts.push({
        type: 'organization.needs_administrator',
        organizationId: id,
        objectId: id,
        before: { needsAdministrator: false },
        after: { needsAdministrator: true },
      });
      await noticeAdministrators(this.manager, this.tenantId, this.at, null, 'ORGANIZATION_NEEDS_ADMINISTRATOR', {
        organizationId: id,
      });
    }
  }

  private async resolveName(organizationId: string, name: string): Promise<void> {
    const source = NameSource.CLAIM;
    const before = await write.resolveName(this.manager, this.tenantId, this.at, organizationId, { name, source });
    if (before) {
      const after = { name, nameStatus: NameStatus.RESOLVED, nameSource: source };
      this.facts.push({ type: 'organization.updated', organizationId, objectId: organizationId, before, after });
    }
  }

  /** A refused person who is unknown here leaves no trace in the database; one who is known leaves one event. */
  private async recordRefusal({
    code,
    cases,
    userId,
    invalidIdentifier,
  }: Decision & { outcome: 'REFUSED' }): Promise<void> {
    if (userId)
      this.facts.push({
        type: 'user.sign_in_refused',
        userId,
        after: { code, cases, case: principalCase(cases), connection: this.connection.slug },
      });
    if (invalidIdentifier) this.recordInvalidIdentifier(userId);
    await this.flushEvents(userId);
  }

  private recordInvalidIdentifier(userId: string | null): void {
    this.facts.push({
      type: 'user.invalid_organization_identifier',
      userId,
      after: {
        code: 'INVALID_ORG_ID',
        scheme: this.connection.organizationScheme,
        claimed: describeClaim(this.claims.organizationIdentifier),
        connection: this.connection.slug,
      },
    });
  }

  private flushEvents(userId: string | null): Promise<void> {
    return recordEvents(this.manager, this.writerOf(userId), this.facts);
  }

  private writerOf(userId: string | null): Writer {
    const actor = { kind: ActorKind.SIGN_IN, userId, via: 'signIn', origin: this.origin };
    return { tenantId: this.tenantId, at: this.at, actor };
  }
}

/** Text and numbers as JSON, cut; what is nested is named and not repeated: it may be of any size and depth. */
function describeClaim(claim: unknown): string {
  if (typeof claim === 'object') return Array.isArray(claim) ? 'a list' : 'an object';
  return JSON.stringify(claim).slice(0, 256).toWellFormed().replaceAll('\\u0000', '');
}

/** Whether rows that others may be changing are to be changed, so that they must be locked and read again. */
function changesStoredRows(decision: Decision): boolean {
  if (decision.outcome === 'REFUSED' || decision.user.action === 'CREATE') return false;
  const { user, organization } = decision;
  return (
    user.action === 'LINK' ||
    decision.jit !== null ||
    Object.keys(user.changes).length > 0 ||
    organization.joins ||
    organization.leaves.length > 0
  );
}

function lockedRows(decision: Decision): [userId: string | null, organizationIds: string[]] {
  if (decision.outcome === 'REFUSED' || decision.user.action === 'CREATE') return [null, []];
  return [decision.user.userId, decision.organization.leaves.map(({ organizationId }) => organizationId).sort()];
}
