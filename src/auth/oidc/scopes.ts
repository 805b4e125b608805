/** Gives the ids and names of the person's organizations; a refresh token needs it to ask for organization tokens. */
export const ORGANIZATIONS_SCOPE = 'urn:vestibule:scope:organizations';
/** Gives the names of the person's roles in their organizations. */
export const ORGANIZATION_ROLES_SCOPE = 'urn:vestibule:scope:organization_roles';

/** Scope → the claims that it gives. */
export const SCOPE_CLAIMS: Record<string, string[]> = {
  openid: ['sub', 'auth_time', 'acr', 'amr'],
  profile: ['name', 'given_name', 'family_name'],
  email: ['email', 'email_verified'],
  [ORGANIZATIONS_SCOPE]: ['organizations', 'organization_data'],
  [ORGANIZATION_ROLES_SCOPE]: ['organization_roles'],
};

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
