/**
 * A file on a server, read in ranges. A connection that breaks is made again, later each time, and goes on behind the last byte that
 * came. Requests are such as a page may send another host without asking it first: GET, with a range that has a start. A host that
 * redirects to signed addresses, as Hugging Face does, answers neither HEAD nor a question in advance.
 */

/** Attempts in a row that bring nothing new. */
const ATTEMPTS = 6;
const LONGEST_WAIT = 30_000;
/** Milliseconds without a byte after which a connection counts as broken. */
const SILENCE = 30_000;

export interface RemoteOptions {
  readonly signal: AbortSignal;
  /** Bytes that have come; fewer than none where they are to come again. */
  readonly onBytes?: (bytes: number) => void;
  /** Why it waits, and how long; empty once it goes on. */
  readonly onHitch?: (why: string) => void;
  /** Milliseconds before the second attempt, doubled for each further one. Default 1,000. */
  readonly delay?: number | undefined;
}

/** What no further attempt would mend. */
export class RefusedError extends Error {}

export class RemoteFile {
  readonly #url: string;
  readonly #options: RemoteOptions;
  /** All of it, where the server knows no ranges. */
  #whole: Uint8Array<ArrayBuffer> | null = null;
  #size = -1;

  constructor(url: string, options: RemoteOptions) {
    this.#url = url;
    this.#options = options;
  }

  get byteLength(): number {
    return this.#size;
  }

  /** Whether the server gives parts of the file; otherwise all of it has come by now. */
  get hasRanges(): boolean {
    return this.#whole === null;
  }

  /** Learns how long the file is. */
  async open(): Promise<this> {
    await this.#persist(async (attempt) => {
      const response = await this.#ask(0, null, attempt);
      if (response.status === 206) {
        // A page may not see every header of another host; the length it may.
        const [, total] = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
        const size = Number(total ?? response.headers.get('content-length') ?? Number.NaN);
        attempt.abort();
        if (!Number.isSafeInteger(size)) throw new RefusedError(`${this.#url}: the server does not say how long it is`);
        this.#size = size;
      } else await this.#readWhole(response, attempt);
    });
    return this;
  }

  /** Bytes from `start` to before `end`. */
  async slice(start: number, end = this.#size): Promise<ArrayBuffer> {
    if (this.#whole) return this.#whole.slice(start, end).buffer;
    const target = new Uint8Array(end - start);
    let got = 0;
    await this.#persist(
      async (attempt) => {
        const response = await this.#ask(start + got, end, attempt);
        if (response.status !== 206) {
          await this.#readWhole(response, attempt);
          target.set((this.#whole as Uint8Array | null)?.subarray(start, end) ?? []);
          return;
        }
        const said = response.headers.get('content-range');
        if (said !== null && !said.startsWith(`bytes ${start + got}-`)) {
          throw new RefusedError(`${this.#url}: the server gives another part (${said}) than byte ${start + got} on`);
        }
        await attempt.read(response, (chunk) => {
          if (got + chunk.length > target.length)
            throw new RefusedError(`${this.#url}: the server gives more than asked`);
          target.set(chunk, got);
          got += chunk.length;
          this.#options.onBytes?.(chunk.length);
        });
        if (got < target.length) throw new Error(`the connection ended ${target.length - got} bytes early`);
      },
      () => got,
    );
    return target.buffer;
  }

  async #readWhole(response: Response, attempt: Attempt): Promise<void> {
    const length = response.headers.get('content-length');
    const pieces: Uint8Array[] = [];
    let got = 0;
    try {
      await attempt.read(response, (chunk) => {
        pieces.push(chunk);
        got += chunk.length;
        this.#options.onBytes?.(chunk.length);
      });
      if (length !== null && got < Number(length))
        throw new Error(`the connection ended ${Number(length) - got} bytes early`);
    } catch (error) {
      // It begins anew.
      this.#options.onBytes?.(-got);
      throw error;
    }
    const whole = new Uint8Array(got);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.#whole = whole;
    this.#size = got;
  }

  async #ask(start: number, end: number | null, attempt: Attempt): Promise<Response> {
    const response = await fetch(this.#url, {
      headers: { range: `bytes=${start}-${end === null ? '' : end - 1}` },
      signal: attempt.signal,
      // Kept by us; and some hosts refuse pages by their name.
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    if (response.ok) return response;
    const { status, statusText } = response;
    attempt.abort();
    const message = `${this.#url}: the server answers ${status} ${statusText}`.trimEnd();
    throw status >= 500 || status === 408 || status === 429 ? new Error(message) : new RefusedError(message);
  }

  /** Tries until it works, waiting longer each time that an attempt brought nothing. */
  async #persist(work: (attempt: Attempt) => Promise<void>, progress: () => number = () => 0): Promise<void> {
    const { signal, onHitch, delay = 1000 } = this.#options;
    let [failures, furthest] = [0, progress()];
    for (;;) {
      const attempt = new Attempt(signal);
      try {
        await work(attempt);
        if (failures > 0) onHitch?.('');
        return;
      } catch (error) {
        attempt.abort();
        signal.throwIfAborted();
        if (error instanceof RefusedError) throw error;
        failures = progress() > furthest ? 1 : failures + 1;
        furthest = progress();
        const why = error instanceof Error ? error.message : String(error);
        if (failures >= ATTEMPTS) throw new Error(`${this.#url} cannot be reached (${why})`, { cause: error });
        const wait = Math.min(LONGEST_WAIT, delay * 2 ** (failures - 1));
        onHitch?.(`The connection broke (${why}); trying again in ${Math.ceil(wait / 1000)} s.`);
        await sleep(wait, signal);
      } finally {
        attempt.end();
      }
    }
  }
}

/** One request: given up by the reader, or after a long silence. */
class Attempt {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #onAbort = (): void => this.#controller.abort(this.#outer.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    outer.throwIfAborted();
    outer.addEventListener('abort', this.#onAbort);
    this.#heard();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(new Error('the server has fallen silent')), SILENCE);
  }

  async read(response: Response, take: (chunk: Uint8Array) => void): Promise<void> {
    const reader = response.body?.getReader();
    for (;;) {
      const next = await reader?.read();
      if (!next || next.done) return;
      this.#heard();
      take(next.value);
    }
  }

  abort(): void {
    this.#controller.abort();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#onAbort);
  }
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
