import {
  ClientAuthentication,
  CompletionPolicy,
  ConnectionPreset,
  EmailTrust,
  IdentifierScheme,
  MissingOrganization,
  OrganizationAuthority,
} from '../entities/enums.js';

/** The settings of a new connection that nobody has given. */
export function presetSettings(preset: ConnectionPreset) {
  const usual = {
    clientAuthentication: ClientAuthentication.CLIENT_SECRET_POST,
    idTokenAlgorithm: 'RS256',
    userinfoAlgorithm: null as string | null,
    scopes: ['openid', 'profile', 'email'],
    usesPkce: true,
    requiredAcr: [] as string[],
    requiredAmr: [] as string[],
    mfaAcr: [] as string[],
    redirectUris: [] as string[],
    claimNames: { familyName: 'family_name' } as Record<string, string>,
    createUsers: true,
    createOrganizations: false,
    moderatedSignup: false,
    emailTrust: EmailTrust.NONE,
    emailDomains: [] as string[],
    organizationAuthority: OrganizationAuthority.IGNORE,
    organizationScheme: IdentifierScheme.OTHER,
    allowedIdps: [] as string[],
    missingOrganization: MissingOrganization.KEEP,
    completion: CompletionPolicy.ADMINISTRATOR,
    defaultOrganizationName: 'Organization {identifier}',
    grantsAdministratorToLeader: false,
    sessionMinutes: 720,
  };
  if (preset === ConnectionPreset.PROCONNECT) {
    return {
      ...usual,
      idTokenAlgorithm: 'ES256',
      userinfoAlgorithm: 'ES256',
      scopes: [
        'openid',
        'given_name',
        'usual_name',
        'email',
        'uid',
        'siret',
        'idp_id',
        'idp_acr',
        'organization_label',
        'roles',
      ],
      claimNames: {},
      createOrganizations: true,
      organizationAuthority: OrganizationAuthority.AUTHORITATIVE,
      organizationScheme: IdentifierScheme.SIRET,
    };
  }
  if (preset === ConnectionPreset.MARKETPLACE) {
    return {
      ...usual,
      claimNames: { familyName: 'family_name', organizationIdentifier: 'group_id', organizationName: 'group_name' },
      createOrganizations: true,
      organizationAuthority: OrganizationAuthority.ADDITIVE,
      organizationScheme: IdentifierScheme.GROUP,
    };
  }
  return usual;
}

export type EditableSettings = ReturnType<typeof presetSettings> & { name: string; issuer: string; clientId: string };
