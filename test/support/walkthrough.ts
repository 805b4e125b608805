import { readFile } from 'node:fs/promises';

/** A request that a page shows, as a line for a shell, and the answer below it. */
export interface ShownRequest {
  kind: 'REQUEST';
  /** The heading that it stands under. */
  title: string;
  headers: Record<string, string>;
  /** Whose session it is sent with: the variable of the shell that holds it; null for nobody's. */
  session: string | null;
  body: { query: string; variables?: object };
  answer: unknown;
}

/** A mail that a page shows. */
export interface ShownMail {
  kind: 'MAIL';
  to: string;
  subject: string;
  link: string;
}

const BLOCK = /^```(\w+)\n([\s\S]*?)^```$/gm;

/** What a page of docs shows, in its order: each `curl` to /graphql with the JSON below it, and each mail. */
export async function readWalkthrough(page: string): Promise<(ShownRequest | ShownMail)[]> {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(BLOCK)].map(([, language, content], index) => ({
    language,
    content: content!,
    title: text
      .slice(0, [...text.matchAll(BLOCK)][index]!.index)
      .match(/^#+ .*$/gm)!
      .at(-1)!
      .replace(/^#+ /, ''),
  }));
  return blocks.flatMap(({ language, content, title }, index): (ShownRequest | ShownMail)[] => {
    if (language === 'text') {
      const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(content)![1]!;
      return [{ kind: 'MAIL', to: line('To'), subject: line('Subject'), link: line('Link') }];
    }
    if (language !== 'sh' || !content.startsWith('curl ')) return [];
    const body = /-d '([\s\S]*)'\n$/.exec(content)![1]!;
    const headers = [...content.slice(0, content.indexOf('-d ')).matchAll(/-H ['"]([^:]+): ([^'"]+)['"]/g)];
    const below = blocks[index + 1];
    if (below?.language !== 'json') throw new Error(`There is no answer under “${title}”.`);
    return [
      {
        kind: 'REQUEST',
        title,
        session: /-b "__Host-vestibule=\$(\w+)"/.exec(content)?.[1] ?? null,
        headers: Object.fromEntries(headers.map(([, name, value]) => [name!.toLowerCase(), value!])),
        body: JSON.parse(body) as ShownRequest['body'],
        answer: JSON.parse(below.content),
      },
    ];
  });
}

/** What is another one each time: global ids and secrets. */
const ARBITRARY = /^(?:[a-z]{3}_[0-9a-f-]{36}|[\w-]{43})$/;

/** Takes what a page shows for what is so: ids and tokens stand for others, each always for the same. */
export class Names {
  readonly #real = new Map<string, string>();

  /** Writes the real ids and tokens into what a page shows. */
  apply<Shown>(shown: Shown): Shown {
    let text = JSON.stringify(shown);
    for (const [name, real] of this.#real) text = text.replaceAll(name, real);
    return JSON.parse(text) as Shown;
  }

  /** Learns which real ids and tokens are meant by those that are shown. */
  learn(shown: unknown, real: unknown): void {
    if (typeof shown === 'string' && typeof real === 'string') {
      if (ARBITRARY.test(shown) && ARBITRARY.test(real) && !this.#real.has(shown)) this.#real.set(shown, real);
      return;
    }
    if (typeof shown !== 'object' || shown === null || typeof real !== 'object' || real === null) return;
    for (const [key, value] of Object.entries(shown)) this.learn(value, (real as Record<string, unknown>)[key]);
  }
}
