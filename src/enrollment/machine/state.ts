import type {
  ApproverKind,
  FactorKind,
  PetitionAction,
  PetitionMailKind,
  PetitionParty,
  PetitionStatus,
  PetitionStep,
  VettingStatus,
} from '../../entities/enums.js';
import type { PersonName } from '../../entities/person-record.js';
import type { UserErrorCode } from '../../faults.js';

/** What the machine knows of a petition. Ids are uuids. */
export interface PetitionState {
  status: PetitionStatus;
  /** Where it waits; DONE when it is finished. */
  step: PetitionStep;
  /** For whom it waits; null when it is finished. */
  waitsFor: PetitionParty | null;
  petitionerUserId: string | null;
  enrolleeUserId: string | null;
  organizationId: string | null;
  /** The address that is, or is to be, proven, in its normalized form. */
  email: string | null;
  isEmailVerified: boolean;
  vettingStatus: VettingStatus | null;
  /** How often who must act in this step was reminded. */
  reminders: number;
  isEscalated: boolean;
  progress: Progress;
}

/** What was done on the way. Stored as JSON. */
export interface Progress {
  hasAttributes: boolean;
  /** Of the match server and of sources, by their ids: what they have answered for good. */
  isMatched: boolean;
  sources: Record<string, SourceOutcome>;
  /** The approvers who have approved so far. */
  approvals: string[];
  /** The approvers for whom a delegate has approved: that stays when the delegation ends. */
  represented?: string[];
  /** Of N_OF_M: as whom they count. */
  seats?: string[];
  /** The person is known, and what the petition gave fills what is missing of them. */
  isMerge: boolean;
  /** The person is known, and gets the membership alone. */
  isNewRole: boolean;
  /**
   * Whether somebody whose petition this is has signed in: at the gateway, or at a source that authenticates. No source is
   * asked about a person before.
   */
  isAuthenticated?: boolean;
  /** The account that confirmed, while IDENTIFY sources are asked: the enrollee's, where none of them knows another. */
  confirmedByUserId?: string;
  /** Whether a link is out by which the petitioner proves the address that a CLAIM source is to be asked about. */
  isProvingEmail?: boolean;
  /** The people among whom the match server cannot tell which one it is; gone once it can. */
  matchCandidates?: MatchCandidate[];
  /** Which of them it is, `new` for none of them; gone once the match server has taken it. */
  matchChoice?: string;
  /** What a match server without an answer has said already: the history tells it once. */
  matchDelays?: MatchDelay[];
  /** What the match server calls the person: theirs once the petition is finalized. */
  matchIdentifier?: MatchIdentifier;
  /** How the enrollee has shown that it is them who wants another login; absent: not at all. */
  ownProof?: OwnProof;
}

/** Somebody whom a match server named, as far as it describes them. */
export interface MatchCandidate {
  referenceId: string;
  names: PersonName[];
  emails: string[];
}

/** PENDING: people look into it at the match server. ERROR: it did not answer. Both are asked again. */
export type MatchDelay = 'PENDING' | 'ERROR';

/** An identifier of a user: the reference id, under the type that the match server's settings say. */
export interface MatchIdentifier {
  type: string;
  value: string;
}

/** By a sign-in of the last ten minutes, or by a second factor in such a session. */
export type OwnProof = 'SIGN_IN' | 'FACTOR';

/**
 * LINKED: the person's record. UNAVAILABLE is no answer: the step waits and is tried again. SUSPENDED: it is as if the
 * source were not attached.
 */
export type SourceOutcome = 'LINKED' | 'NOT_FOUND' | 'NAME_MISMATCH' | 'UNAVAILABLE' | 'SUSPENDED';

/** An account, as far as the machine needs to know it. */
export interface Account {
  userId: string;
  /** Normalized. */
  email: string | null;
  isEmailVerified: boolean;
}

/** Somebody who has the account that was signed in with, or the proven address. */
export interface KnownPerson {
  userId: string;
  via: 'LOGIN' | 'ADDRESS';
  /** Is a member of any organization: who is of none is new. */
  isEnrolled: boolean;
  /** Is a member of the organization that the petition leads to. */
  isMember: boolean;
}

/** What the world is like when a command is given. */
export interface Facts {
  /** Whether the flow is ACTIVE now. */
  isFlowActive: boolean;
  /** The active terms that apply: `id:edition`. */
  terms: readonly string[];
  /** The kinds of second factors that the enrollee has. */
  factors: readonly FactorKind[];
  /** Who may approve now, and who acts for each of them. Only of commands of approvers. */
  approvers: readonly { userId: string; delegateIds: readonly string[] }[];
  /** Who has the account that was signed in with, or else the address; of CONFIRM and SUBMIT_ATTRIBUTES. */
  known: KnownPerson | null;
  /** The sources of the flow that are suspended or gone: they count as if they were not attached (ENR-44). */
  suspendedSources?: readonly string[];
  /** Whether a record of the enrollee has a verified address, where the petition's own is not verified. */
  hasVerifiedRecordEmail?: boolean;
  /** How the caller shows to be the enrollee; of commands by which a login can come to be linked. */
  ownProof?: OwnProof | null;
  /** Where the account that confirms is not the enrollee's: what decides whether its logins can be theirs. */
  linking?: Linking | null;
}

/** What is to be known before the logins of the account that confirms become the enrollee's. */
export interface Linking {
  /** The account has its logins, and nothing else. */
  isBare: boolean;
  /** Its sign-in is of the last ten minutes. */
  isRecent: boolean;
  /** The link was mailed to the address of the enrollee's account, which is proven. */
  isMailedToEnrollee: boolean;
  /** The enrollee has a second factor that can be shown. */
  hasFactor: boolean;
}

/** An address as it is given, normalized. */
export interface GivenEmail {
  normalized: string;
  isVerified: boolean;
  /** False: whoever gives it has no say about the person who has it, also where administrators enroll. */
  isVouchedFor?: boolean;
}

/** What somebody, or the system, wants of a petition. */
export type Command =
  | { kind: 'SELECT_ENROLLEE'; account: Account }
  | {
      kind: 'ANSWER_SOURCE';
      sourceId: string;
      outcome: SourceOutcome;
      account?: Account | null;
      known?: KnownPerson | null;
      /** What the record says of the person's address. */
      email?: GivenEmail | null;
      /** Of CLAIM: the address that was asked about, normalized. The answer counts for no other one. */
      about?: string | null;
    }
  /** The address that a CLAIM source is to be asked about: a link is mailed to it. */
  | { kind: 'GIVE_EMAIL'; email: GivenEmail; userId: string | null }
  /** The link was opened: the address is the petitioner's. */
  | { kind: 'PROVE_EMAIL'; userId: string | null }
  /** Which of the people whom the match server named it is; null: none of them. */
  | { kind: 'CHOOSE_MATCH'; referenceId: string | null }
  | { kind: 'ANSWER_MATCH'; outcome: 'NEW'; identifier?: MatchIdentifier | null }
  | { kind: 'ANSWER_MATCH'; outcome: 'KNOWN'; known: KnownPerson; identifier?: MatchIdentifier | null }
  | { kind: 'ANSWER_MATCH'; outcome: 'CHOICES'; candidates: readonly MatchCandidate[] }
  /** The match server is suspended or gone: it is as if the flow asked none. */
  | { kind: 'ANSWER_MATCH'; outcome: 'SUSPENDED' }
  | { kind: 'ANSWER_MATCH'; outcome: 'PENDING' }
  | { kind: 'ANSWER_MATCH'; outcome: 'ERROR' }
  | { kind: 'SUBMIT_ATTRIBUTES'; email: GivenEmail | null; userId: string | null }
  | { kind: 'AGREE_TO_TERMS'; terms: readonly string[]; userId?: string | null }
  | { kind: 'RESEND_CONFIRMATION' }
  /** An expired link was used: a new one is sent where the flow says so; without that, it is gone. */
  | { kind: 'RENEW_CONFIRMATION' }
  | { kind: 'VIEW_CONFIRMATION' }
  | { kind: 'CONFIRM'; userId: string | null }
  | { kind: 'DECLINE' }
  | { kind: 'CONTINUE'; userId: string | null; account?: Account | null }
  | { kind: 'RECORD_VETTING'; outcome: VettingStatus }
  | { kind: 'APPROVE'; approverId: string; comment: string | null; isConfirmed: boolean }
  | { kind: 'DENY'; approverId: string; comment: string | null; isConfirmed: boolean }
  | { kind: 'FLAG_DUPLICATE'; comment: string | null }
  | { kind: 'COMMENT' }
  | { kind: 'CANCEL'; comment: string | null }
  | { kind: 'EXPIRE' }
  /** `number`: how many reminders count as sent with this one, which makes up for those that were missed. */
  | { kind: 'REMIND'; number?: number }
  | { kind: 'ESCALATE' }
  | { kind: 'FINALIZED'; enrolleeUserId: string; identifiers: readonly string[]; isMerged: boolean }
  | { kind: 'FAIL_STEP'; message: string };

export type CommandKind = Command['kind'];

/** A row of the history. One that changes the status has both statuses. */
export interface HistoryEntry {
  action: PetitionAction;
  party: PetitionParty;
  before: PetitionStatus | null;
  after: PetitionStatus | null;
  /** At most 256 characters. */
  comment: string | null;
}

export type MailAddressee = 'ENROLLEE' | 'APPROVERS' | 'NOTIFIED' | 'ADMINISTRATORS';

/** What is to be done besides, in the same transaction. */
export type Effect =
  | { kind: 'SEND_CONFIRMATION'; isReminder: boolean }
  | { kind: 'REVOKE_CONFIRMATION' }
  | { kind: 'VERIFY_EMAIL' }
  | { kind: 'ISSUE_ENROLLEE_TOKEN' }
  | { kind: 'END_PETITIONER_TOKEN' }
  /** The logins of this account, which has nothing else, become the enrollee's; it is deleted. */
  | { kind: 'LINK_LOGIN'; fromUserId: string }
  | { kind: 'RECORD_TERMS'; terms: readonly string[]; isExplicit: boolean }
  | { kind: 'RECORD_DECISION'; isApproval: boolean; comment: string | null }
  /** `status` is where the petition stands as the mail is queued: it may be elsewhere once the mail goes out. */
  | { kind: 'MAIL'; mail: PetitionMailKind; to: MailAddressee; status: PetitionStatus }
  | { kind: 'FINALIZE' };

/** Why a command is refused: nothing changes. */
export interface Refusal {
  code: UserErrorCode;
  message: string;
  field: string[] | null;
}

/** What a command leads to. */
export interface Advanced {
  state: PetitionState;
  history: HistoryEntry[];
  effects: Effect[];
  /** A step that could not be done: it is in the history, and the petition waits there. */
  failure: Refusal | null;
}

export type Outcome = Advanced | { refusal: Refusal };

/** Who approves: those who hold a role, or administer; in one organization or, when that is null, in any. */
export interface Approvers {
  kind: ApproverKind;
  roleId: string | null;
  organizationId: string | null;
}
