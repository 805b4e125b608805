import type { Provider } from 'oidc-provider';
import { createSecret } from '../../secret.js';
import { Records, type RecordsContext } from './records.js';

type Middleware = Parameters<Provider['use']>[0];

const TRIP_SECONDS = 10 * 60;

/**
 * Who signs out of an application signs out here: before the browser goes back there, it passes by the gateway's own
 * logout, which ends the session and goes on to the identity provider's.
 */
export function leaveByGateway(context: RecordsContext, tenantId: string, mountedAt: string): Middleware {
  const records = new Records(context, tenantId, 'LogoutTarget');
  return async (ctx, next) => {
    await next();
    const { route, params } = (ctx as { oidc?: { route?: string; params?: Record<string, unknown> } }).oidc ?? {};
    if (route !== 'end_session_confirm' || !params?.logout || ctx.status !== 303) return;
    const id = createSecret();
    await records.upsert(id, { location: ctx.response.get('location') }, TRIP_SECONDS);
    ctx.redirect(`/auth/logout?returnTo=${encodeURIComponent(`${mountedAt}/session/ended/${id}`)}`);
    ctx.status = 303;
  };
}

/** Where a browser goes that has passed by; it serves once. Null when nothing is known of it. */
export async function takeLogoutTarget(context: RecordsContext, tenantId: string, id: string): Promise<string | null> {
  const records = new Records(context, tenantId, 'LogoutTarget');
  const found = await records.find(id);
  if (!found) return null;
  await records.destroy(id);
  return String(found.location);
}
