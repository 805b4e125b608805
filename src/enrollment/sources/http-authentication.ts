import { z } from 'zod';
import { SourceErrorCode } from '../../entities/source-enums.js';
import {
  badAnswer,
  checkAddress,
  credentialsRefused,
  type HttpAnswer,
  type HttpRequest,
  type HttpRules,
  requestJson,
} from './http-request.js';
import { SourceError } from './source-error.js';

const name = (what: string) => z.string().min(1).max(256).describe(what);

/** How a source of the kinds SCIM and HTTP shows who asks. The secrets themselves are no settings. */
export const httpAuthentication = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('NONE').describe('Everybody may ask.') }),
    z.strictObject({ method: z.literal('BEARER').describe('By the secret `token`.') }),
    z.strictObject({
      method: z.literal('BASIC').describe('By user name and the secret `password`.'),
      username: name('The user name.'),
    }),
    z.strictObject({
      method: z.literal('HEADER').describe('By a header of its own, with the secret `token`.'),
      header: z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'is the name of a header')
        .refine((header) => !RESERVED.includes(header.toLowerCase()), 'is a header of HTTP itself')
        .describe('The name of the header, such as X-Api-Key.'),
    }),
    z.strictObject({
      method: z.literal('CLIENT_CREDENTIALS').describe('By an access token of OAuth, with the secret `clientSecret`.'),
      tokenUrl: z.url().max(2048).describe('Where access tokens are given.'),
      clientId: name('The id of the client.'),
      scope: name('What the access token is asked for.').nullish(),
    }),
  ])
  .describe('How the source shows who asks.');

const RESERVED = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'accept',
  'te',
  'trailer',
  'expect',
];

export type HttpAuthentication = z.infer<typeof httpAuthentication>;

/** The secrets that the ways to authenticate take. */
export const HTTP_SECRETS = {
  token: 'Of BEARER and HEADER: the token.',
  password: 'Of BASIC: the password.',
  clientSecret: 'Of CLIENT_CREDENTIALS: the secret of the client.',
};

/** How long before its end an access token is used no more. */
const EARLY_SECONDS = 30;
/** How long an access token is kept whose server does not say how long it lives. */
const USUAL_SECONDS = 300;

/** Asks one server for JSON, with the credentials of a source. */
export class HttpClient {
  private accessToken: { value: string; until: number } | null = null;

  constructor(
    private readonly authentication: HttpAuthentication,
    private readonly secrets: Readonly<Record<string, string>>,
    private readonly rules: HttpRules & { clock: () => Date },
  ) {}

  /** What {@link requestJson} gives of a GET; 401 throws CREDENTIALS_REFUSED. */
  async get(
    url: URL,
    signal: AbortSignal,
    options: Pick<HttpRequest, 'headers' | 'whenTooLarge'> = {},
  ): Promise<HttpAnswer> {
    return this.request({ ...options, url }, signal);
  }

  /** What {@link requestJson} gives; 401 throws CREDENTIALS_REFUSED. */
  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const headers = { ...request.headers, ...(await this.credentials(signal)) };
      const answer = await requestJson({ ...request, headers }, this.rules, signal);
      if (answer.status !== 401) return answer;
      // An access token may be taken back before its time: one more is asked for.
      const wasKept = this.accessToken !== null;
      this.accessToken = null;
      if (!wasKept || attempt > 1) throw credentialsRefused(401);
    }
  }

  private async credentials(signal: AbortSignal): Promise<Record<string, string>> {
    const { authentication } = this;
    switch (authentication.method) {
      case 'NONE':
        return {};
      case 'BEARER':
        return { authorization: `Bearer ${this.secret('token')}` };
      case 'BASIC':
        return { authorization: basic(authentication.username, this.secret('password')) };
      case 'HEADER':
        return { [authentication.header]: this.secret('token') };
      case 'CLIENT_CREDENTIALS':
        return { authorization: `Bearer ${await this.findAccessToken(authentication, signal)}` };
    }
  }

  private secret(wanted: keyof typeof HTTP_SECRETS): string {
    const secret = this.secrets[wanted];
    // In a header there is no place for anything but visible characters of ASCII and spaces.
    if (secret && (wanted !== 'token' || /^[\x20-\x7e]+$/.test(secret))) return secret;
    throw new SourceError(
      SourceErrorCode.MISCONFIGURED,
      `The secret ${wanted} is not set, or is none that can be sent.`,
    );
  }

  private async findAccessToken(
    { tokenUrl, clientId, scope }: HttpAuthentication & { method: 'CLIENT_CREDENTIALS' },
    signal: AbortSignal,
  ): Promise<string> {
    const now = this.rules.clock().getTime();
    if (this.accessToken && now < this.accessToken.until) return this.accessToken.value;
    // The form of RFC 6749, section 2.3.1.
    const authorization = basic(encodeURIComponent(clientId), encodeURIComponent(this.secret('clientSecret')));
    const { status, body } = await requestJson(
      {
        url: checkAddress(tokenUrl, this.rules),
        method: 'POST',
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope ? { scope } : {}) }).toString(),
      },
      this.rules,
      signal,
    );
    if (status === 400 || status === 401) throw credentialsRefused(status);
    const { access_token: value, expires_in: seconds } = (body ?? {}) as Record<string, unknown>;
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
      throw badAnswer('The server for access tokens gave none.');
    const lives = typeof seconds === 'number' && seconds > 0 ? seconds : USUAL_SECONDS;
    this.accessToken = { value, until: now + (lives - EARLY_SECONDS) * 1000 };
    return value;
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
