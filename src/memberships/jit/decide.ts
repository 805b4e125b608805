import { JitReason, MembershipSource, OrganizationStatus } from '../../entities/enums.js';
import { isPublicMailDomain, rulesFor } from './email-domain.js';

/** A just-in-time rule of an organization, about the connection of the sign-in or about a domain of email addresses. */
export interface JitRule {
  organizationId: string;
  status: OrganizationStatus;
  /** As it is stored, a wildcard included; null of a rule about the connection. */
  emailDomain: string | null;
  /** Of rules about the connection: true. */
  isProven: boolean;
  /** What the organization gives to everybody who comes by its rules. */
  roleIds: string[];
  /** One of them is the built-in role of administrators. */
  givesAdministrator: boolean;
}

/** Who comes in, as far as rules ask. */
export interface JitPerson {
  /** The account was made by this sign-in; else an account that was there has a new identity. */
  isCreated: boolean;
  /** The domain of the claimed address, in ASCII; null when there is none. */
  emailDomain: string | null;
  isEmailVerified: boolean;
}

type JitSource = MembershipSource.JIT_CONNECTION | MembershipSource.JIT_DOMAIN;

export interface JitDecision {
  /** The organizations to join, by id, each once. */
  joins: (JitRule & { source: JitSource })[];
  /** Rules that are about this person and do nothing, and why. */
  passedOver: (JitRule & { source: JitSource; reason: JitReason })[];
}

/**
 * Which organizations a person joins by just-in-time rules (docs/just-in-time.md). Pure, and the same for a sign-in and
 * for its preview. What is given more than is about the person does no harm: rules about other domains are left out.
 *
 * 1. Rules about the connection go first: where there is one, whatever it leads to, no rule about a domain counts.
 * 2. Rules about domains count for accounts that are made, whose address is verified. Of the proven ones the most
 *    specific wins, for every organization that has it.
 * 3. Organizations that are not active are skipped last of all: suspending one sends its people nowhere else.
 */
export function decideJit(rules: readonly JitRule[], person: JitPerson): JitDecision {
  const candidates = person.emailDomain === null ? [] : rulesFor(person.emailDomain);
  const concerned = rules.filter(({ emailDomain }) => emailDomain === null || candidates.includes(emailDomain));
  const hasConnectionRule = concerned.some(({ emailDomain }) => emailDomain === null);
  const winner = candidates.find((candidate) =>
    concerned.some((rule) => rule.emailDomain === candidate && isUsable(rule)),
  );

  const reasonOf = (rule: JitRule): JitReason | null => {
    if (rule.emailDomain !== null) {
      if (!rule.isProven) return JitReason.UNPROVEN;
      if (isPublic(rule.emailDomain)) return JitReason.PUBLIC_DOMAIN;
      if (hasConnectionRule) return JitReason.CONNECTION_FIRST;
      if (!person.isCreated) return JitReason.ACCOUNT_EXISTS;
      if (!person.isEmailVerified) return JitReason.EMAIL_UNVERIFIED;
      if (rule.emailDomain !== winner) return JitReason.LESS_SPECIFIC;
    }
    return rule.status === OrganizationStatus.ACTIVE ? null : JitReason.ORGANIZATION_INACTIVE;
  };

  const decision: JitDecision = { joins: [], passedOver: [] };
  for (const rule of concerned) {
    const source = rule.emailDomain === null ? MembershipSource.JIT_CONNECTION : MembershipSource.JIT_DOMAIN;
    const reason = reasonOf(rule);
    if (reason) decision.passedOver.push({ ...rule, source, reason });
    else decision.joins.push({ ...rule, source });
  }
  return decision;
}

const isUsable = ({ isProven, emailDomain }: JitRule) => isProven && !isPublic(emailDomain!);

/** Such a rule is refused when it is made; the list may have grown since. */
const isPublic = (rule: string) => isPublicMailDomain(rule.replace(/^\*\./, ''));
