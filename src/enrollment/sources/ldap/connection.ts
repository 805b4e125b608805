import type { Socket } from 'node:net';
import { Client, ResultCodeError } from 'ldapts';
import { SourceErrorCode } from '../../../entities/source-enums.js';
import type { Outbound } from '../../../outbound.js';
import { SourceError } from '../source-error.js';
import { unreadable } from '../wire/bounded-stream.js';
import { connect, readSome, secure } from '../wire/connect.js';
import { CheckedStream } from './checked-stream.js';
import { checkMessage, MalformedMessage, messageLength } from './check-message.js';

export interface DirectoryAddress {
  /** Without brackets. */
  host: string;
  port: number;
  /** `PLAIN` is for the loopback alone. */
  encryption: 'PLAIN' | 'STARTTLS' | 'TLS';
  /** Whom certificates are to come from; null: from those that Node.js trusts. */
  caCertificate: string | null;
  /** Null is anonymous. */
  credentials: { dn: string; password: string } | null;
}

/** What the directory may answer to connecting and binding, in bytes. */
const GREETING_BYTES = 64 * 1024;
/** The request to begin TLS (RFC 4511, 4.14): message 1, an extended request with this name. */
const START_TLS = Buffer.concat([Buffer.from('301d02010177188016', 'hex'), Buffer.from('1.3.6.1.4.1.1466.20037')]);

/** One connection to a directory, bound. Referrals are followed nowhere. */
export class DirectoryConnection {
  private constructor(
    readonly client: Client,
    private readonly stream: CheckedStream,
  ) {}

  /** Rejects with SourceError, or with what the network says. */
  static async open(address: DirectoryAddress, outbound: Outbound, signal: AbortSignal): Promise<DirectoryConnection> {
    const { host, port, encryption, caCertificate } = address;
    const socket = await connect(host, port, outbound, signal);
    let opened = socket;
    try {
      if (encryption === 'STARTTLS') await startTls(socket, signal);
      if (encryption !== 'PLAIN') opened = await secure(socket, host, caCertificate, signal);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    const stream = new CheckedStream(opened);
    // The library makes no connection of its own: it is given this one, which is open already.
    const createConnection = () => {
      if (stream.destroyed) throw new SourceError(SourceErrorCode.UNREACHABLE, 'The source ended the connection.');
      return stream as unknown as Socket;
    };
    const client = new Client({ url: 'ldap://directory', createConnection });
    const connection = new DirectoryConnection(client, stream);
    const { credentials } = address;
    if (credentials) {
      await connection.run(GREETING_BYTES, signal, () => client.bind(credentials.dn, credentials.password));
    } else {
      // Connects without asking for anything.
      stream.on('error', () => undefined);
    }
    return connection;
  }

  get isOpen(): boolean {
    return !this.stream.destroyed;
  }

  /** One request, whose answers may have so many bytes. A failure of it ends the connection. */
  async run<Result>(mostBytes: number, signal: AbortSignal, request: () => Promise<Result>): Promise<Result> {
    const stop = () => this.stream.destroy();
    this.stream.allow(mostBytes);
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      return await request();
    } catch (error) {
      this.close();
      signal.throwIfAborted();
      throw this.stream.failure ?? readLdapError(error);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.stream.on('error', () => undefined).destroy();
  }
}

async function startTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(START_TLS);
  let answer: Buffer = Buffer.alloc(0);
  for (let length: number | null = null; length === null || answer.length < length;) {
    answer = Buffer.concat([answer, await readSome(socket, signal)]);
    try {
      length = messageLength(answer);
      if (answer.length > GREETING_BYTES || (length !== null && answer.length > length)) throw new MalformedMessage();
      if (answer.length === length) checkMessage(answer);
    } catch (error) {
      throw unreadable(error);
    }
  }
  // 0x78: the answer to an extended request; its result comes first, and 0 is success.
  const at = answer.indexOf(Buffer.from([0x0a, 0x01]));
  if (!answer.includes(0x78) || at < 0 || answer[at + 2] !== 0)
    throw new SourceError(SourceErrorCode.MISCONFIGURED, 'The directory does not begin TLS (StartTLS).');
}

const CODES: Record<number, SourceErrorCode> = {
  3: SourceErrorCode.TIMED_OUT,
  4: SourceErrorCode.TOO_MANY_RECORDS,
  11: SourceErrorCode.TOO_MANY_RECORDS,
  7: SourceErrorCode.CREDENTIALS_REFUSED,
  8: SourceErrorCode.CREDENTIALS_REFUSED,
  13: SourceErrorCode.CREDENTIALS_REFUSED,
  48: SourceErrorCode.CREDENTIALS_REFUSED,
  49: SourceErrorCode.CREDENTIALS_REFUSED,
  50: SourceErrorCode.CREDENTIALS_REFUSED,
  12: SourceErrorCode.MISCONFIGURED,
  16: SourceErrorCode.MISCONFIGURED,
  17: SourceErrorCode.MISCONFIGURED,
  18: SourceErrorCode.MISCONFIGURED,
  32: SourceErrorCode.MISCONFIGURED,
  34: SourceErrorCode.MISCONFIGURED,
  51: SourceErrorCode.UNREACHABLE,
  52: SourceErrorCode.UNREACHABLE,
};

const MESSAGES: Partial<Record<SourceErrorCode, string>> = {
  TIMED_OUT: 'The directory needs longer than it allows itself',
  TOO_MANY_RECORDS: 'The directory finds more than it gives',
  CREDENTIALS_REFUSED: 'The directory refuses the name, the password or the rights of this source',
  MISCONFIGURED: 'The directory does not know the base, or cannot be asked like this',
  UNREACHABLE: 'The directory is busy or unavailable',
};

/** What a directory refused, by its result code alone: its own words could hold something of a person. */
function readLdapError(error: unknown): unknown {
  if (!(error instanceof ResultCodeError)) {
    const isLost = /^(Connection closed|Socket (error|connection))/.test((error as Error).message);
    if (isLost)
      return new SourceError(SourceErrorCode.UNREACHABLE, 'The source ended the connection.', { cause: error });
    return error;
  }
  const code = CODES[error.code] ?? SourceErrorCode.BAD_ANSWER;
  const message = `${MESSAGES[code] ?? 'The directory refuses the request'} (LDAP result ${error.code}).`;
  return new SourceError(code, message, { cause: error });
}
