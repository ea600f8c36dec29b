/**
 * Who owns GPU memory. A `Storage` is the memory of one or more tensors. Inside a step it belongs to that step and is
 * freed at its end; outside, it lives until `free()` or until nothing refers to it any more.
 */
import { KindlingError } from './errors.js';
import { acquire, type PoolBuffer, release } from './pool.js';
import { type Binding, copy, currentBatch, flush, readback, write } from './stream.js';

/** The storages made inside one step. */
class Scope {
  readonly owned: Storage[] = [];
}

const scopes: Scope[] = [];
const collected = new FinalizationRegistry<PoolBuffer>(release);

/** Results of a step up to this size come back with the step itself, and their GPU memory is freed when they have. */
const READ_WITH_STEP_BYTES = 4096;

export class Storage {
  /** Bytes that tensors use; a multiple of 4, and at least 4. */
  readonly bytes: number;
  #buffer: PoolBuffer | null;
  #scope: Scope | null = null;
  /** The content, or its promise, where it comes back to the host. Whoever binds the memory again puts an end to that. */
  #host: ArrayBuffer | Promise<ArrayBuffer> | null = null;

  /** @param data the content; without it the content is undefined until a kernel writes it */
  constructor(bytes: number, data?: ArrayBufferView) {
    this.bytes = Math.max(4, Math.ceil(bytes / 4) * 4);
    this.#buffer = acquire(this.bytes, data ? currentBatch() : undefined);
    if (data && data.byteLength > 0) write(this.binding(), data);
    this.#giveTo(scopes.at(-1) ?? null);
  }

  get isFreed(): boolean {
    return this.#buffer === null && !(this.#host instanceof ArrayBuffer);
  }

  /** Whether a running step frees it at its end. */
  get isTemporary(): boolean {
    return this.#scope !== null;
  }

  /** What a dispatch binds. @throws KindlingError if the memory was freed */
  binding(): Binding {
    if (!this.#buffer) {
      if (!(this.#host instanceof ArrayBuffer)) throw new KindlingError(FREED);
      this.#buffer = acquire(this.bytes, currentBatch());
      write({ buffer: this.#buffer, offset: 0, bytes: this.bytes }, new Uint8Array(this.#host));
      this.#giveTo(null);
    }
    this.#host = null; // A kernel or the host may write now: from here on the GPU's content counts.
    return { buffer: this.#buffer, offset: 0, bytes: this.bytes };
  }

  /** Reads the content back. */
  read(): Promise<ArrayBuffer> {
    if (this.#host) return Promise.resolve(this.#host);
    const content = readback(this.binding());
    flush();
    return content;
  }

  /** Overwrites the content from the host. */
  write(data: ArrayBufferView): void {
    if (data.byteLength > this.bytes) throw new KindlingError(`write: ${data.byteLength} bytes into ${this.bytes}`);
    write(this.binding(), data);
  }

  /** Overwrites the content with another storage's. */
  copyFrom(source: Storage): void {
    const from = source.binding();
    copy({ ...from, bytes: Math.min(from.bytes, this.bytes) }, this.binding());
  }

  /** Gives the memory back now. Using it afterwards is an error. */
  free(): void {
    if (this.#buffer) release(this.#buffer);
    this.#buffer = null;
    this.#host = null;
    collected.unregister(this);
    this.#scope = null;
  }

  /** Takes the memory out of its step: it lives until freed or collected. */
  keep(): void {
    this.#giveTo(null);
  }

  /** Hands the memory to the running step, which frees it at its end; without one, to the garbage collector. */
  retire(): void {
    if (this.#buffer) this.#giveTo(scopes.at(-1) ?? null);
  }

  /** Frees what a step made when the step ends. */
  static endScope(scope: Scope): void {
    for (const storage of scope.owned) if (storage.#scope === scope) storage.free();
  }

  /** Hands a step's result to whoever runs the step. */
  outlive(scope: Scope): void {
    if (this.#scope !== scope) return;
    const outer = scopes.at(-2);
    if (outer) this.#giveTo(outer);
    else if (this.bytes > READ_WITH_STEP_BYTES) this.#giveTo(null);
    else this.#comeBack();
  }

  #giveTo(scope: Scope | null): void {
    this.#scope = scope;
    collected.unregister(this);
    if (scope) scope.owned.push(this);
    else if (this.#buffer) collected.register(this, this.#buffer, this);
  }

  /** Starts reading back; when the content has come, the GPU memory is free. */
  #comeBack(): void {
    this.#giveTo(null);
    const content = readback(this.binding());
    this.#host = content;
    content.then(
      (data) => {
        if (this.#host !== content) return;
        this.free();
        this.#host = data;
      },
      () => {}, // Whoever reads the tensor gets the error.
    );
  }
}

const FREED =
  'this tensor was freed. What a step makes lives until the step ends: return it from the step, or pass it to keep(), ' +
  'to use it afterwards. Parameters, their gradients and optimizer state are kept without asking';

/**
 * Runs `body` in a scope of its own and submits what it recorded.
 *
 * @param results finds the storages of what `body` returned, which outlive the scope
 */
export function scoped<T>(body: () => T, results: (value: T) => Iterable<Storage>): T {
  const scope = new Scope();
  scopes.push(scope);
  try {
    const value = body();
    for (const storage of results(value)) storage.outlive(scope);
    return value;
  } finally {
    Storage.endScope(scope);
    scopes.pop();
    if (scopes.length === 0) flush();
  }
}

/** True while a step runs. */
export const insideScope = (): boolean => scopes.length > 0;
