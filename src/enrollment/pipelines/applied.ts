import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { PipelineAction } from '../../entities/source-enums.js';

/**
 * What a record gave to the person that it is linked to: only that is changed or taken back by it later. Values are kept
 * as fingerprints, so that a record of which nothing is to be kept keeps nothing of them. Stored as JSON.
 */
export interface Applied {
  /** The account was made of this record. */
  isCreator?: boolean;
  /** Of the account: `email`, `givenName`, `familyName` and `attribute:<name>` → the fingerprint of what was given. */
  values?: Record<string, string>;
  /** Whether the address was given as a proven one. */
  isEmailVerified?: boolean;
  /** The fingerprints of the identifiers that were given. */
  identifiers?: string[];
  /** By the uuid of the organization. */
  memberships?: Record<string, AppliedMembership>;
  /** What could not be done: it is tried again with the next sync, also where the record is unchanged. */
  failure?: { action: PipelineAction; message: string };
}

/** What a record gave to a membership. */
export interface AppliedMembership {
  /** Whether the membership itself came from a pipeline. */
  isGiven: boolean;
  roleIds: string[];
  /** Name of an attribute → the fingerprint of what was given. */
  values: Record<string, string>;
}

/** Tells values apart without keeping them: half of the SHA-256 of their canonical JSON. */
export function fingerprint(value: unknown): string {
  const hash = createHash('sha256').update(canonicalize(value) ?? 'null');
  return hash.digest('base64url').slice(0, 22);
}

/** What is compared of an identifier. */
export const identifierKey = ({ type, value }: { type: string; value: string }): string => `${type}\n${value}`;
