import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** Exit codes, of sysexits where it has one. */
export const EXIT = { FAILED: 1, USAGE: 64, UNAVAILABLE: 69, CONFIG: 78 } as const;

/** One command of the command line. */
export interface Command {
  /** How it is called and what its options are, as shown for `--help`. */
  usage: string;
  run: (args: string[]) => Promise<void>;
}

/** The command was called in a way that it does not understand: the usage is shown. */
export class UsageError extends Error {}

/** The command could not do what it was asked, for a reason that the message says. */
export class CommandError extends Error {}

/** Reads options; everything that is not one of them is a {@link UsageError}. */
export function readOptions<Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The value of an option that has to be given. */
export function required(value: string | undefined, name: string): string {
  if (!value?.trim()) throw new UsageError(`--${name} is needed.`);
  return value.trim();
}

/** Takes the first argument as the name of what to do. */
export function readAction<Action extends string>(
  [action, ...rest]: string[],
  actions: readonly Action[],
): [Action, string[]] {
  if (!actions.includes(action as Action)) {
    throw new UsageError(
      action ? `${action} is none of ${actions.join(', ')}.` : `Say what to do: ${actions.join(', ')}.`,
    );
  }
  return [action as Action, rest];
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Rows under their headings, in columns. */
export function sayTable(headings: string[], rows: string[][]): void {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  for (const line of lines)
    say(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}
