/** What is remembered while a captured function is recorded. */
import { tuningVersion } from './choices.js';
import { epoch } from './device.js';
import { KindlingError } from './errors.js';
import type { Memory } from './memory.js';
import type { Encoded } from './plan.js';
import { Pool, type PoolBuffer, pool } from './pool.js';

/** Numbers that the host writes before a step; each is asked for again when the step is replayed. */
export interface Page {
  readonly buffer: PoolBuffer;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Bytes taken so far. */
  used: number;
  readonly fill: (() => void)[];
}

/** Whoever owns memory, as far as a recording asks. */
interface Owner {
  readonly isFreed: boolean;
  isStill(memory: Memory): boolean;
}

export class Recording {
  /** Buffers of its own, so that nothing else writes into them between two replays. */
  readonly pool = new Pool(pool());
  readonly pages: Page[] = [];
  /** Conditions under which the recording still says what the function would do. */
  readonly guards: (() => boolean)[] = [];
  /** Uploads whose content never changes. */
  readonly constants = new Map<Memory, Owner>();
  /** What was named, by whom. */
  readonly named = new Map<Owner, Memory>();
  /** Memory from outside that the commands name. */
  readonly externals: { readonly owner: Owner; readonly memory: Memory }[] = [];
  /** Its own memory that outlives the step: results, and gradients that no arena holds. */
  readonly survivors = new Map<Owner, Memory>();
  commands: readonly Encoded[] = [];
  readonly #tuning = tuningVersion();
  readonly #epoch = epoch();
  /** The first thing done that cannot be captured. */
  failure: KindlingError | null = null;
  /** Its commands could not run, at least not all. */
  broken = false;

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
  }

  /** Whether its guards hold. */
  get guarded(): boolean {
    return this.guards.every((holds) => holds());
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
    this.commands = [];
  }
}

let active: Recording | null = null;

/** The recording that is under way. */
export const recording = (): Recording | null => active;

/** Records what `body` does. */
export function withRecording<T>(made: Recording, body: () => T): T {
  active = made;
  try {
    return body();
  } finally {
    active = null;
  }
}

/** A recording under way is replayed only while `holds` returns true. */
export function guard(holds: () => boolean): void {
  active?.guards.push(holds);
}

/** The value of `read`; a recording under way is replayed only while it stays the same. */
export function observed<T>(read: () => T): T {
  const value = read();
  guard(() => read() === value);
  return value;
}

/** Throws if a recording is under way: `what` cannot be repeated; `remedy` says what to do instead. */
export function refuseInCapture(what: string, remedy: string): void {
  if (!active) return;
  active.failure ??= new KindlingError(`capture: ${what} inside a captured function. ${remedy}`);
  throw active.failure;
}
