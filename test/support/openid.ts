import * as openid from 'openid-client';
import { v7 } from 'uuid';
import { createSecret, hashSecret } from '../../src/secret.js';
import type { Browser, Visit } from './browser.js';
import type { Gateway } from './gateway.js';

/** An application that a test made, as its client is configured. */
export interface TestApplication {
  uuid: string;
  /** The global id. */
  clientId: string;
  secret: string;
  redirectUri: string;
}

export const APP_URL = 'http://localhost:65001';
export const ORGANIZATIONS = 'urn:vestibule:scope:organizations';
export const ORGANIZATION_ROLES = 'urn:vestibule:scope:organization_roles';

type Kind = 'MACHINE' | 'WEB' | 'BROWSER' | 'NATIVE';

/** Makes an application with a secret. People who sign in to it come back to `redirectUri`, where nothing listens. */
export async function makeApplication(
  gateway: Gateway,
  kind: Kind,
  { isTenantAdministrator = false, redirectUri = `${APP_URL}/callback` } = {},
): Promise<TestApplication> {
  const uuid = v7();
  const secret = createSecret();
  const signsIn = kind !== 'MACHINE';
  await gateway.rows(
    `insert into applications (id, tenant_id, name, kind, status, is_tenant_administrator, redirect_uris,
       post_logout_redirect_uris, created_at, updated_at)
     values ($2, $1, $3, $4, 'ENABLED', $5, $6, $7, now(), now())`,
    [
      uuid,
      `Application ${uuid.slice(-6)}`,
      kind,
      isTenantAdministrator,
      signsIn ? [redirectUri] : [],
      signsIn ? [`${APP_URL}/signed-out`] : [],
    ],
  );
  await gateway.rows(
    `insert into application_secrets (id, tenant_id, application_id, secret_hash, hint, created_at)
     values ($2, $1, $3, $4, '….', now())`,
    [v7(), uuid, hashSecret(secret)],
  );
  return { uuid, clientId: `app_${uuid}`, secret, redirectUri };
}

/** A role that grants these permissions, which are made where they are not there yet. Gives its id. */
export async function makeRole(gateway: Gateway, kind: 'USER' | 'APPLICATION', permissions: string[]): Promise<string> {
  const id = v7();
  await gateway.rows(
    `insert into roles (id, tenant_id, name, description, is_built_in, kind) values ($2, $1, $3, '', false, $4)`,
    [id, `role-${id}`, kind],
  );
  for (const name of permissions) {
    await gateway.rows(
      `insert into permissions (id, tenant_id, name, description, is_built_in, created_at)
       select $2, $1, $3, '', false, now() where not exists (select 1 from permissions where tenant_id = $1 and name = $3)`,
      [v7(), name],
    );
    await gateway.rows(
      `insert into role_permissions (id, tenant_id, role_id, permission_id)
       select $2, $1, $3, id from permissions where tenant_id = $1 and name = $4`,
      [v7(), id, name],
    );
  }
  return id;
}

export async function giveRole(gateway: Gateway, membershipId: string, roleId: string): Promise<void> {
  await gateway.rows(
    'insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at) values ($2, $1, $3, $4, now())',
    [v7(), membershipId, roleId],
  );
}

/** Puts an application into an organization, with a role of these permissions. Gives the role's id. */
export async function joinApplication(
  gateway: Gateway,
  application: TestApplication,
  organization: { id: string },
  permissions: string[],
): Promise<string> {
  const id = v7();
  await gateway.rows(
    `insert into organization_applications (id, tenant_id, organization_id, application_id, added_at)
     values ($2, $1, $3, $4, now())`,
    [id, organization.id, application.uuid],
  );
  const role = await makeRole(gateway, 'APPLICATION', permissions);
  await gateway.rows(
    `insert into organization_application_roles (id, tenant_id, organization_application_id, role_id, granted_at)
     values ($2, $1, $3, $4, now())`,
    [v7(), id, role],
  );
  return role;
}

export const resourceOf = (organization: { id: string }): string => `urn:vestibule:organization:org_${organization.id}`;

/** The provider as openid-client knows it, for this application. */
export async function clientOf(
  gateway: Gateway,
  { clientId, secret }: TestApplication,
  authentication: openid.ClientAuth = openid.ClientSecretBasic(secret),
): Promise<openid.Configuration> {
  return openid.discovery(new URL(`${gateway.url}/oidc`), clientId, undefined, authentication, {
    execute: [openid.allowInsecureRequests],
  });
}

/** Sends a browser to sign in for an application, and stops where it would come back to it. */
export async function authorize(
  configuration: openid.Configuration,
  browser: Browser,
  application: TestApplication,
  parameters: Record<string, string> = {},
): Promise<{ visit: Visit; verifier: string }> {
  const verifier = openid.randomPKCECodeVerifier();
  const url = openid.buildAuthorizationUrl(configuration, {
    redirect_uri: application.redirectUri,
    scope: 'openid',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  const visit = await browser.get(url, { stopAt: (next) => next.startsWith(application.redirectUri) });
  return { visit, verifier };
}

/** Signs the person of a browser in to an application: the whole authorization code flow with PKCE. */
export async function signInTo(
  configuration: openid.Configuration,
  browser: Browser,
  application: TestApplication,
  parameters: Record<string, string> = {},
): Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers> {
  const { visit, verifier } = await authorize(configuration, browser, application, parameters);
  if (!visit.location) throw new Error(`The browser did not come back: ${visit.status} ${visit.text.slice(0, 800)}`);
  return openid.authorizationCodeGrant(configuration, new URL(visit.location), {
    pkceCodeVerifier: verifier,
    expectedState: 'the-state',
    expectedNonce: 'the-nonce',
  });
}

/** What the token endpoint refused with. */
export async function refusalOf(request: Promise<unknown>): Promise<{ error: string; status: number; text?: string }> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof openid.ResponseBodyError)) throw error;
    return { error: error.error, status: error.status, text: error.error_description };
  }
  throw new Error('The request was not refused.');
}
