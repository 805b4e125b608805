/** What the global setup made ready for every test file of this run. */
export type Prepared =
  | { kind: 'EMBEDDED'; folder: string; dump: string }
  | { kind: 'SERVER'; run: string; administratorUrl: string; role: string; password: string; template: string };

const VARIABLE = 'VESTIBULE_TEST_PREPARED';

/** Hands it on to the workers of jest, which inherit the environment. */
export function writePrepared(prepared: Prepared): void {
  process.env[VARIABLE] = JSON.stringify(prepared);
}

export function readPrepared(): Prepared {
  const text = process.env[VARIABLE];
  if (!text) throw new Error(`${VARIABLE} is not set: tests run through jest, whose global setup sets it.`);
  return JSON.parse(text) as Prepared;
}
