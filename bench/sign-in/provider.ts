import { startLocalProvider } from '../../src/demo/provider.js';

/* The local provider, as a process of its own. */

const { CALLBACK, CLIENT_SECRET, PEOPLE } = process.env as Record<string, string>;
const provider = await startLocalProvider({
  people: JSON.parse(PEOPLE!) as Parameters<typeof startLocalProvider>[0]['people'],
  clients: [
    { clientId: 'vestibule', clientSecret: CLIENT_SECRET!, redirectUris: [CALLBACK!], postLogoutRedirectUris: [] },
  ],
});
process.send!({ port: Number(new URL(provider.issuer).port), issuer: provider.issuer });
process.on('disconnect', () => process.exit(0));
