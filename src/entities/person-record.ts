/** A person as one source sees them, in the same shape for every kind of source. Stored as JSON. */
export interface PersonRecord {
  /** Names the person in the source, for ever: 1 to 512 characters, compared exactly. */
  key: string;
  /** The first name is the one that is copied to a user; all of them count when family names are compared. */
  names: PersonName[];
  emails: PersonEmail[];
  identifiers: PersonIdentifier[];
  /** What the person is there, such as `member` or `faculty`; null when the source does not say. */
  affiliation: string | null;
  /** What else the source's mapping names, by the mapping's names. */
  attributes: Record<string, unknown>;
  /** The answer as the source gave it, for administrators to look at; null when the source is not to keep it. */
  raw: unknown;
}

export interface PersonName {
  givenName: string | null;
  familyName: string | null;
}

export interface PersonEmail {
  /** As the source writes it. */
  address: string;
  /** Whether the source vouches for it. */
  isVerified: boolean;
}

export interface PersonIdentifier {
  type: string;
  value: string;
}
