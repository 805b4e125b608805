import type { IncomingMessage } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { OperationContext, SessionViewer, TenantContext, Viewer } from '../../context.js';
import type { ViewerLoader } from '../viewer.js';
import { createTokenViewerLoader, issuerOf, type TokenViewerLoader, verifyAccessToken } from './access-token.js';
import { SigningKeys } from './keys.js';
import type { InteractionStep } from './interactions.js';
import type { Pages } from './pages.js';

type OpenIdContext = Pick<OperationContext, 'database' | 'clock' | 'sealing' | 'log'> & {
  findSession: ViewerLoader;
  pages: Pages;
};

/** More tenants than that take turns. */
const MOST_PROVIDERS = 200;

/**
 * Vestibule as the OpenID provider of its tenants. A tenant's provider is made when it is first asked for, and anew when
 * its keys or its address are others.
 */
export class OpenId {
  readonly keys: SigningKeys;
  private readonly findTokenViewer: TokenViewerLoader;
  private readonly providers = new Map<string, { version: string; provider: Promise<Provider> }>();
  private readonly viewers = new WeakMap<IncomingMessage, () => Promise<SessionViewer | null>>();

  constructor(private readonly context: OpenIdContext) {
    this.keys = new SigningKeys(context);
    this.findTokenViewer = createTokenViewerLoader(context);
  }

  /** The provider of a tenant with its keys of this moment. */
  async find(tenant: TenantContext): Promise<Provider> {
    const keySet = await this.keys.find(tenant.id);
    const version = `${issuerOf(tenant)} ${keySet.version}`;
    const known = this.providers.get(tenant.id);
    if (known?.version === version) return known.provider;
    const provider = import('./provider.js').then(({ createProvider }) =>
      createProvider(
        {
          ...this.context,
          tenant,
          tenantId: tenant.id,
          keys: this.keys,
          findTokenViewer: this.findTokenViewer,
          viewerOf: async (request) => (await this.viewers.get(request)?.()) ?? null,
        },
        keySet,
      ),
    );
    this.providers.delete(tenant.id);
    this.providers.set(tenant.id, { version, provider });
    provider.catch(() => this.providers.delete(tenant.id));
    if (this.providers.size > MOST_PROVIDERS) this.providers.delete(this.providers.keys().next().value!);
    return provider;
  }

  /** Says who sends a request, if the provider should ask: found once, when it does. */
  announce(request: IncomingMessage, findViewer: () => Promise<SessionViewer | null>): void {
    let found: Promise<SessionViewer | null> | undefined;
    this.viewers.set(request, () => (found ??= findViewer()));
  }

  /** Goes on with a sign-in that an application began; see `interactions.ts`. */
  async continueInteraction(
    context: OperationContext,
    uid: string,
    cookie: string | undefined,
  ): Promise<InteractionStep> {
    const [provider, { continueInteraction }] = await Promise.all([
      this.find(context.tenant),
      import('./interactions.js'),
    ]);
    return continueInteraction(provider, context, uid, cookie);
  }

  /** Where a browser goes that has signed out here for an application; null when nothing is known of it. */
  async takeLogoutTarget(tenant: TenantContext, id: string): Promise<string | null> {
    const { takeLogoutTarget } = await import('./logout.js');
    return takeLogoutTarget(this.context, tenant.id, id);
  }

  /** Who calls by this access token, with the rights of this moment; null when it is none of ours, or serves no more. */
  async findViewer(tenant: TenantContext, token: string): Promise<Viewer | null> {
    const claims = await verifyAccessToken({ keys: this.keys, clock: this.context.clock }, tenant, token);
    return claims && this.findTokenViewer(tenant.id, claims);
  }
}
