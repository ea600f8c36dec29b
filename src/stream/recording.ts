/** What is remembered while a captured function is recorded. */
import { tuningVersion } from '../gpu/choices.js';
import { epoch } from '../gpu/device.js';
import { KindlingError } from '../gpu/errors.js';
import type { Memory } from '../memory/memory.js';
import { meet, type Range } from '../memory/overwrites.js';
import { Pool, type PoolBuffer, pool } from '../memory/pool.js';
import { Scratch } from '../memory/scratch.js';
import type { Encoded } from './commands.js';
import { Fields } from './fields.js';

/** Numbers that the host writes before a step; each is asked for again when the step is replayed. */
export interface Page {
  readonly buffer: PoolBuffer;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Bytes taken so far. */
  used: number;
  readonly fill: (() => void)[];
}

/** Where memory lies: in which, and from where to where. */
export interface Place extends Range {
  readonly root: Memory;
}

/** Whoever owns memory, as far as a recording asks. */
interface Owner {
  readonly isFreed: boolean;
  isStill(memory: Memory): boolean;
}

export class Recording {
  /** Buffers of its own, so that nothing else writes into them between two replays. */
  readonly pool = new Pool(pool());
  /** Those of its temporaries. */
  readonly scratch = new Scratch();
  readonly pages: Page[] = [];
  /** What the function reads and writes of the host. */
  readonly fields = new Fields();
  /** Copies of arguments. */
  readonly inputs = new Set<Memory>();
  /** Tensors whose gradient the function sets or forgets. */
  readonly gradsOf = new Set<object>();
  /** Uploads whose content never changes. */
  readonly constants = new Map<Memory, Owner>();
  /** What was named, by whom. */
  readonly named = new Map<Owner, Memory>();
  /** Memory from outside that the commands name. */
  readonly externals: { readonly owner: Owner; readonly memory: Memory }[] = [];
  /** Its own memory that outlives the step: results, and gradients that no arena holds. */
  readonly survivors = new Map<Owner, Memory>();
  /** Memory that is written in place: from outside, once it is planned. */
  readonly overwritten = new Set<Memory>();
  commands: readonly Encoded[] = [];
  readonly #tuning = tuningVersion();
  readonly #epoch = epoch();
  /** What is to hold when the function has ended; each throws where it does not. */
  readonly atEnd: (() => void)[] = [];
  /** The first thing done that cannot be captured. */
  failure: KindlingError | null = null;
  /** Its commands could not run, at least not all. */
  broken = false;

  /** The function sets the gradient of a tensor, or forgets it. */
  setGrad(tensor: object): void {
    this.fields.own(tensor, 'grad');
    this.gradsOf.add(tensor);
  }

  /** Takes over what was planned, and keeps the buffers that it names. */
  planned(commands: readonly Encoded[]): void {
    this.commands = commands;
    for (const [owner, memory] of this.named) {
      const { root } = memory;
      if (!root.buffer || this.constants.has(root)) continue;
      if (root.owner !== this.pool) this.externals.push({ owner, memory });
      else if (!root.discarded) {
        root.pinned = true;
        this.survivors.set(owner, root);
      }
    }
    this.named.clear();
    for (const memory of this.overwritten) {
      const { buffer, owner } = memory.root;
      if (!buffer || owner === this.pool) this.overwritten.delete(memory);
    }
  }

  /** Whether it writes in place what lies at a place, or some of it. */
  overwrites(place: Place | null): boolean {
    for (const memory of this.overwritten) if (place?.root === memory.root && meet(place, memory)) return true;
    return false;
  }

  /** What the function would find changed, or null. */
  get changed(): string | null {
    return this.fields.changed;
  }

  /** Whether it can run, what it names is still where it was, and kernels are chosen as they were. */
  get holds(): boolean {
    if (this.broken || this.#epoch !== epoch() || this.#tuning !== tuningVersion()) return false;
    // A range whose owner is gone still lies in its arena.
    return this.externals.every(({ owner, memory }) => (owner.isFreed ? memory.home !== null : owner.isStill(memory)));
  }

  /** Gives its buffers back; those of results when their owners free them. */
  drop(): void {
    if (this.#epoch !== epoch()) return;
    const to = pool();
    for (const memory of [...this.survivors.values(), ...this.constants.keys()]) {
      memory.pinned = false;
      memory.owner = to;
    }
    for (const [memory, owner] of this.constants) if (owner.isFreed) memory.giveBack();
    this.pool.drain();
    this.scratch.drop();
    this.commands = [];
  }
}

let active: Recording | null = null;

/** The recording that is under way. */
export const recording = (): Recording | null => active;

function withActive<T>(made: Recording | null, body: () => T): T {
  const before = active;
  active = made;
  try {
    return body();
  } finally {
    active = before;
  }
}

/** Records what `body` does. */
export const withRecording = <T>(made: Recording, body: () => T): T => withActive(made, body);

/** Runs `body`, which makes what lasts and reads what replays look up for themselves: nothing of it is recorded. */
export const unrecorded = <T>(body: () => T): T => withActive(null, body);

/** A recording under way is replayed only while `holds` returns true. @param what is named where it does not */
export function guard(what: string, holds: () => boolean): void {
  active?.fields.guard(what, holds);
}

/** A recording under way is replayed only while a field is the same. */
export function seeField(of: object, name: PropertyKey): void {
  active?.fields.see(of, name);
}

/** Has `check` called when the function of a recording under way has ended. */
export function checkAtEnd(check: () => void): void {
  active?.atEnd.push(check);
}

/** The value of a private field: a recording under way is replayed only while it is the same. */
export function readField<T>(of: object, name: PropertyKey, get: () => T): T {
  active?.fields.read(of, name, get);
  return get();
}

/** Says that a field is about to be written: each replay of a recording under way writes it too. */
export function writeField(of: object, name: PropertyKey): void {
  active?.fields.write(of, name);
}

/** Throws if a recording is under way: `what` cannot be repeated; `remedy` says what to do instead. */
export function refuseInCapture(what: string, remedy: string): void {
  if (!active) return;
  active.failure ??= new KindlingError(`capture: ${what} inside a captured function. ${remedy}`);
  throw active.failure;
}
