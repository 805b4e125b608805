/** A connection that nobody uses is closed after so long: many servers do so themselves. */
const IDLE_MILLISECONDS = 20_000;

interface Connection {
  isOpen: boolean;
  close(): void;
}

/** The connections to one server: each serves one request at a time, and is used again for a while. */
export class IdleConnections<Kind extends Connection> {
  readonly #idle: { connection: Kind; timer: NodeJS.Timeout }[] = [];
  #isClosed = false;

  constructor(private readonly open: (signal: AbortSignal) => Promise<Kind>) {}

  /** Runs `work` with a connection of its own; where it fails, the connection is closed. */
  async use<Result>(signal: AbortSignal, work: (connection: Kind) => Promise<Result>): Promise<Result> {
    const connection = this.#take() ?? (await this.open(signal));
    try {
      const result = await work(connection);
      this.#keep(connection);
      return result;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      connection.close();
    }
  }

  #take(): Kind | null {
    for (let found = this.#idle.pop(); found; found = this.#idle.pop()) {
      clearTimeout(found.timer);
      if (found.connection.isOpen) return found.connection;
    }
    return null;
  }

  #keep(connection: Kind): void {
    if (this.#isClosed || !connection.isOpen) return connection.close();
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((one) => one.connection === connection);
      if (at >= 0) this.#idle.splice(at, 1);
      connection.close();
    }, IDLE_MILLISECONDS).unref();
    this.#idle.push({ connection, timer });
  }
}
