import { MOST_HITS, type PersonQuery } from '../adapter.js';
import { fieldsOf } from '../mapping.js';
import type { Dialect, Statement } from './connection.js';
import type { DatabaseSettings } from './settings.js';

/** The column under which the time of a change is read, as text. */
export const CHANGED = 'vestibule_changed';

/** A little of what was read is read again: a transaction may be committed after one that began later. */
const OVERLAP_MINUTES = 5;

/** A place in a list that is sorted by the time of change, and by key among equal times. */
export interface ChangePlace {
  changed: string;
  /** Null: from the time on, and from a little before it. */
  key: string | null;
}

/**
 * The statements that are asked of a database: the administrator's query as a table named `people`, and around it what
 * is wanted of it. Names of columns are quoted, values are bound: nothing that a person gave is part of a statement.
 */
export class Statements {
  readonly #from: string;
  readonly #columns: string;
  readonly #key: string;

  constructor(
    private readonly dialect: Dialect,
    private readonly settings: DatabaseSettings,
  ) {
    const { query, mapping, removedColumn } = settings;
    const columns = new Set([...fieldsOf(mapping), ...(removedColumn ? [removedColumn] : [])]);
    // The query ends with the line: it may end with a comment.
    this.#from = `from (${query}\n) as people`;
    this.#columns = [...columns].map((name) => this.#column(name)).join(', ');
    this.#key = this.#column(mapping.key);
  }

  count(): Statement {
    return { text: `select count(*) as count ${this.#from}`, values: [] };
  }

  byKey(key: string): Statement {
    return this.#where(`${this.#key} = ${this.dialect.parameter(1)}`, [key], 'limit 2');
  }

  /** Null when the mapping has no column to compare. One more than may be found. */
  search(query: PersonQuery): Statement | null {
    const { mapping } = this.settings;
    const isEmail = 'email' in query;
    const columns = isEmail
      ? mapping.emails
      : mapping.identifiers.filter(({ type }) => type === query.identifier.type).map(({ field }) => field);
    if (!columns.length) return null;
    const conditions = columns.map((name, index) => {
      const parameter = this.dialect.parameter(index + 1);
      return isEmail ? `lower(${this.#column(name)}) = lower(${parameter})` : `${this.#column(name)} = ${parameter}`;
    });
    const value = isEmail ? query.email : query.identifier.value;
    return this.#where(
      `(${conditions.join(' or ')})`,
      columns.map(() => value),
      `limit ${MOST_HITS + 1}`,
    );
  }

  /** The rows after a key, in the order of keys. */
  page(after: string | null): Statement {
    const end = `order by ${this.#key} limit ${this.settings.pageSize}`;
    if (after === null) return this.#where(`${this.#key} is not null`, [], end);
    return this.#where(`${this.#key} > ${this.dialect.parameter(1)}`, [after], end);
  }

  /** The time of the latest change; of none, the time now. */
  latestChange(): Statement {
    const latest = this.dialect.momentAsText(`max(${this.#changed})`);
    return { text: `select coalesce(${latest}, ${this.dialect.nowAsText}) as ${CHANGED} ${this.#from}`, values: [] };
  }

  changes({ changed, key }: ChangePlace): Statement {
    const { dialect } = this;
    const [first, second, third] = [1, 2, 3].map((number) => dialect.parameter(number)) as [string, string, string];
    const end = `order by ${this.#changed}, ${this.#key} limit ${this.settings.pageSize}`;
    const also = `, ${dialect.momentAsText(this.#changed)} as ${CHANGED}`;
    if (key === null)
      return this.#where(`${this.#changed} >= ${dialect.momentBefore(first, OVERLAP_MINUTES)}`, [changed], end, also);
    const after = `(${this.#changed} > ${first} or (${this.#changed} = ${second} and ${this.#key} > ${third}))`;
    return this.#where(after, [changed, changed, key], end, also);
  }

  get #changed(): string {
    return this.#column(this.settings.changedColumn!);
  }

  #column(name: string): string {
    return `people.${this.dialect.quote(name)}`;
  }

  #where(condition: string, values: string[], end: string, also = ''): Statement {
    return { text: `select ${this.#columns}${also} ${this.#from} where ${condition} ${end}`, values };
  }
}
