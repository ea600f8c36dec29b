/**
 * Who owns GPU memory. A `Storage` is the memory of one or more tensors. Inside a step it belongs to that step and is
 * freed at its end; outside, it lives until `free()` or until nothing refers to it any more.
 */

import { device } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { collectedOne, madeOutside } from '../memory/budget.js';
import { Memory } from '../memory/memory.js';
import { now } from '../memory/overwrites.js';
import { checkSize } from '../memory/pool.js';
import { delivered, readback } from './readback.js';
import { type Place, type Recording, recording, refuseInCapture, unrecorded } from './recording.js';
import { clear, copy, currentBatch, discard, dispatch, flush, isNamedSince, write } from './stream.js';

/** The storages made inside one step. */
class Scope {
  readonly owned: Storage[] = [];
}

const scopes: Scope[] = [];
const collected = new FinalizationRegistry<Memory>((memory) => {
  collectedOne(memory);
  discard(memory);
});

/** Results of a step up to this size come back with the step itself, and their GPU memory is freed when they have. */
const READ_WITH_STEP_BYTES = 4096;

export class Storage {
  /** Bytes that tensors use; a multiple of 4, and at least that. */
  readonly bytes: number;
  /** When it was made, by the time of overwrites.ts. */
  readonly born = now();
  #memory: Memory | null;
  /** Keeps alive what this is a range of. */
  #parent: Storage | null = null;
  #scope: Scope | null = null;
  /** The content, or its promise, where it comes back to the host. Whoever binds the memory again puts an end to that. */
  #host: ArrayBuffer | Promise<ArrayBuffer> | null = null;
  /** Whether it is a range into which others will write: what gradients of leaves lie in. */
  isPassing = false;
  /** Somebody outside of steps was given it: no step frees it any more. */
  #isGiven = false;

  /** @param data the content; without it the content is undefined until a kernel writes it */
  constructor(bytes: number, data?: ArrayBufferView | 'zeros', memory: Memory = new Memory(bytes)) {
    checkSize(memory.bytes);
    this.#memory = memory;
    this.bytes = memory.bytes;
    if (data) {
      if (!constantsAllowed) refuseInCapture('a tensor is made from data of the host', UPLOAD);
      if (recording()) memory.pinned = true;
      recording()?.constants.set(memory, this);
      if (data === 'zeros') clear(memory);
      else if (data.byteLength > 0) write(memory, data);
    }
    this.#giveTo(scopes.at(-1) ?? null);
  }

  /** Memory for as long as the outermost step runs. */
  static forStep(bytes: number): Storage {
    const made = new Storage(bytes);
    made.#giveTo(scopes[0] ?? null);
    return made;
  }

  /** A range of another storage. It can be named as long as that one lives. */
  static within(parent: Storage, offset: number, bytes: number): Storage {
    const memory = new Memory(bytes);
    memory.home = { memory: parent.memory(), offset };
    const made = new Storage(bytes, undefined, memory);
    made.#parent = parent;
    return made;
  }

  get isFreed(): boolean {
    return this.#memory === null && !(this.#host instanceof ArrayBuffer);
  }

  /** Whether commands may name it. */
  get isUsable(): boolean {
    return this.#memory ? !this.#memory.isGone : this.#host instanceof ArrayBuffer;
  }

  /** Whether a running step frees it at its end. */
  get isTemporary(): boolean {
    return this.#scope !== null;
  }

  /** What commands name. @throws KindlingError if the memory was freed */
  memory(): Memory {
    if (!this.#memory) {
      if (!(this.#host instanceof ArrayBuffer)) {
        refuseInCapture('a freed tensor is used', CARRIED);
        refuse(FREED);
      }
      const content = new Uint8Array(this.#host);
      const memory = new Memory(this.bytes);
      unrecorded(() => write(memory, content));
      this.#memory = memory;
      this.#giveTo(null);
    }
    if (this.#memory.isGone) {
      device(); // Says so where there is none.
      refuse(GONE);
    }
    this.#host = null; // A kernel or the host may write now: from here on the GPU's content counts.
    recording()?.named.set(this, this.#memory);
    return this.#memory;
  }

  /** Whether commands that named `memory` for this storage still name the right one. */
  isStill(memory: Memory): boolean {
    return this.#memory === memory;
  }

  /** Where it is: storages of the same memory have equal ones. Null once freed. */
  get place(): Place | null {
    return this.#memory && { memory: this.#memory.root, offset: this.#memory.home?.offset ?? 0 };
  }

  /** Reads the content back. */
  read(): Promise<ArrayBuffer> {
    if (this.#host) return delivered(this.#host);
    const content = readback(this.memory());
    flush();
    return delivered(content);
  }

  /** Overwrites the content from the host. */
  write(data: ArrayBufferView): void {
    refuseInCapture('the host writes into a tensor', UPLOAD);
    if (data.byteLength > this.bytes) refuse(`write: ${data.byteLength} bytes into ${this.bytes}`);
    this.overwrite();
    write(this.memory(), data);
  }

  /** Overwrites the content with another storage's. */
  copyFrom(source: Storage): void {
    this.overwrite();
    copy(source.memory(), this.memory());
  }

  /** Notes that a command recorded next overwrites the content. */
  overwrite(): void {
    const memory = this.memory();
    memory.overwrite();
    recording()?.overwritten.add(memory);
  }

  /** Whether what it held before `time` was overwritten since. */
  overwrittenSince(time: number): boolean {
    return this.born < time && (this.#memory?.overwrittenSince(time) ?? false);
  }

  /** Whether it lies at `offset` of `parent`. */
  liesIn(parent: Storage, offset: number): boolean {
    const { place } = this;
    return place?.memory === parent.#memory && place.offset === offset;
  }

  /**
   * Moves the content to a range of `parent`. What a command of the running batch is still to write is written there at
   * once, unless a later command, or that one itself, reads what lies there; else it is copied.
   */
  moveInto(parent: Storage, offset: number): void {
    const former = this.memory();
    const to = parent.memory();
    const at = former.overwritten;
    const home = { memory: to, offset };
    if (former.buffer === null && former.home === null && !isNamedSince(to, former)) former.home = home;
    else this.#copyTo(home);
    this.memory().overwrite(at); // For those who have read it, nothing has changed.
    this.#parent = parent;
    this.keep();
  }

  /** Moves the content out of the range where it lies, into which others will write; then as {@link retire}. */
  moveOut(): void {
    const at = this.memory().overwritten;
    this.#copyTo(null);
    this.memory().overwrite(at);
    this.#parent = null;
    this.#giveTo(scopes.at(-1) ?? null);
  }

  #copyTo(home: Memory['home']): void {
    const former = this.memory();
    this.#memory = new Memory(this.bytes);
    this.#memory.home = home;
    copy(former, this.#memory);
    discard(former);
  }

  /** Gives the memory back now. Using it afterwards is an error. */
  free(): void {
    if (this.#memory) discard(this.#memory);
    this.#memory = null;
    this.#host = null;
    collected.unregister(this);
    this.#scope = null;
  }

  /** Takes the memory out of its step: it lives until freed or collected. */
  keep(): void {
    this.#giveTo(null);
  }

  /** Leaves it to whoever holds it: of a gradient, what becomes of the leaf's does not matter. */
  give(): void {
    if (this.#isGiven) return;
    if (this.#parent?.isPassing && this.#memory) this.moveOut();
    this.#isGiven = true;
    this.keep();
  }

  /** What it is a range of, or itself. */
  get whole(): Storage {
    return this.#parent ?? this;
  }

  /** Belongs to the outermost step from now on, if to any. */
  keepForStep(): void {
    if (this.#scope) this.#giveTo(scopes[0] ?? null);
  }

  /**
   * Hands the memory to the running step, which frees it at its end; without one, to the garbage collector. From a range it
   * moves out: the copy is dropped unless somebody reads it in the step.
   */
  retire(): void {
    if (this.#isGiven) return;
    if (this.#parent && scopes.length > 0 && this.#memory) this.moveOut();
    else if (this.#memory) this.#giveTo(scopes.at(-1) ?? null);
  }

  /** Frees what a step made when the step ends. */
  static endScope(scope: Scope): void {
    for (const storage of scope.owned) if (storage.#scope === scope) storage.free();
  }

  /** Hands a step's result to whoever runs the step. */
  outlive(scope: Scope): void {
    const outer = scopes.at(-2);
    if (this.#scope !== scope) {
      if (!outer && !recording()) this.give();
      return;
    }
    if (outer) this.#giveTo(outer);
    else if (recording()) this.#giveTo(null);
    else this.comeBackIfSmall();
  }

  /** Another owner of the same memory, for memory that a recording pins or an arena holds. */
  again(): Storage {
    if (!this.#memory) refuse(FREED);
    const made = new Storage(this.bytes, undefined, this.#memory);
    made.#parent = this.#parent;
    return made;
  }

  #giveTo(scope: Scope | null): void {
    this.#scope = scope;
    collected.unregister(this);
    if (scope) scope.owned.push(this);
    else if (this.#memory) collected.register(this, this.#memory, this);
  }

  /** Lives on; a small content starts to be read back, and when it has come, the GPU memory is free. */
  comeBackIfSmall(): void {
    this.#giveTo(null);
    if (this.bytes > READ_WITH_STEP_BYTES) return;
    const content = readback(this.memory());
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
  'to use it afterwards';

const CARRIED =
  'What a step makes is freed with it, unless returned or kept. Write what goes on into a tensor made outside, ' +
  'total.copy_(total.add(x)), or into a buffer of a module; or pass it as an argument.';

const GONE =
  'this tensor lies on a device that was lost, or given back by destroy(). Make it anew: models, optimizers and data sets too';

const UPLOAD = 'Make the tensor outside, or pass it as an argument.';

let constantsAllowed = false;

/** Runs `body`, whose uploads are the same whenever it runs: a captured step makes them once. */
export function constant<T>(body: () => T): T {
  const before = constantsAllowed;
  constantsAllowed = true;
  try {
    return body();
  } finally {
    constantsAllowed = before;
  }
}

/**
 * Runs `body` in a scope of its own and submits what it recorded.
 *
 * @param results finds the storages of what `body` returned, which outlive the scope
 * @param into keeps what is submitted, to be replayed
 */
export function scoped<T>(body: () => T, results: (value: T) => Iterable<Storage>, into?: Recording): T {
  const scope = new Scope();
  scopes.push(scope);
  try {
    const value = body();
    for (const storage of results(value)) storage.outlive(scope);
    return value;
  } finally {
    Storage.endScope(scope);
    scopes.pop();
    if (scopes.length === 0) {
      flush(into);
    }
  }
}

/** True while a step runs. */
export const insideScope = (): boolean => scopes.length > 0;

/** The outermost step that runs, null outside of steps. */
export const runningStep = (): object | null => scopes[0] ?? null;

/** Outside steps, so many recorded dispatches are submitted without being asked, to keep the device busy. */
const EAGER_BATCH = 64;
let unsubmitted = { batch: -1, dispatches: 0 };

/** Records one dispatch: the kernel's inputs, then its outputs. */
export function run(kernel: Parameters<typeof dispatch>[0], storages: readonly Storage[]): void {
  dispatch(
    kernel,
    storages.map((storage) => storage.memory()),
  );
  if (scopes.length > 0) return;
  madeOutside(storages.at(-1)?.bytes ?? 0);
  const batch = currentBatch();
  if (unsubmitted.batch !== batch) unsubmitted = { batch, dispatches: 0 };
  if (++unsubmitted.dispatches >= EAGER_BATCH) flush();
}
