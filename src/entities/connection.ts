import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter, tracked } from './base.js';
import {
  ClientAuthentication,
  CompletionPolicy,
  ConnectionPreset,
  ConnectionStatus,
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  OrganizationAuthority,
} from './enums.js';

export const ConnectionSchema = defineEntity({
  name: 'Connection',
  tableName: 'connections',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    /** The name in addresses: `/auth/<slug>/login`. */
    slug: p.string(),
    name: p.string(),
    preset: p.enum(() => ConnectionPreset),
    status: p.enum(() => ConnectionStatus).default(ConnectionStatus.ENABLED),
    issuer: p.string(),
    clientId: p.string(),
    /** Sealed (see database/sealing.ts): the client secret, or the private key of PRIVATE_KEY_JWT as a JWK. */
    sealedClientSecret: p.text().nullable(),
    clientAuthentication: p.enum(() => ClientAuthentication).default(ClientAuthentication.CLIENT_SECRET_POST),
    idTokenAlgorithm: p.string(),
    /** Null: the userinfo answer is plain JSON. */
    userinfoAlgorithm: p.string().nullable(),
    scopes: p.array(),
    usesPkce: p.boolean().default(true),
    requiredAcr: p.array(),
    requiredAmr: p.array(),
    /** Levels of assurance that take a second factor, beside those that are known to. */
    mfaAcr: p.array().onCreate(() => []),
    /** Pages of single-page and native clients that may receive the provider's answer; compared exactly. */
    redirectUris: p.array(),
    claimNames: p.json<Record<string, string>>(),
    createUsers: p.boolean().default(true),
    createOrganizations: p.boolean().default(true),
    moderatedSignup: p.boolean().default(false),
    emailTrust: p.enum(() => EmailTrust).default(EmailTrust.NONE),
    /** When not empty, the provider is believed about addresses of these domains alone. */
    emailDomains: p.array(),
    organizationAuthority: p.enum(() => OrganizationAuthority).default(OrganizationAuthority.AUTHORITATIVE),
    organizationScheme: p.enum(() => IdentifierScheme).default(IdentifierScheme.SIRET),
    allowedIdps: p.array(),
    missingOrganization: p.enum(() => MissingOrganization).default(MissingOrganization.KEEP),
    completion: p.enum(() => CompletionPolicy).default(CompletionPolicy.ADMINISTRATOR),
    defaultOrganizationName: p.string(),
    /** Makes a sign-in whose claims prove that the person leads the organization its administrator. */
    grantsAdministratorToLeader: p.boolean().default(false),
    sessionMinutes: p.integer().default(720),
    ...tracked(),
  },
});

/** A configured identity provider, with its claim mapping and its linking policy. */
export class Connection extends ConnectionSchema.class {}
ConnectionSchema.setClass(Connection);
