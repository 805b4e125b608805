import { z } from 'zod';
import {
  ClientAuthentication,
  CompletionPolicy,
  ConnectionPreset,
  ConnectionStatus,
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  OrganizationAuthority,
} from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { oneOf } from './values.js';

/** The settings of a connection. Of its secret, events say only that there is one. */
const settings = {
  name: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  hasClientSecret: z.boolean(),
  clientAuthentication: oneOf(ClientAuthentication),
  idTokenAlgorithm: z.string(),
  userinfoAlgorithm: z.string().nullable(),
  scopes: z.array(z.string()),
  usesPkce: z.boolean(),
  requiredAcr: z.array(z.string()),
  requiredAmr: z.array(z.string()),
  mfaAcr: z.array(z.string()),
  redirectUris: z.array(z.string()),
  claimNames: z.record(z.string(), z.string()),
  createUsers: z.boolean(),
  createOrganizations: z.boolean(),
  moderatedSignup: z.boolean(),
  emailTrust: oneOf(EmailTrust),
  emailDomains: z.array(z.string()),
  organizationAuthority: oneOf(OrganizationAuthority),
  organizationScheme: oneOf(IdentifierScheme),
  allowedIdps: z.array(z.string()),
  missingOrganization: oneOf(MissingOrganization),
  completion: oneOf(CompletionPolicy),
  defaultOrganizationName: z.string(),
  grantsAdministratorToLeader: z.boolean(),
  sessionMinutes: z.int(),
};

const changes = () => z.strictObject({ ...settings, status: oneOf(ConnectionStatus) }).partial();

/** Events about the providers that people sign in with. */
export const connectionEvents = {
  'connection.created': defineEvent({
    description: 'A connection was configured.',
    about: 'Connection',
    changesRights: false,
    after: z.strictObject({ slug: z.string(), preset: oneOf(ConnectionPreset), ...settings }),
    example: {
      after: {
        slug: 'proconnect',
        preset: 'PROCONNECT',
        name: 'ProConnect',
        issuer: 'https://provider.example',
        clientId: 'vestibule',
        hasClientSecret: true,
        clientAuthentication: 'CLIENT_SECRET_POST',
        idTokenAlgorithm: 'ES256',
        userinfoAlgorithm: 'ES256',
        scopes: ['openid', 'given_name', 'usual_name', 'email', 'siret'],
        usesPkce: true,
        requiredAcr: [],
        requiredAmr: [],
        mfaAcr: [],
        redirectUris: ['https://app.example.org/callback'],
        claimNames: {},
        createUsers: true,
        createOrganizations: true,
        moderatedSignup: false,
        emailTrust: 'NONE',
        emailDomains: [],
        organizationAuthority: 'AUTHORITATIVE',
        organizationScheme: 'SIRET',
        allowedIdps: [],
        missingOrganization: 'KEEP',
        completion: 'ADMINISTRATOR',
        defaultOrganizationName: 'Organization {identifier}',
        grantsAdministratorToLeader: false,
        sessionMinutes: 720,
      },
    },
  }),
  'connection.updated': defineEvent({
    description: 'The configuration of a connection changed: the properties that did.',
    about: 'Connection',
    changesRights: false,
    before: changes(),
    after: changes(),
    example: { before: { emailTrust: 'NONE' }, after: { emailTrust: 'CLAIM' } },
  }),
};
