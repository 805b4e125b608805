import type { InteractionStep } from '../auth/oidc/interactions.js';
import type { Pages } from '../auth/oidc/pages.js';
import { escapeHtml, messagePage } from './pages.js';

const HOME = { href: '/', label: 'Back to the start' };

/** What people read where a request of an application cannot be answered; others get the provider's own words. */
const REFUSALS: Record<string, string> = {
  invalid_redirect_uri: 'The application asks to send you to an address that it is not known by. Tell whoever runs it.',
  invalid_client: 'The application that sent you is not known here, or is disabled. Tell whoever runs it.',
  server_error: 'Something went wrong here. Try again in a moment.',
};

/** The pages of the OpenID provider, in the gateway's own form. */
export const openIdPages: Pages = {
  confirmLogout: (form) =>
    messagePage({
      title: 'Sign out?',
      message: 'An application asks to sign you out, here and at your identity provider.',
      form: `${form}
<p><button class="button" type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button></p>
<p><button class="button" type="submit" form="op.logoutForm">Stay signed in</button></p>`,
    }),
  signedOut: () => messagePage({ title: 'Signed out', message: 'You are signed out.', action: HOME }),
  refused: (code, description) =>
    messagePage({
      title: 'This did not work',
      message: REFUSALS[code] ?? description ?? 'The application sent a request that cannot be answered.',
      code,
      action: HOME,
    }),
};

export const expiredPage = (): string =>
  messagePage({
    title: 'This sign-in has expired',
    message: 'Go back to the application and sign in again.',
    code: 'LOGIN_EXPIRED',
    action: HOME,
  });

/** The ways to sign in for an application. */
export function signInPage(
  { application, connections, isChoice }: Extract<InteractionStep, { kind: 'SIGN_IN' }>,
  addressOf: (slug: string) => string,
): string {
  const message = connections.length
    ? isChoice
      ? `${application} asks for another account than the one that is signed in. Sign in with that one.`
      : `Sign in to go on to ${application}.`
    : 'There is no way to sign in: no identity provider is configured.';
  const links = connections.map(
    ({ slug, name }) =>
      `<p><a class="button" href="${escapeHtml(addressOf(slug))}">Sign in with ${escapeHtml(name)}</a></p>`,
  );
  return messagePage({ title: 'Sign in', message, form: links.join('\n') });
}
