import { Duplex } from 'node:stream';
import { SourceErrorCode } from '../../../entities/source-enums.js';
import { SourceError } from '../source-error.js';

/**
 * A connection of which no more bytes are read than are allowed to one request, and that survives what its reader cannot
 * read: libraries for protocols throw where nobody waits for it, which would end the process. `failure` says why it ended.
 * It looks like a socket as far as those libraries look.
 */
export class BoundedStream extends Duplex {
  failure: SourceError | null = null;
  #room = 0;

  /** `inner` is connected. */
  constructor(private readonly inner: Duplex) {
    super({ allowHalfOpen: false });
    inner.on('data', (bytes: Buffer) => {
      if (this.destroyed) return;
      this.#room -= bytes.length;
      if (this.#room < 0) {
        const message = 'The source answers with more than is read of one request.';
        this.fail(new SourceError(SourceErrorCode.TOO_MANY_RECORDS, message));
      } else if (!this.receive(bytes)) {
        inner.pause();
      }
    });
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => this.destroy());
    inner.on('end', () => this.push(null));
  }

  get readyState(): 'open' | 'closed' {
    return this.destroyed ? 'closed' : 'open';
  }

  /** How much may be read from now on. */
  allow(bytes: number): void {
    this.#room = bytes;
  }

  /** Ends the connection, and says why. */
  fail(failure: SourceError): void {
    this.failure ??= failure;
    this.destroy(failure);
  }

  /** Told at once to who waits for it: there is nothing left to connect. */
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...values);
    try {
      return super.emit(event, ...values);
    } catch (error) {
      this.fail(unreadable(error));
      return true;
    }
  }

  /** Gives bytes to the reader; false: it has enough for now. */
  protected receive(bytes: Buffer): boolean {
    return this.push(bytes);
  }

  override _read(): void {
    this.inner.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.inner.write(chunk, encoding, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.inner.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.inner.destroy();
    callback(error);
  }
}

export function unreadable(cause?: unknown): SourceError {
  const message = 'The source answered something that its protocol does not have.';
  return new SourceError(SourceErrorCode.BAD_ANSWER, message, { cause });
}
