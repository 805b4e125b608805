import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader, exportJWK, exportSPKI, SignJWT, type JWTPayload } from 'jose';
import {
  newSigningKey,
  type Intercept,
  type LocalProvider,
  type SigningAlgorithm,
  type SigningKey,
} from '../../src/demo/provider.js';

/** How a forged token is signed. */
export type ForgedSignature =
  /** By the key that the provider publishes: only the claims are wrong. */
  | 'valid'
  /** By a key that the provider does not publish, under an identifier that it does not publish. */
  | 'unknown key'
  /** By a key that the provider does not publish, under the identifier of one that it does. */
  | 'stolen key identifier'
  /** Not at all: `alg` is `none`. */
  | 'none'
  /** With HS256, by the secret of the client or whatever `hmacSecret` is. */
  | 'HS256'
  /** With HS256, by the text of the public key: the confusion of algorithms. */
  | 'HS256 by public key'
  /** The signature of the true token is kept, and does not match what it now says. */
  | 'kept';

/** What is changed in a token. */
export interface Forgery {
  /** Claims to replace; those that are `undefined` are left out. */
  claims?: Record<string, unknown> | ((claims: JWTPayload) => Record<string, unknown>);
  /** Header parameters to replace; those that are `undefined` are left out. */
  header?: Record<string, unknown>;
  /** `valid` unless said otherwise. */
  signature?: ForgedSignature;
  /** Signs in place of the provider's key, under its own identifier. */
  key?: SigningKey;
  hmacSecret?: string;
}

/**
 * Has the provider play a fault on every request until `stop` is called, or until the end of the block when the
 * result is declared with `using`.
 */
export function startFault(provider: LocalProvider, fault: Intercept): { stop(): void; [Symbol.dispose](): void } {
  provider.intercept = fault;
  const stop = () => {
    if (provider.intercept === fault) provider.intercept = undefined;
  };
  return { stop, [Symbol.dispose]: stop };
}

/** Plays several faults at once; the first is the nearest to the wire. */
export function together(...faults: Intercept[]): Intercept {
  return faults.reduceRight<Intercept>(
    (inner, outer) => async (request, answer) => {
      let beyond: ReturnType<Intercept> | undefined;
      const proceed = () => (beyond ??= inner(request, answer));
      const given = await outer(request, async () => {
        const rest = await proceed();
        if (rest === 'cut') throw new Error('A fault that changes the answer came before one that cuts the connection');
        return rest ?? answer();
      });
      return given ?? proceed();
    },
    async () => undefined,
  );
}

/** Plays a fault the first time that the path is requested, and then no more. */
export function once(path: string, fault: Intercept): Intercept {
  let left = 1;
  return async (request, answer) => (request.path === path && left-- > 0 ? fault(request, answer) : undefined);
}

/** Answers something else at that path; text goes out as it is, anything else as JSON. */
export function answerInstead(
  path: string,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Intercept {
  const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json';
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return async (request) =>
    request.path === path ? { status, headers: { 'content-type': type, ...headers }, body: text } : undefined;
}

/** Answers at that path after a while. */
export function answerLate(path: string, milliseconds: number): Intercept {
  return async (request) => {
    if (request.path === path) await pause(milliseconds, undefined, { ref: false });
    return undefined;
  };
}

/** Never answers at that path: the connection stays open until one of the two sides gives up. */
export function neverAnswer(path: string): Intercept {
  return (request) => (request.path === path ? new Promise(() => {}) : Promise.resolve(undefined));
}

/** Closes the connection at that path, without an answer. */
export function cutConnection(path: string): Intercept {
  return async (request) => (request.path === path ? 'cut' : undefined);
}

/** Changes the JSON answer at that path. */
export function changeJson(path: string, change: (body: Record<string, unknown>) => unknown): Intercept {
  return async (request, answer) => {
    if (request.path !== path) return undefined;
    const given = await answer();
    if (given.status !== 200) return given;
    return { ...given, body: JSON.stringify(await change(JSON.parse(given.body) as Record<string, unknown>)) };
  };
}

/** Changes the discovery document; members that are `undefined` are left out. */
export function changeDiscovery(changes: Record<string, unknown>): Intercept {
  return changeJson('/.well-known/openid-configuration', (document) => ({ ...document, ...changes }));
}

/** Publishes these keys, beside or in place of the provider's own. */
export function publishKeys(keys: SigningKey[], own: 'beside own' | 'in place of own' = 'beside own'): Intercept {
  return changeJson('/jwks', async (document) => {
    const published = keys.map(async (key) => ({
      ...(await exportJWK(key.publicKey)),
      kid: key.kid,
      alg: key.algorithm,
      use: 'sig',
    }));
    return { keys: [...(own === 'beside own' ? (document.keys as unknown[]) : []), ...(await Promise.all(published))] };
  });
}

/** Replaces the signed userinfo by a forged one; plain JSON userinfo has its claims replaced. */
export function forgeUserinfo(provider: LocalProvider, forgery: Forgery): Intercept {
  return async (request, answer) => {
    if (request.path !== '/userinfo') return undefined;
    const given = await answer();
    if (given.status !== 200) return given;
    if (given.body.startsWith('{')) {
      return { ...given, body: JSON.stringify(changed(JSON.parse(given.body) as JWTPayload, forgery.claims)) };
    }
    return { ...given, body: await forge(provider, given.body, forgery) };
  };
}

/** Replaces the ID token in the answer of the token endpoint by a forged one. */
export function forgeIdToken(provider: LocalProvider, forgery: Forgery): Intercept {
  return changeJson('/token', async (body) => ({
    ...body,
    id_token: await forge(provider, String(body.id_token), forgery),
  }));
}

const longAgo = () => Math.floor(Date.now() / 1000) - 86_400;

/** Signatures that must never be accepted, for ID tokens and userinfo alike. */
export const forgedSignatures: Record<string, Forgery> = {
  'signed by an unknown key': { signature: 'unknown key' },
  'signed by an unknown key under a known identifier': { signature: 'stolen key identifier' },
  'not signed': { signature: 'none' },
  'signed with the secret of the client': { signature: 'HS256' },
  'signed with the public key as a secret': { signature: 'HS256 by public key' },
  'changed after it was signed': { signature: 'kept', claims: { email: 'intruder@example.org' } },
};

/** ID tokens that are validly signed and must be refused nonetheless. */
export const wrongIdTokens: Record<string, Forgery> = {
  'another nonce': { claims: { nonce: 'another-nonce' } },
  'no nonce': { claims: { nonce: undefined } },
  'another audience': { claims: { aud: 'another-application' } },
  'no audience': { claims: { aud: undefined } },
  'another issuer': { claims: { iss: 'https://intruder.example.org' } },
  expired: { claims: () => ({ iat: longAgo() - 60, exp: longAgo() }) },
  'no expiry': { claims: { exp: undefined } },
  'no subject': { claims: { sub: undefined } },
};

/** Makes a forged token out of a true one. */
export async function forge(provider: LocalProvider, token: string, forgery: Forgery): Promise<string> {
  const trueHeader = decodeProtectedHeader(token);
  const trueClaims = decodeJwt(token);
  const claims = changed(trueClaims, forgery.claims);
  const algorithm = trueHeader.alg as SigningAlgorithm;
  const headerFor = (alg: string, kid: string | undefined) => changed({ ...trueHeader, alg, kid }, forgery.header);
  const signedBy = (key: SigningKey, kid: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ ...headerFor(key.algorithm, kid), alg: key.algorithm })
      .sign(key.privateKey);
  const byHmac = (secret: string) => {
    const content = `${encode(headerFor('HS256', undefined))}.${encode(claims)}`;
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
  };
  switch (forgery.signature ?? 'valid') {
    case 'valid': {
      const key = forgery.key ?? provider.signingKeys[algorithm];
      return signedBy(key, key.kid);
    }
    case 'unknown key':
      return signedBy(await newSigningKey(algorithm), randomBytes(12).toString('base64url'));
    case 'stolen key identifier':
      return signedBy(await newSigningKey(algorithm), String(trueHeader.kid));
    case 'none':
      return `${encode(headerFor('none', undefined))}.${encode(claims)}.`;
    case 'HS256':
      return byHmac(
        forgery.hmacSecret ?? provider.clients.get([trueClaims.aud].flat()[0] ?? '')?.clientSecret ?? 'secret',
      );
    case 'HS256 by public key':
      return byHmac(await exportSPKI(provider.signingKeys[algorithm].publicKey));
    case 'kept':
      return `${encode(headerFor(algorithm, trueHeader.kid))}.${encode(claims)}.${token.split('.')[2] ?? ''}`;
  }
}

function changed<T extends Record<string, unknown>>(original: T, changes: Forgery['claims'] = {}): T {
  const replaced = { ...original, ...(typeof changes === 'function' ? changes(original) : changes) };
  return Object.fromEntries(Object.entries(replaced).filter(([, value]) => value !== undefined)) as T;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
