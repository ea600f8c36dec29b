/**
 * Who owns GPU memory. A `Storage` is the memory of one or more tensors. Inside a step it belongs to that step and is
 * freed at its end; outside, it lives until `free()` or until nothing refers to it any more.
 */

import { device } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { collectedOne } from '../memory/budget.js';
import { Memory } from '../memory/memory.js';
import { now } from '../memory/overwrites.js';
import { checkSize } from '../memory/pool.js';
import { delivered, readback } from './readback.js';
import { type Place, recording, refuseInCapture, unrecorded } from './recording.js';
import { areConstant, enclosingStep, runningScope, runningStep, type Scope } from './scope.js';
import { clear, copy, discard, flush, isNamedSince, write } from './stream.js';

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
  #parent: Storage | null;
  #scope: Scope | null = null;
  /** The content, or its promise, where it comes back to the host. Whoever binds the memory again puts an end to that. */
  #host: ArrayBuffer | Promise<ArrayBuffer> | null = null;
  /** Whether it is a range into which others will write: what gradients of leaves lie in. */
  isPassing = false;
  /** Somebody outside of steps was given it: no step frees it any more. */
  #isGiven = false;

  /** @param data the content; without it the content is undefined until a kernel writes it */
  constructor(
    bytes: number,
    data?: ArrayBufferView | 'zeros',
    memory: Memory = new Memory(bytes),
    parent: Storage | null = null,
  ) {
    checkSize(memory.bytes);
    this.#parent = parent;
    this.#memory = memory;
    this.bytes = memory.bytes;
    if (data) {
      if (!areConstant()) refuseInCapture('a tensor is made from data of the host', UPLOAD);
      if (recording()) memory.pinned = true;
      recording()?.constants.set(memory, this);
      if (data === 'zeros') clear(memory);
      else if (data.byteLength > 0) write(memory, data);
    }
    this.#giveTo(runningScope());
  }

  /** A range of another storage. It can be named as long as that one lives. */
  static within(parent: Storage, offset: number, bytes: number): Storage {
    return new Storage(bytes, undefined, new Memory(bytes, { memory: parent.memory(), offset }), parent);
  }

  /** The content, where it has come back to the host. */
  get #arrived(): ArrayBuffer | null {
    return this.#host instanceof ArrayBuffer ? this.#host : null;
  }

  get isFreed(): boolean {
    return !this.#memory && !this.#arrived;
  }

  /** Whether commands may name it. */
  get isUsable(): boolean {
    return this.#memory ? !this.#memory.isGone : this.#arrived !== null;
  }

  /** Whether a running step frees it at its end. */
  get isTemporary(): boolean {
    return this.#scope !== null;
  }

  /** What commands name. @throws KindlingError if the memory was freed */
  memory(): Memory {
    if (!this.#memory) {
      const content = this.#arrived;
      if (!content) {
        refuseInCapture('a tensor is used that was freed when its step ended,', CARRY);
        refuse(FREED);
      }
      const memory = new Memory(this.bytes);
      unrecorded(() => write(memory, new Uint8Array(content)));
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
    if (!this.#memory) return null;
    const { root, start, end } = this.#memory;
    return { root, start, end };
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
    return this.#memory?.root === parent.#memory && this.#memory?.start === offset;
  }

  /**
   * Moves the content to a range of `parent`. What a command of the running batch is still to write is written there at
   * once, unless a later command, or that one itself, reads what lies there; else it is copied.
   */
  moveInto(parent: Storage, offset: number): void {
    this.#move({ memory: parent.memory(), offset }, parent);
  }

  /** Moves the content out of the range where it lies, into which others will write; then as {@link retire}. */
  moveOut(): void {
    this.#move(null, null);
  }

  #move(home: Memory['home'], parent: Storage | null): void {
    const former = this.memory();
    const at = former.overwritten;
    if (home && !former.buffer && !former.home && !isNamedSince(home.memory, former)) former.home = home;
    else {
      this.#memory = new Memory(this.bytes, home);
      copy(former, this.#memory);
      discard(former);
    }
    this.memory().overwrite(at); // For those who have read it, nothing has changed.
    this.#parent = parent;
    this.#giveTo(parent ? null : runningScope());
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
    if (this.#scope) this.#giveTo(runningStep());
  }

  /**
   * Hands the memory to the running step, which frees it at its end; without one, to the garbage collector. From a range it
   * moves out: the copy is dropped unless somebody reads it in the step.
   */
  retire(): void {
    if (this.#isGiven || !this.#memory) return;
    if (this.#parent && runningStep()) this.moveOut();
    else this.#giveTo(runningScope());
  }

  /** The step ends that made it: frees it, if it is still that step's. */
  leave(scope: Scope): void {
    if (this.#scope === scope) this.free();
  }

  /** Hands a step's result to whoever runs the step. */
  outlive(scope: Scope): void {
    const isMade = this.#scope === scope;
    const outer = enclosingStep();
    if (outer || recording()) {
      if (isMade) this.#giveTo(outer);
    } else if (isMade) this.comeBackIfSmall();
    else this.give();
  }

  /** Another owner of the same memory, for memory that a recording pins or an arena holds. */
  again(): Storage {
    if (!this.#memory) refuse(FREED);
    return new Storage(this.bytes, undefined, this.#memory, this.#parent);
  }

  #giveTo(scope: Scope | null): void {
    this.#scope = scope;
    collected.unregister(this);
    if (scope) scope.push(this);
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
  'this tensor was freed. What a step makes lives until the step ends: return it from the step, or pass it to keep()';

/** What to do with what goes on from one call of a captured function to the next. */
export const CARRY =
  'Write what goes on into a tensor made outside, total.copy_(total.add(x)), or pass it as an argument.';

const GONE =
  'this tensor lies on a device that was lost, or given back by destroy(). Make it anew: models, optimizers and data sets too';

const UPLOAD = 'Make the tensor outside, or pass it as an argument.';
