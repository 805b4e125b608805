import { BoundedStream, unreadable } from '../wire/bounded-stream.js';
import { checkMessage, MalformedMessage, messageLength } from './check-message.js';

/** The connection to a directory, of which whole messages that make sense are passed on, one at a time. */
export class CheckedStream extends BoundedStream {
  #parts: Buffer[] = [];
  #held = 0;
  #wanted: number | null = null;

  protected override receive(bytes: Buffer): boolean {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    // A long message comes in many parts: they are put together once.
    if (this.#wanted !== null && this.#held < this.#wanted) return true;
    try {
      return this.#passOn();
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.fail(unreadable(error));
      return true;
    }
  }

  #passOn(): boolean {
    let bytes = Buffer.concat(this.#parts);
    let hasRoom = true;
    while ((this.#wanted = messageLength(bytes)) !== null && bytes.length >= this.#wanted) {
      const message = bytes.subarray(0, this.#wanted);
      checkMessage(message);
      bytes = bytes.subarray(this.#wanted);
      hasRoom = this.push(message);
    }
    this.#parts = bytes.length ? [bytes] : [];
    this.#held = bytes.length;
    return hasRoom;
  }
}
