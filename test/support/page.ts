import { readFile } from 'node:fs/promises';
import { type Context, createContext, SourceTextModule } from 'node:vm';
import type { Browser } from './browser.js';

/** An element, as far as our own pages make them. */
class Element {
  readonly attributes: Record<string, string> = {};
  readonly listeners: Record<string, (() => unknown)[]> = {};
  children: (Element | string)[] = [];
  disabled = false;

  constructor(readonly tag: string) {}

  get textContent(): string {
    return this.children.map((child) => (typeof child === 'string' ? child : child.textContent)).join('');
  }

  set textContent(text: string) {
    this.children = [text];
  }

  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }

  addEventListener(name: string, listener: () => unknown): void {
    (this.listeners[name] ??= []).push(listener);
  }

  append(...children: (Element | string)[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: (Element | string)[]): void {
    this.children = children;
  }

  querySelectorAll(tag: string): Element[] {
    const below = this.children.filter((child) => child instanceof Element);
    return below.flatMap((child) => [...(child.tag === tag ? [child] : []), ...child.querySelectorAll(tag)]);
  }
}

/** A tab of a browser: what it keeps over pages, and what it has asked for. */
export interface Tab {
  browser: Browser;
  origin: string;
  language: string;
  kept: Map<string, string>;
  /** The addresses that were asked for. */
  requested: string[];
}

export interface OpenedPage {
  text: () => string;
  links: () => string[];
  buttons: () => string[];
  press: (label: string) => Promise<void>;
  /** The address in the bar, and where the page has sent the browser, if it has. */
  address: () => string;
  wentTo: () => string | null;
  language: () => string;
}

/** Runs the script of a page at this path (with its fragment) in a tab, over HTTP to the gateway. */
export async function openPage(tab: Tab, script: URL, path: string): Promise<OpenedPage> {
  const elements: Record<string, Element> = {};
  let wentTo: string | null = null;
  let url = new URL(path, tab.origin);
  const location = {
    get hash() {
      return url.hash;
    },
    get search() {
      return url.search;
    },
    replace: (next: string) => void (wentTo = next),
    reload: () => undefined,
  };
  const root = new Element('html') as Element & { lang?: string };
  const globals = {
    URL,
    URLSearchParams,
    document: {
      documentElement: root,
      title: '',
      getElementById: (id: string) => (elements[id] ??= new Element('div')),
      createElement: (tag: string) => new Element(tag),
    },
    location,
    history: { replaceState: (_state: unknown, _title: string, next: string) => void (url = new URL(next, url)) },
    navigator: { languages: [tab.language] },
    sessionStorage: {
      getItem: (key: string) => tab.kept.get(key) ?? null,
      setItem: (key: string, value: string) => void tab.kept.set(key, value),
      removeItem: (key: string) => void tab.kept.delete(key),
    },
    addEventListener: () => undefined,
    fetch: async (address: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
      const target = new URL(address, url);
      tab.requested.push(target.href);
      const { status, text } = await tab.browser.post(target, { json: JSON.parse(body) }, { headers });
      return { status, json: async () => JSON.parse(text) as unknown };
    },
  };
  await runModule(createContext(globals), script);
  const page = globals.document.getElementById('page');
  return {
    text: () => page.textContent,
    links: () => page.querySelectorAll('a').map(({ attributes }) => attributes.href!),
    buttons: () => page.querySelectorAll('button').map(({ textContent }) => textContent),
    async press(label) {
      const button = page.querySelectorAll('button').find(({ textContent }) => textContent === label);
      if (!button) throw new Error(`There is no button “${label}”: ${page.textContent}`);
      for (const listener of button.listeners.click ?? []) await listener();
    },
    address: () => url.href,
    wentTo: () => wentTo,
    language: () => root.lang!,
  };
}

/** Runs a module of a page in a world of its own, with what it imports from beside it. */
async function runModule(context: Context, file: URL): Promise<void> {
  const modules = new Map<string, SourceTextModule>();
  const load = async (url: URL): Promise<SourceTextModule> => {
    const known = modules.get(url.href);
    if (known) return known;
    const loaded = new SourceTextModule(await readFile(url, 'utf8'), { context, identifier: url.href });
    modules.set(url.href, loaded);
    return loaded;
  };
  const main = await load(file);
  await main.link((specifier, { identifier }) => load(new URL(specifier, identifier)));
  await main.evaluate();
}
