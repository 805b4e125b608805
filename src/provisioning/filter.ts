import { invalidFilter, ScimError } from './scim-error.js';

/** `urn:…:User:manager.value`, as it is written; the schema and the sub-attribute may be left out. */
export interface AttributePath {
  schema: string | null;
  attribute: string;
  sub: string | null;
}

export const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A filter of RFC 7644, section 3.4.2.2. `where` is `emails[type eq "work"]`. */
export type Filter =
  | { kind: 'and' | 'or'; parts: Filter[] }
  | { kind: 'not'; part: Filter }
  | { kind: 'present'; path: AttributePath }
  | { kind: 'compare'; path: AttributePath; operator: Comparison; value: string | number | boolean | null }
  | { kind: 'where'; path: AttributePath; filter: Filter };

/** What an operation of a PATCH is about: an attribute, its values that a filter chooses, a sub-attribute of those. */
export interface PatchPath {
  path: AttributePath;
  filter: Filter | null;
}

const LONGEST = 4_096;
const MOST_COMPARISONS = 100;
const DEEPEST = 20;

/** Reads a filter; refuses `invalidFilter` with the place. */
export function parseFilter(text: string): Filter {
  const parser = new Parser(text);
  const filter = parser.or(0);
  parser.end();
  return filter;
}

/** Reads the path of an operation; refuses `invalidPath`. */
export function parsePatchPath(text: string): PatchPath {
  try {
    const parser = new Parser(text);
    const path = parser.path();
    const filter = parser.bracket(0);
    if (filter) path.sub ??= parser.subAfterBracket();
    parser.end();
    return { path, filter };
  } catch (error) {
    if (error instanceof ScimError) throw new ScimError(400, 'invalidPath', error.message);
    throw error;
  }
}

/** An attribute's name as it is written in `attributes`, `sortBy` and paths; null when it is none. */
export function readAttributePath(text: string): AttributePath | null {
  const read = /^(?:(urn:[\w.:-]+):)?([A-Za-z$][\w$-]*)(?:\.([A-Za-z$][\w$-]*))?$/i.exec(text);
  return read && { schema: read[1] ?? null, attribute: read[2]!, sub: read[3] ?? null };
}

const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y;

interface Token {
  kind: 'sign' | 'string' | 'word' | 'end';
  text: string;
  at: number;
}

/** Reads from left to right: `not` binds tighter than `and`, and that tighter than `or`. */
class Parser {
  private readonly tokens: Token[];
  private next = 0;
  private comparisons = 0;

  constructor(private readonly text: string) {
    if (text.length > LONGEST) throw invalidFilter(`A filter is at most ${LONGEST} characters.`);
    this.tokens = tokensOf(text);
  }

  or(depth: number): Filter {
    return this.joined('or', () => this.joined('and', () => this.term(depth)));
  }

  path(): AttributePath {
    const token = this.take();
    const path = token.kind === 'word' ? readAttributePath(token.text) : null;
    return path ?? this.refuse(token, 'the name of an attribute');
  }

  /** `[…]` if it is there. */
  bracket(depth: number): Filter | null {
    if (!this.isSign('[')) return null;
    this.take();
    const filter = this.or(this.deeper(depth));
    this.expect(']');
    return filter;
  }

  subAfterBracket(): string | null {
    const token = this.peek();
    if (token.kind !== 'word') return null;
    this.take();
    return /^\.([A-Za-z$][\w$-]*)$/.exec(token.text)?.[1] ?? this.refuse(token, 'a sub-attribute');
  }

  end(): void {
    if (this.peek().kind !== 'end') this.refuse(this.peek(), 'the end');
  }

  private joined(kind: 'and' | 'or', read: () => Filter): Filter {
    const parts = [read()];
    while (this.isWord(kind)) {
      this.take();
      parts.push(read());
    }
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  private term(depth: number): Filter {
    if (this.isWord('not') && this.tokens[this.next + 1]?.text === '(') {
      this.take();
      return { kind: 'not', part: this.group(depth) };
    }
    if (this.isSign('(')) return this.group(depth);
    const path = this.path();
    const filter = this.bracket(depth);
    if (filter) return { kind: 'where', path, filter };
    if (++this.comparisons > MOST_COMPARISONS)
      throw invalidFilter(`A filter compares at most ${MOST_COMPARISONS} times.`);
    const token = this.take();
    const operator = token.text.toLowerCase();
    if (operator === 'pr') return { kind: 'present', path };
    if (!(COMPARISONS as readonly string[]).includes(operator)) this.refuse(token, 'an operator');
    return { kind: 'compare', path, operator: operator as Comparison, value: this.value() };
  }

  private group(depth: number): Filter {
    this.take();
    const filter = this.or(this.deeper(depth));
    this.expect(')');
    return filter;
  }

  private value(): string | number | boolean | null {
    const token = this.take();
    if (token.kind === 'string') return this.string(token);
    const word = token.text.toLowerCase();
    if (token.kind !== 'word') this.refuse(token, 'a value');
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(word)
      ? Number(word)
      : this.refuse(token, 'a value: text stands in quotes');
  }

  /** A string as JSON writes it, that the database can hold. */
  private string(token: Token): string {
    try {
      const text = JSON.parse(token.text) as string;
      if (text.isWellFormed() && !text.includes('\0')) return text;
    } catch {
      // said below
    }
    return this.refuse(token, 'a string of JSON');
  }

  private deeper(depth: number): number {
    if (depth >= DEEPEST) throw invalidFilter(`A filter is at most ${DEEPEST} levels deep.`);
    return depth + 1;
  }

  private peek(): Token {
    return this.tokens[this.next]!;
  }

  private take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.next++;
    return token;
  }

  private isSign(sign: string): boolean {
    return this.peek().kind === 'sign' && this.peek().text === sign;
  }

  private isWord(word: string): boolean {
    return this.peek().kind === 'word' && this.peek().text.toLowerCase() === word;
  }

  private expect(sign: string): void {
    if (!this.isSign(sign)) this.refuse(this.peek(), `"${sign}"`);
    this.take();
  }

  private refuse({ at, kind }: Token, expected: string): never {
    const place = kind === 'end' ? 'at its end' : `at "${this.text.slice(at, at + 40)}"`;
    throw invalidFilter(`${expected} is expected ${place}.`);
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) throw invalidFilter(`A string is not closed at "${text.slice(from, from + 40).trim()}".`);
    const [, sign, string, word] = found;
    const kind = sign ? 'sign' : string ? 'string' : 'word';
    const part = (sign ?? string ?? word)!;
    tokens.push({ kind, text: part, at: TOKEN.lastIndex - part.length });
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}
