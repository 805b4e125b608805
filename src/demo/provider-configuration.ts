import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { messagePage, pageSecurityPolicy } from './provider-page.js';
import { personOf, signInPolicy, type SignInRules } from './provider-sign-in.js';

/** At ProConnect every claim has a scope of its own, of the same name but for these. */
const scopes: Record<string, string[]> = {
  openid: ['sub', 'acr', 'auth_time'],
  given_name: ['given_name'],
  usual_name: ['usual_name'],
  email: ['email', 'email_verified'],
  uid: ['uid'],
  siret: ['siret'],
  siren: ['siren'],
  idp_id: ['idp_id'],
  idp_acr: ['idp_acr'],
  organizational_unit: ['organizational_unit'],
  organization_label: ['organization_label'],
  belonging_population: ['belonging_population'],
  phone: ['phone_number'],
  chorusdt: ['chorusdt:matricule', 'chorusdt:societe'],
  roles: ['roles'],
  custom: ['custom'],
  profile: ['given_name', 'family_name', 'name'],
};

/** Everything about the local provider that does not depend on its port, its keys or its memory. */
export function providerConfiguration(rules: SignInRules & { issuer: string }): Configuration {
  return {
    acrValues: ['eidas1', 'eidas2', 'eidas3'],
    claims: { ...scopes, acr: null, amr: null, auth_time: null, iss: null, sid: null },
    scopes: Object.keys(scopes),
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'none'],
    clientBasedCORS: () => false,
    clockTolerance: 0,
    pkce: { required: () => false },
    routes: {
      authorization: '/authorize',
      token: '/token',
      userinfo: '/userinfo',
      jwks: '/jwks',
      end_session: '/session/end',
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256', 'RS256'],
      userinfoSigningAlgValues: ['ES256', 'RS256'],
    },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      jwtUserinfo: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context) => showMessage(context, 'Signing out', 'You are being signed out.'),
        postLogoutSuccessSource: (context) =>
          showMessage(context, 'Signed out', 'You are signed out of the local provider.'),
      },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
    },
    ttl: { AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Interaction: 600, Session: 14_400, Grant: 14_400 },
    interactions: {
      policy: signInPolicy(rules),
      url: (_context, interaction) => `${new URL(rules.issuer).pathname}/interaction/${interaction.uid}`,
    },
    // oidc-provider refuses to call private addresses, which is where the applications of a local provider are.
    fetch: (input, { method, headers, body, redirect, signal } = {}) =>
      fetch(input, { method, headers, body, redirect, signal }),
    renderError: (context, out) =>
      showMessage(context, 'This did not work', 'The local provider refused the request.', { ...out }),
    findAccount: (context, sub) => {
      const person = personOf(rules.people, sub);
      if (person === undefined) return undefined;
      const { session } = context.oidc;
      if (session?.accountId === sub)
        Object.assign(session, { acr: person.acr ?? 'eidas1', amr: person.amr ?? ['pwd'] });
      return { accountId: sub, claims: () => ({ ...person.claims, sub }) };
    },
    loadExistingGrant: grantEverything,
  };
}

/** Consent is never asked for: ProConnect does not either. */
async function grantEverything(context: KoaContextWithOIDC) {
  const { oidc } = context;
  const grant = new oidc.provider.Grant({ accountId: oidc.account!.accountId, clientId: oidc.client!.clientId });
  grant.addOIDCScope(String(oidc.params!.scope));
  grant.addOIDCClaims([...oidc.requestParamClaims]);
  await grant.save();
  // Otherwise only the clients that have a back-channel logout address would be told the `sid`.
  oidc.claims.id_token = { ...oidc.claims.id_token, sid: null };
  return grant;
}

function showMessage(
  context: KoaContextWithOIDC,
  title: string,
  message: string,
  details?: Record<string, unknown>,
): void {
  context.set('content-security-policy', pageSecurityPolicy);
  context.type = 'html';
  context.body = messagePage(title, message, details);
}
