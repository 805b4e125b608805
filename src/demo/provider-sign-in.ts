import { interactionPolicy, type default as Provider, type InteractionResults } from 'oidc-provider';
import { chooserPage, messagePage, pageSecurityPolicy } from './provider-page.js';
import type { LocalPerson } from './provider-types.js';

const { Check, Prompt } = interactionPolicy;
/** A request as Koa, which oidc-provider is built on, shows it. */
export type Context = ReturnType<Provider['createContext']>;
/** One step in the handling of a request. */
export type Step = (context: Context, next: () => Promise<unknown>) => Promise<unknown>;
type CheckedContext = Parameters<interactionPolicy.Check['check']>[0];

/** What ProConnect answers when a person cannot be identified as strongly as the application requires. */
export const unmetAssurance = {
  error: 'access_denied',
  error_description: 'requested ACRs could not be satisfied',
} as const;

/** The parts of the local provider that decide who is signed in. */
export interface SignInRules {
  people: Map<string, LocalPerson>;
  enforceEssentialAcr: boolean;
}

/** The person of that `sub`, as they are now. */
export function personOf(people: Map<string, LocalPerson>, sub: string | undefined): LocalPerson | undefined {
  for (const person of people.values()) if (person.sub === sub) return person;
  return undefined;
}

/** Whether the `claims` parameter requires a level of assurance that the person does not have. */
function lacksAssurance(rules: SignInRules, person: LocalPerson, claims: unknown): boolean {
  if (!rules.enforceEssentialAcr) return false;
  const requested = (
    claims as { id_token?: { acr?: { essential?: unknown; value?: unknown; values?: unknown } } } | null
  )?.id_token?.acr;
  if (requested?.essential !== true) return false;
  const accepted = Array.isArray(requested.values) ? requested.values : requested.value && [requested.value];
  return Array.isArray(accepted) && !accepted.includes(person.acr ?? 'eidas1');
}

/** When `oidc-provider` has to ask who is there, rather than answer from the session of the browser. */
export function signInPolicy(rules: SignInRules): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const checks = policy.get('login')!.checks;
  checks.remove('essential_acrs');
  checks.remove('essential_acr');
  checks.add(
    new Check(
      'person_gone',
      'the person of this session is no longer known',
      'login_required',
      (context: CheckedContext) => {
        const sub = context.oidc.session?.accountId;
        return sub !== undefined && personOf(rules.people, sub) === undefined;
      },
    ),
  );
  checks.add(
    new Check(
      'other_person_hinted',
      'the session belongs to another person',
      'login_required',
      (context: CheckedContext) => {
        const hinted = rules.people.get(String(context.oidc.params?.login_hint));
        return hinted !== undefined && hinted.sub !== context.oidc.session?.accountId;
      },
    ),
  );
  checks.add(
    new Check('assurance', unmetAssurance.error_description, unmetAssurance.error, (context: CheckedContext) => {
      const person = personOf(rules.people, context.oidc.session?.accountId);
      return person !== undefined && lacksAssurance(rules, person, context.oidc.claims);
    }),
  );
  policy.add(new Prompt({ name: 'select_account', requestable: true }));
  return policy;
}

/** The page where one signs in, or the redirection that takes its place when the person is known already. */
export function signInPage(provider: Provider, rules: SignInRules): Step {
  return async (context, next) => {
    if (!context.path.startsWith('/interaction/')) return next();
    context.set('cache-control', 'no-store');
    context.set('content-security-policy', pageSecurityPolicy);
    context.type = 'html';
    const interaction = await provider.interactionDetails(context.req, context.res).catch(() => undefined);
    if (interaction === undefined) {
      context.status = 400;
      context.body = messagePage('Sign-in expired', 'Go back to the application and sign in again.');
      return;
    }
    const { prompt, params, session } = interaction;
    const askedAbout = prompt.reasons.every((reason) => reason === 'assurance' || reason === 'consent_prompt');
    let person = rules.people.get(String(params.login_hint));
    if (person === undefined && askedAbout) person = personOf(rules.people, session?.accountId);
    if (context.method === 'POST') {
      const form = new URLSearchParams(await readBody(context));
      if (form.has('refuse')) {
        return finish(provider, context, {
          error: 'access_denied',
          error_description: 'the person refused to sign in',
        });
      }
      person = rules.people.get(form.get('person') ?? '') ?? person;
    }
    if (person === undefined) {
      context.body = chooserPage(String(params.client_id), [...rules.people.values()].map(pageEntryOf));
      return;
    }
    const claims: unknown = typeof params.claims === 'string' ? JSON.parse(params.claims) : undefined;
    if (lacksAssurance(rules, person, claims)) return finish(provider, context, unmetAssurance);
    return signIn(provider, context, person, prompt.name === 'login');
  };
}

async function signIn(provider: Provider, context: Context, person: LocalPerson, anew: boolean): Promise<void> {
  const login = { accountId: person.sub, acr: person.acr ?? 'eidas1', amr: person.amr ?? ['pwd'] };
  const session = await provider.Session.get(context);
  await finish(provider, context, {
    ...(anew || session.accountId !== person.sub ? { login } : {}),
    consent: {},
    select_account: {},
  });
  if (session.accountId !== undefined && session.accountId !== person.sub) {
    // Left to itself, oidc-provider asks the browser to post a log-out form first, which needs JavaScript or a click.
    session.authorizations = {};
    session.loginAccount(login);
    await session.persist();
  }
}

async function finish(provider: Provider, context: Context, result: InteractionResults): Promise<void> {
  const returnTo = await provider.interactionResult(context.req, context.res, result);
  context.redirect(returnTo);
  context.status = 303;
}

function pageEntryOf(person: LocalPerson) {
  const { given_name: given, usual_name: usual, email, siret, organization_label: organization } = person.claims;
  const details = [email, typeof siret === 'string' ? `SIRET ${siret}` : undefined, organization];
  return {
    id: person.id,
    name: [given, usual].filter(Boolean).join(' ') || person.id,
    details: details.filter((detail) => detail !== undefined).map(String),
  };
}

async function readBody(context: Context): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of context.req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
