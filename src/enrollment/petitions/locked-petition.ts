import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../../database/database.js';
import { runSql } from '../../database/transact.js';
import {
  FlowStatus,
  type MailLocale,
  type PetitionParty,
  type PetitionStatus,
  type PetitionStep,
} from '../../entities/enums.js';
import type { ApproverKind, VettingStatus } from '../../entities/enums.js';
import type { FlowSettings } from '../../entities/flow-settings.js';
import type { Approvers, PetitionState, Progress } from '../machine/state.js';

/** A petition whose row is locked until the transaction ends. Ids are uuids. */
export interface LockedPetition {
  id: string;
  /** The settings of the version that it began with. */
  flow: FlowSettings;
  flowId: string | null;
  /** Whose flow it is; null: the tenant's, or it is deleted. */
  flowOrganizationId: string | null;
  flowVersion: number;
  flowName: string;
  isFlowActive: boolean;
  state: PetitionState;
  attributes: Record<string, unknown>;
  /** The address as it was written; `state.email` is normalized. */
  email: string | null;
  locale: MailLocale;
  returnUrl: string | null;
  approvers: Approvers | null;
  tokens: PetitionTokens;
  membershipId: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** Since when it waits in its step. */
  waitsSince: Date;
  version: number;
}

/** The tokens by which people without an account act: hashes, and until when they work. */
export interface PetitionTokens {
  petitionerTokenHash: string | null;
  petitionerTokenExpiresAt: Date | string | null;
  enrolleeTokenHash: string | null;
  enrolleeTokenExpiresAt: Date | string | null;
}

interface Row extends PetitionTokens {
  id: string;
  settings: FlowSettings;
  flowId: string | null;
  flowOrganizationId: string | null;
  flowVersion: number;
  flowName: string;
  flowStatus: FlowStatus | null;
  status: PetitionStatus;
  step: PetitionStep;
  waitsFor: PetitionParty | null;
  petitionerUserId: string | null;
  enrolleeUserId: string | null;
  organizationId: string | null;
  email: string | null;
  emailNormalized: string | null;
  isEmailVerified: boolean;
  vettingStatus: VettingStatus | null;
  reminders: number;
  isEscalated: boolean;
  progress: Progress;
  attributes: Record<string, unknown>;
  locale: MailLocale;
  returnUrl: string | null;
  approverKind: ApproverKind | null;
  approverRoleId: string | null;
  approverOrganizationId: string | null;
  membershipId: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  waitsSince: Date;
  version: number;
}

const READ = `
select p.id, v.settings, p.flow_id as "flowId", v.number as "flowVersion", v.name as "flowName",
  f.status as "flowStatus", f.organization_id as "flowOrganizationId", p.status, p.step, p.waits_for as "waitsFor", p.petitioner_user_id as "petitionerUserId",
  p.enrollee_user_id as "enrolleeUserId", p.organization_id as "organizationId", p.email,
  p.email_normalized as "emailNormalized", p.is_email_verified as "isEmailVerified",
  p.vetting_status as "vettingStatus", p.reminders, p.is_escalated as "isEscalated", p.progress, p.attributes, p.locale,
  p.return_url as "returnUrl", p.approver_kind as "approverKind", p.approver_role_id as "approverRoleId",
  p.approver_organization_id as "approverOrganizationId",
  p.petitioner_token_hash as "petitionerTokenHash", p.petitioner_token_expires_at as "petitionerTokenExpiresAt",
  p.enrollee_token_hash as "enrolleeTokenHash", p.enrollee_token_expires_at as "enrolleeTokenExpiresAt",
  p.membership_id as "membershipId", p.created_at as "createdAt", p.expires_at as "expiresAt",
  p.waits_since as "waitsSince", p.version
from petitions p
join enrollment_flow_versions v on v.tenant_id = $1 and v.id = p.flow_version_id
left join enrollment_flows f on f.tenant_id = $1 and f.id = p.flow_id
where p.tenant_id = $1 and p.id = $2`;

const LOCK = `${READ} for update of p`;

/**
 * Locks a petition; null when there is none. It is the first lock of a command: users, organizations and memberships are
 * locked after it, in their own order.
 */
export async function lockPetition(
  manager: EntityManager,
  tenantId: string,
  id: string,
): Promise<LockedPetition | null> {
  const [row] = await runSql<Row>(manager, LOCK, [tenantId, id]);
  return row ? toPetition(row) : null;
}

/** A petition as it is at this moment, by a statement of its own: nothing keeps it from changing. Null when there is none. */
export async function findPetition(
  database: Pick<Database, 'read'>,
  tenantId: string,
  id: string,
): Promise<LockedPetition | null> {
  const [row] = await database.read<Row>(tenantId, READ, [tenantId, id]);
  return row ? toPetition(row) : null;
}

function toPetition(row: Row): LockedPetition {
  const { settings, flowStatus, emailNormalized, approverKind, approverRoleId, approverOrganizationId, ...rest } = row;
  return {
    ...rest,
    flow: settings,
    isFlowActive: flowStatus === FlowStatus.ACTIVE,
    state: {
      status: row.status,
      step: row.step,
      waitsFor: row.waitsFor,
      petitionerUserId: row.petitionerUserId,
      enrolleeUserId: row.enrolleeUserId,
      organizationId: row.organizationId,
      email: emailNormalized,
      isEmailVerified: row.isEmailVerified,
      vettingStatus: row.vettingStatus,
      reminders: row.reminders,
      isEscalated: row.isEscalated,
      progress: row.progress,
    },
    approvers: approverKind && {
      kind: approverKind,
      roleId: approverRoleId,
      organizationId: approverOrganizationId,
    },
    tokens: {
      petitionerTokenHash: row.petitionerTokenHash,
      petitionerTokenExpiresAt: row.petitionerTokenExpiresAt,
      enrolleeTokenHash: row.enrolleeTokenHash,
      enrolleeTokenExpiresAt: row.enrolleeTokenExpiresAt,
    },
    createdAt: new Date(row.createdAt),
    expiresAt: row.expiresAt && new Date(row.expiresAt),
    waitsSince: new Date(row.waitsSince),
  };
}
