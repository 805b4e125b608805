import type { Provider } from 'oidc-provider';
import { sessionOf } from '../../actor.js';
import type { OperationContext } from '../../context.js';
import { readSignIn } from './sessions.js';

/** A way in that people are offered. */
export interface OfferedConnection {
  slug: string;
  name: string;
}

/** What is to happen with somebody whom an application sent to sign in. */
export type InteractionStep =
  | { kind: 'EXPIRED' }
  | { kind: 'DONE'; location: string }
  | {
      kind: 'SIGN_IN';
      application: string;
      connections: OfferedConnection[];
      /** To be asked, though there might be only one way: the last one did not bring whom the application asked for. */
      isChoice: boolean;
      /** Parameters for `/auth/:connection/login`. */
      parameters: Record<string, string>;
    };

const CONNECTIONS = `select slug, name from connections where tenant_id = $1 and status = 'ENABLED' order by name, id`;

/** Reasons for which a session that is there already does not do. */
const ANEW = ['login_prompt', 'max_age'];
/** Reasons for which another person is asked for. */
const SOMEBODY_ELSE = ['id_token_hint', 'claims_id_token_sub_value'];

/**
 * Goes on with what an application began: who is signed in goes back to it at once, as applications are the tenant's own
 * and nobody is asked for consent; everybody else signs in first. `cookie` binds it to the browser that began.
 */
export async function continueInteraction(
  provider: Provider,
  context: OperationContext,
  uid: string,
  cookie: string | undefined,
): Promise<InteractionStep> {
  const interaction = cookie === uid ? await provider.Interaction.find(uid) : undefined;
  if (!interaction || interaction.isExpired) return { kind: 'EXPIRED' };
  const { prompt, params } = interaction;
  const viewer = sessionOf(context);
  const { reasons } = prompt;
  const isSomebodyElse = reasons.some((reason) => SOMEBODY_ELSE.includes(reason));
  const isAnew = isSomebodyElse || reasons.some((reason) => ANEW.includes(reason));
  const isAnother = viewer !== null && viewer.sessionId !== interaction.session?.uid;
  const isFresh = isAnother && Math.floor(viewer.authenticatedAt.getTime() / 1000) >= interaction.iat;
  if (viewer && (!isAnew || isFresh)) {
    const { accountId, loginTs, acr, amr } = await readSignIn(context, context.tenant.id, viewer);
    interaction.result = {
      ...interaction.lastSubmission,
      login: { accountId, ts: loginTs, ...(acr ? { acr } : {}), ...(amr ? { amr } : {}) },
      ...(prompt.name === 'consent' ? { consent: {} } : {}),
    };
    // A sign-in has opened another session than the one that it began in.
    if (interaction.session && interaction.session.uid !== viewer.sessionId) interaction.session = undefined;
    await interaction.persist();
    return { kind: 'DONE', location: provider.urlFor('resume', { uid }) };
  }
  const client = await provider.Client.find(String(params.client_id));
  if (!client) return { kind: 'EXPIRED' };
  const connections = await context.database.read<OfferedConnection>(context.tenant.id, CONNECTIONS, [
    context.tenant.id,
  ]);
  return {
    kind: 'SIGN_IN',
    application: client.clientName ?? client.clientId,
    connections,
    isChoice: isSomebodyElse,
    parameters: {
      ...(typeof params.login_hint === 'string' ? { login_hint: params.login_hint } : {}),
      ...(typeof params.acr_values === 'string' ? { acr_values: params.acr_values } : {}),
      ...(isAnew ? { prompt: 'login' } : {}),
    },
  };
}
