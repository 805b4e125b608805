import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.js';
import { DEMO_OPERATOR, DEMO_PEOPLE } from './people.js';
import { type LocalProvider, startLocalProvider } from './provider.js';
import { DEMO_CLIENT_ID, DEMO_CONNECTION, demoClientSecret, seedDemo } from './seed.js';

/** The demonstration: a local provider that behaves like ProConnect, and people to sign in as. */
export interface Demo {
  provider: LocalProvider;
  /** Serves what the root page needs to offer the people. */
  useRoutes: (server: FastifyInstance) => Promise<void>;
  /** Loads the demo data, once the gateway's own address is known. */
  begin: (url: string) => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts the local provider. Throws in production: it lets anybody sign in as anybody. */
export async function startDemo(services: Services): Promise<Demo> {
  if (services.config.isProduction) throw new Error('The demonstration never runs in production.');
  const provider = await startLocalProvider({
    port: services.config.demoProviderPort,
    clients: [],
    people: [...DEMO_PEOPLE, DEMO_OPERATOR],
  });
  let reset: () => Promise<void> = async () => undefined;

  return {
    provider,
    async begin(url) {
      const redirectUris = [`${url}/auth/${DEMO_CONNECTION}/callback`, `${url}/demo/native`];
      provider.clients.set(DEMO_CLIENT_ID, {
        clientId: DEMO_CLIENT_ID,
        clientSecret: demoClientSecret,
        redirectUris,
        postLogoutRedirectUris: [`${url}/auth/logout/callback`],
        backchannelLogoutUri: `${url}/auth/${DEMO_CONNECTION}/backchannel-logout`,
      });
      reset = async () => {
        const { id: tenantId } = await services.findTenant(new URL(url).host);
        await seedDemo(services, {
          tenantId,
          issuer: provider.issuer,
          redirectUris: redirectUris.slice(1),
          clientSecret: demoClientSecret,
        });
      };
      await reset();
    },
    async useRoutes(server) {
      server.get('/demo/people', () =>
        [...DEMO_PEOPLE, DEMO_OPERATOR].map((person) => ({
          id: person.id,
          name: person.name,
          siret: person.claims.siret,
          organizationLabel: person.claims.organization_label ?? null,
          before: person.before,
          after: person.after,
          expected: person.expected,
          isOperator: person === DEMO_OPERATOR,
          loginUrl: `/auth/${DEMO_CONNECTION}/login?login_hint=${person.id}&returnTo=/`,
        })),
      );
      server.post('/demo/reset', async (_request, reply) => {
        await reset();
        return reply.redirect('/', 303);
      });
    },
    stop: () => provider.close(),
  };
}
