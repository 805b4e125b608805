import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Context, Step } from './provider-sign-in.js';
import type { LocalProvider, ProviderAnswer } from './provider-types.js';

/** Has the `intercept` of the provider see every request before the provider does, and every answer before it leaves. */
export function interception(local: LocalProvider): Step {
  return async (context, next) => {
    if (local.intercept === undefined) return next();
    let handled: Promise<unknown> | undefined;
    const answer = async (): Promise<ProviderAnswer> => {
      await (handled ??= next());
      const body: unknown = context.body;
      return {
        status: context.status,
        headers: { ...context.response.headers } as ProviderAnswer['headers'],
        body: typeof body === 'string' ? body : body === undefined || body === null ? '' : JSON.stringify(body),
      };
    };
    const { method, path, headers } = context;
    const request = { method, path, query: new URLSearchParams(context.search), headers };
    const replacement = await local.intercept(request, answer);
    if (replacement === 'cut') {
      context.respond = false;
      context.req.socket.destroy();
    } else if (replacement !== undefined) {
      for (const [name, value] of Object.entries(replacement.headers)) context.set(name, value);
      context.body = replacement.body;
      context.status = replacement.status;
    } else {
      await (handled ??= next());
    }
  };
}

/** Logs out at once: `oidc-provider` would have the browser post a form, which needs JavaScript or a click. */
export function confirmLogout(local: LocalProvider): Step {
  return async (context: Context & { oidc?: KoaContextWithOIDC['oidc'] }, next) => {
    await next();
    if (context.path !== '/session/end' || context.status !== 200 || context.oidc?.session?.state === undefined) return;
    const cookies = new Map((context.get('cookie') || '').split('; ').map((pair) => [pair.split('=', 1)[0], pair]));
    for (const header of [context.response.headers['set-cookie'] ?? []].flat()) {
      const pair = String(header).split(';', 1)[0] ?? '';
      cookies.set(pair.split('=', 1)[0], pair);
    }
    const confirmation = await fetch(`${local.issuer}/session/end/confirm`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: [...cookies.values()].filter(Boolean).join('; ') },
      body: new URLSearchParams({ xsrf: String(context.oidc.session.state.secret), logout: 'yes' }),
    });
    context.body = await confirmation.text();
    context.status = confirmation.status;
    for (const name of ['location', 'content-type']) context.set(name, confirmation.headers.get(name) ?? '');
    context.append('set-cookie', confirmation.headers.getSetCookie());
  };
}
