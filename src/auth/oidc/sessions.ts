import type { Provider } from 'oidc-provider';
import type { IncomingMessage } from 'node:http';
import type { SessionViewer } from '../../context.js';
import { toGlobalId } from '../../database/loaders/ids.js';
import type { RecordsContext } from './records.js';

/** Who sends a request, by the gateway's own session; null for nobody. */
export type ViewerOfRequest = (request: IncomingMessage) => Promise<SessionViewer | null>;

/** A session of the provider that ends with the gateway's. */
export type FollowingSession = InstanceType<Provider['Session']> & { secondsLeft?: number };

interface SignIn {
  acr: string | null;
  amr: string[];
  hasMfa: boolean;
}

const READ = `select acr, to_json(amr) as amr, mfa_at is not null as "hasMfa" from sessions where tenant_id = $1 and id = $2`;

/**
 * How somebody signed in, as tokens say it: `mfa` (RFC 8176) stands for a second factor, whoever asked for it. Tokens are
 * believed about it, so that a provider's `mfa` is said on only where it counts in the tenant.
 */
export async function readSignIn(
  { database }: Pick<RecordsContext, 'database'>,
  tenantId: string,
  viewer: SessionViewer,
): Promise<{ accountId: string; loginTs: number; acr?: string; amr?: string[] }> {
  const [row] = await database.read<SignIn>(tenantId, READ, [tenantId, viewer.sessionId]);
  const amr = methodsOf(row?.amr, row?.hasMfa ?? false);
  return {
    accountId: toGlobalId('User', viewer.userId),
    loginTs: Math.floor(viewer.authenticatedAt.getTime() / 1000),
    ...(row?.acr ? { acr: row.acr } : {}),
    ...(amr.length ? { amr } : {}),
  };
}

/** The methods of a sign-in, with `mfa` where it showed a second factor that counts, and nowhere else. */
export function methodsOf(amr: readonly string[] | null | undefined, hasMfa: boolean): string[] {
  return [...(amr ?? []).filter((method) => method !== 'mfa'), ...(hasMfa ? ['mfa'] : [])];
}

/**
 * Has the provider's sessions follow the gateway's: who is signed in here is signed in there, under the same id, and
 * nobody else is, whatever the provider's own cookie says. That cookie serves requests of nobody alone.
 */
export function followGatewaySessions(
  provider: Provider,
  context: RecordsContext,
  tenantId: string,
  viewerOf: ViewerOfRequest,
): void {
  const { Session } = provider;
  const getByCookie = Session.get.bind(Session);
  Session.get = async (koa) => {
    const viewer = await viewerOf(koa.req);
    const session = viewer ? await findOrMake(viewer) : await getByCookie(koa);
    // The session of somebody who is signed in has no other way in than the gateway's cookie.
    const followed = !viewer && session.accountId ? new (Session as unknown as new () => typeof session)() : session;
    (koa as { oidc?: { entity(name: string, value: unknown): void } }).oidc?.entity('Session', followed);
    return followed;
  };

  async function findOrMake(viewer: SessionViewer) {
    const { sessionId } = viewer;
    const Made = Session as unknown as new (payload: object) => InstanceType<typeof Session>;
    const found = (await Session.find(sessionId)) ?? new Made({ jti: sessionId, uid: sessionId });
    const session: FollowingSession = found;
    session.loginAccount(await readSignIn(context, tenantId, viewer));
    const milliseconds = viewer.expiresAt.getTime() - context.clock().getTime();
    session.secondsLeft = Math.max(Math.ceil(milliseconds / 1000), 1);
    // Its id is the gateway's and no secret: it stays when the provider would change a cookie's.
    session.resetIdentifier = () => undefined;
    return session;
  }
}
