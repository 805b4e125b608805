import { pino, type Logger } from 'pino';

/** What is never written down, wherever it stands in what is logged. */
const REDACTED = [
  'authorization',
  'cookie',
  'code',
  'state',
  'nonce',
  'binding',
  'token',
  'idToken',
  'id_token',
  'access_token',
  'refresh_token',
  'logout_token',
  'client_secret',
  'clientSecret',
  'code_verifier',
  'email',
  'password',
  'params',
  'query',
  'detail',
].filter((name) => name !== 'code');

/** The process's log: one JSON object a line on standard output, or readable text where a person looks at it. */
export function createLog(level: string, destination?: { write: (line: string) => void }): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
      serializers: { error: describeError, err: describeError },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

/** An error with its stack and without the values that libraries hang on it: statements' parameters, answers' bodies. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, stack, cause } = error;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    name,
    message: hideAddresses(error.message),
    ...(typeof code === 'string' ? { errorCode: code } : {}),
    ...(constraint ? { constraint } : {}),
    stack:
      stack &&
      hideAddresses(
        stack
          .split('\n')
          .filter((line) => /^\s+at /.test(line))
          .join('\n'),
      ),
    ...(cause instanceof Error ? { cause: describeError(cause) } : {}),
  };
}

function hideAddresses(text: string): string {
  return text.replace(/[^\s@'"(]+@[^\s@'")]+/g, '[address]');
}
