import type {
  CompletionPolicy,
  ConnectionPreset,
  ConnectionStatus,
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  OrganizationAuthority,
} from './enums.js';

/** What the operator of a connection decided. Every setting is described on the entity Connection. */
export interface LinkPolicy {
  createUsers: boolean;
  createOrganizations: boolean;
  moderatedSignup: boolean;
  emailTrust: EmailTrust;
  emailDomains: string[];
  organizationAuthority: OrganizationAuthority;
  organizationScheme: IdentifierScheme;
  allowedIdps: string[];
  requiredAcr: string[];
  requiredAmr: string[];
  missingOrganization: MissingOrganization;
  grantsAdministratorToLeader: boolean;
}

/** A connection as a sign-in through it needs it: a plain row. */
export interface ConnectionSettings extends LinkPolicy {
  id: string;
  slug: string;
  name: string;
  preset: ConnectionPreset;
  status: ConnectionStatus;
  issuer: string;
  clientId: string;
  sealedClientSecret: string | null;
  clientAuthentication: string;
  idTokenAlgorithm: string;
  userinfoAlgorithm: string | null;
  scopes: string[];
  mfaAcr: string[];
  usesPkce: boolean;
  redirectUris: string[];
  claimNames: Record<string, string>;
  completion: CompletionPolicy;
  defaultOrganizationName: string;
  sessionMinutes: number;
  version: number;
}
