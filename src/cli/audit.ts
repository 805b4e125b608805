import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { OperationContext } from '../context.js';
import { uuidOf } from '../database/loaders/ids.js';
import { EmailAddress } from '../entities/email-address.js';
import { eraseUser } from '../events/erase.js';
import { exportEvents } from '../events/export.js';
import { readHead } from '../events/linked-event.js';
import { type AskedEvents, EventFilterError, readEventFilter } from '../events/read-filter.js';
import type { Anchor, ChainProblem } from '../events/verify-chain.js';
import { UnreadableExport, verifyExport } from '../events/verify-export.js';
import { verifyLog } from '../events/verify-log.js';
import { type Command, CommandError, readAction, readOptions, required, say, UsageError } from './command.js';
import { operatorContext, withServices } from './services.js';

const ACTIONS = ['verify', 'head', 'export', 'erase'] as const;

export const auditCommand: Command = {
  usage: `Usage: npm run cli -- audit verify [--head <sequence>:<hash>] [--file <export>]
       npm run cli -- audit head
       npm run cli -- audit export [--organization <id>] [--user <id>] [--actor <id>] [--type <type> …]
                                   [--since <time>] [--until <time>]
       npm run cli -- audit erase --user <id or address> --reason <text>

verify          Walks the chain of events and says what is wrong and where; exit code 1 when something is.
  --head        A head that was kept elsewhere: the log must still contain it.
  --file        Verifies an export without a filter instead of the database; "-" reads standard input.
head            Prints the end of the chain, to be kept elsewhere.
export          Writes events to standard output, a JSON object a line, as GET /audit.ndjson does.
erase           Takes out of the log what it says about a user. The chain stays whole. It cannot be undone.

All take --tenant <slug>, "default" unless said otherwise. docs/audit.md says more.`,

  async run(args) {
    const [action, rest] = readAction(args, ACTIONS);
    if (action === 'verify') return verify(rest);
    if (action === 'head') return head(rest);
    if (action === 'export') return write(rest);
    return erase(rest);
  },
};

const TENANT = { tenant: { type: 'string', default: 'default' } } as const;

async function verify(args: string[]): Promise<void> {
  const options = readOptions(args, { ...TENANT, head: { type: 'string' }, file: { type: 'string' } });
  const anchor = options.head === undefined ? null : readAnchor(options.head);
  if (options.file !== undefined) return verifyFile(options.file, anchor);
  await withServices(async (services) => {
    const { tenant } = await operatorContext(services, options.tenant);
    const report = await verifyLog(services, tenant.id, { anchor, onProgress: tellProgress() });
    const { pending } = report;
    const waiting = pending ? ` ${pending} more ${pending === 1 ? 'waits' : 'wait'} to be chained.` : '';
    conclude(report, `${report.events} events are as they were written.${waiting}`);
  });
}

async function verifyFile(file: string, anchor: Anchor | null): Promise<void> {
  try {
    const lines = file === '-' ? readLines(process.stdin) : (await open(file)).readLines({ encoding: 'utf8' });
    const report = await verifyExport(lines, { anchor, onProgress: tellProgress() });
    const from = report.start.sequence + 1;
    conclude(report, `${report.events} events of the file, from ${from} on, are as they were written.`);
  } catch (error) {
    if (error instanceof UnreadableExport) throw new CommandError(error.message);
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall) throw new CommandError(`The file ${file} cannot be read (${code}).`);
    throw error;
  }
}

async function* readLines(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  yield rest;
}

function conclude({ problems, head }: { problems: ChainProblem[]; head: Anchor }, success: string): void {
  if (problems.length) {
    const lines = problems.map(({ sequence, eventId, message }) => {
      const place = [sequence === null ? 'An event' : `Event ${sequence}`, eventId && `(evt_${eventId})`];
      return eventId ? `${place.join(' ')} ${message}.` : `${message}.`;
    });
    throw new CommandError(`The log is not as it was written:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }
  say(success);
  say(`Head: ${head.sequence}:${head.hash}`);
}

function tellProgress(): (events: number) => void {
  let next = 100_000;
  return (events) => {
    if (events < next) return;
    process.stderr.write(`${events} events\n`);
    next = events + 100_000;
  };
}

function readAnchor(text: string): Anchor {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  if (!sequence) throw new UsageError('--head is what "audit head" prints: <sequence>:<hash>.');
  return { sequence: Number(sequence), hash: hash! };
}

async function head(args: string[]): Promise<void> {
  const options = readOptions(args, TENANT);
  await withServices(async (services) => {
    const { tenant } = await operatorContext(services, options.tenant);
    const known = await readHead(services.database, tenant.id);
    if (!known?.sequence) throw new CommandError('There are no chained events yet.');
    say(`${known.sequence}:${known.hash}`);
  });
}

async function write(args: string[]): Promise<void> {
  const options = readOptions(args, {
    ...TENANT,
    organization: { type: 'string' },
    user: { type: 'string' },
    actor: { type: 'string' },
    type: { type: 'string', multiple: true },
    since: { type: 'string' },
    until: { type: 'string' },
  });
  const asked: AskedEvents = {
    ...(options.organization === undefined ? {} : { organizationId: options.organization }),
    ...(options.user === undefined ? {} : { userId: options.user }),
    ...(options.actor === undefined ? {} : { actorUserId: options.actor }),
    ...(options.type === undefined ? {} : { types: options.type }),
    ...(options.since === undefined ? {} : { since: readTime('since', options.since) }),
    ...(options.until === undefined ? {} : { until: readTime('until', options.until) }),
  };
  const filter = readFilter(asked);
  await withServices(async (services) => {
    const context = await operatorContext(services, options.tenant);
    const lines = await exportEvents(context, {
      filter,
      asked: asked as Record<string, unknown>,
      seesOrigin: () => true,
    });
    await pipeline(Readable.from(lines, { highWaterMark: 1 }), process.stdout, { end: false });
  });
}

function readTime(name: string, text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new UsageError(`--${name} is a moment such as 2026-11-21T13:00:00Z.`);
  return time;
}

function readFilter(asked: AskedEvents) {
  try {
    return readEventFilter(asked);
  } catch (error) {
    if (error instanceof EventFilterError) throw new UsageError(error.message);
    throw error;
  }
}

async function erase(args: string[]): Promise<void> {
  const options = readOptions(args, { ...TENANT, user: { type: 'string' }, reason: { type: 'string' } });
  const user = required(options.user, 'user');
  const reason = required(options.reason, 'reason');
  await withServices(async (services) => {
    const context = await operatorContext(services, options.tenant);
    const userId = uuidOf('User', user) ?? (await findByAddress(context, user));
    const events = await eraseUser(context, { userId, reason });
    say(events ? `${events} events hold nothing of ${user} any more.` : `No event holds anything of ${user}.`);
  });
}

async function findByAddress({ database, tenant }: OperationContext, text: string): Promise<string> {
  const address = EmailAddress.parse(text);
  if (!address) throw new UsageError(`--user is the id of a user (usr_…) or an address; ${text} is neither.`);
  const [user] = await database.read<{ id: string }>(
    tenant.id,
    'select id from users where tenant_id = $1 and email_normalized = $2',
    [tenant.id, address.normalized],
  );
  if (!user) throw new CommandError(`There is no user ${text} in the tenant ${tenant.slug}.`);
  return user.id;
}
