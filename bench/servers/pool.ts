import pg from 'pg';

export const POOL_SIZE = 10;

let statements = 0;

/** How many statements this process has sent. */
export function countStatements(): number {
  return statements;
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: POOL_SIZE, idleTimeoutMillis: 30_000 });

/** Runs one prepared statement. */
export async function run<Row>(name: string, text: string, values: unknown[]): Promise<Row[]> {
  statements++;
  return (await pool.query({ name, text, values })).rows as Row[];
}
