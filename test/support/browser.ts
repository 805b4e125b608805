import { CookieJar } from 'tough-cookie';

/** How a request of the browser is made. */
export interface VisitOptions {
  headers?: Record<string, string>;
  /** Whether redirections are followed, as they are unless said otherwise. */
  follow?: boolean;
  /** A redirection to an address that this accepts is not followed; the answer then has it as its `location`. */
  stopAt?: (url: string) => boolean;
  /** From where the request is made: `none` stands for a form that another site has the browser post. */
  sameSiteContext?: 'strict' | 'lax' | 'none';
  /** In milliseconds, for each request. */
  timeout?: number;
}

/** What a form or a script sends. */
export type Body = { form: Record<string, string> | URLSearchParams } | { json: unknown };

/** Where a visit ended. */
export interface Visit {
  status: number;
  headers: Headers;
  /** The address that answered. */
  url: string;
  text: string;
  /** The absolute address that the answer redirects to, when it was not followed. */
  location: string | undefined;
  /** Every address that was requested, in order. */
  visited: string[];
  json<T = unknown>(): T;
}

const mostRedirections = 20;
const redirections = new Set([301, 302, 303, 307, 308]);

/** A browser as far as HTTP goes: it keeps cookies as one does, and follows redirections from site to site. */
export class Browser {
  // On loopback hosts tough-cookie treats plain HTTP as secure, as browsers do.
  #jar = new CookieJar(undefined, { allowSecureOnLocal: true, prefixSecurity: 'silent' });

  get(url: string | URL, options: VisitOptions = {}): Promise<Visit> {
    return this.#visit('GET', String(url), undefined, options);
  }

  /** Posts from a page of the same origin, unless the headers have another `origin`. */
  post(url: string | URL, body: Body, options: VisitOptions = {}): Promise<Visit> {
    return this.#visit('POST', String(url), body, options);
  }

  /** The value of a cookie that would be sent to that address. */
  async cookie(name: string, url: string | URL): Promise<string | undefined> {
    const cookies = await this.#jar.getCookies(String(url));
    return cookies.find((cookie) => cookie.key === name)?.value;
  }

  /** The names of the cookies that would be sent to that address. */
  async cookieNames(url: string | URL): Promise<string[]> {
    return (await this.#jar.getCookies(String(url))).map((cookie) => cookie.key);
  }

  /** Keeps a cookie as though that address had set it, in the form of a `Set-Cookie` header. */
  async setCookie(header: string, url: string | URL): Promise<void> {
    await this.#jar.setCookie(header, String(url));
  }

  /** Forgets every cookie. */
  async clear(): Promise<void> {
    await this.#jar.removeAllCookies();
  }

  async #visit(
    firstMethod: string,
    firstUrl: string,
    firstBody: Body | undefined,
    options: VisitOptions,
  ): Promise<Visit> {
    const visited: string[] = [];
    let method = firstMethod;
    let body = firstBody;
    let url = new URL(firstUrl).href;
    for (;;) {
      visited.push(url);
      const response = await this.#request(method, url, body, options);
      const text = await response.text();
      const header = redirections.has(response.status) ? response.headers.get('location') : null;
      const location = header ? new URL(header, url).href : undefined;
      if (location === undefined || options.follow === false || options.stopAt?.(location)) {
        const { status, headers } = response;
        return { status, headers, url, text, location, visited, json: <T>() => JSON.parse(text) as T };
      }
      if (visited.length > mostRedirections) throw new Error(`Too many redirections: ${visited.join(' → ')}`);
      if (response.status < 307 && method !== 'GET') {
        method = 'GET';
        body = undefined;
      }
      url = location;
    }
  }

  async #request(method: string, url: string, body: Body | undefined, options: VisitOptions): Promise<Response> {
    const { sameSiteContext, timeout = 15_000 } = options;
    const headers = new Headers({ accept: 'text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8' });
    if (body !== undefined) {
      headers.set('origin', new URL(url).origin);
      headers.set('content-type', 'json' in body ? 'application/json' : 'application/x-www-form-urlencoded');
    }
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    const cookies = await this.#jar.getCookieString(url, { sameSiteContext });
    if (cookies !== '') headers.set('cookie', cookies);
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
      ...(body === undefined
        ? {}
        : { body: 'json' in body ? JSON.stringify(body.json) : new URLSearchParams(body.form).toString() }),
    });
    for (const header of response.headers.getSetCookie()) {
      await this.#jar.setCookie(header, url, { ignoreError: true, sameSiteContext });
    }
    return response;
  }
}
