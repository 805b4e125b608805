const MOST_REDIRECTIONS = 20;

/** What GraphQL answered. */
export interface Answer<Data> {
  data: Data | null;
  errors?: { message: string; extensions?: { code?: string; requires?: string } }[];
}

/** One person's browser as far as the demonstration needs one: it keeps cookies and follows redirections. */
export class DemoClient {
  /** Host name → cookies by name; a host's ports share them, as in a browser. */
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(readonly gateway: string) {}

  /** Opens an address and goes where it leads. */
  async visit(address: string): Promise<{ status: number; text: string }> {
    let url = new URL(address, this.gateway);
    for (let hop = 0; hop <= MOST_REDIRECTIONS; hop++) {
      const response = await this.#send(url, { redirect: 'manual' });
      const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
      if (!location) return { status: response.status, text: await response.text() };
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new Error(`${address} leads in circles.`);
  }

  async query<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Answer<Data>> {
    const response = await this.#send(new URL('/graphql', this.gateway), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<Data>;
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    const jar = this.#cookies.get(url.hostname) ?? new Map<string, string>();
    this.#cookies.set(url.hostname, jar);
    const headers = new Headers(init.headers);
    if (jar.size) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(15_000) });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(cookie) ?? [];
      if (!name) continue;
      if (/;\s*max-age=0\b|;\s*expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(name);
      else jar.set(name, value ?? '');
    }
    return response;
  }
}
