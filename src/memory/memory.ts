/**
 * A piece of GPU memory as commands name it. Its buffer is found only when the batch that first names it is planned
 * (plan.ts): a temporary then shares one with others that are done, and what nobody reads never gets any.
 */
import { epoch } from '../gpu/device.js';
import type { KindlingError } from '../gpu/errors.js';
import { now, Overwrites, type Range } from './overwrites.js';
import { type Pool, type PoolBuffer, pool } from './pool.js';

/** Bytes of a buffer's memory that hold nothing to be relied on. */
export interface Damage extends Range {
  readonly error: KindlingError;
}

/** Ranges of one buffer begin at multiples of this, so the gap up to the next one belongs to the range before. */
const ALIGNMENT = 256;

let memories = 0;

export class Memory implements Range {
  readonly id = memories++;
  /** A multiple of 4; of memory for no element, what the widest element takes: kernels bind it all the same. */
  readonly bytes: number;
  buffer: PoolBuffer | null = null;
  /** Where it lies, if it is a range of another memory: of an arena, say. `offset` is a multiple of 256. */
  home: { readonly memory: Memory; readonly offset: number } | null;
  /** Nobody but commands recorded so far names it any more. */
  discarded = false;
  /** The last batch with a command that names it. */
  batch = -1;
  /** Of the commands of that batch the first that names it, and the last that names it or a range of it. */
  first = -1;
  last = -1;
  /** The pool that its buffer goes back to. */
  owner: Pool = pool();
  /** A recording names its buffer: it is not given back before the recording is dropped. */
  pinned = false;
  /** What of it cannot be relied on (damage.ts), for memory with a buffer of its own. */
  damage: readonly Damage[] | null = null;
  /** Of the device that it lies on. */
  epoch = epoch();
  #overwrites: Overwrites | null = null;

  constructor(bytes: number, home: Memory['home'] = null) {
    this.home = home;
    this.bytes = Math.ceil(bytes / 4) * 4 || 16;
  }

  /** Whether the device that it lies on is gone. */
  get isGone(): boolean {
    return this.root.epoch !== epoch();
  }

  /** The memory that has the buffer: itself, or what it is a range of. */
  get root(): Memory {
    return this.home?.memory ?? this;
  }

  /** The byte of the buffer that it begins at. */
  get start(): number {
    return this.home?.offset ?? 0;
  }

  /** The byte before which it ends. */
  get end(): number {
    return this.start + Math.ceil(this.bytes / ALIGNMENT) * ALIGNMENT;
  }

  /** Notes that the content is overwritten, now or at another time. */
  overwrite(at = now()): void {
    const { root } = this;
    if (at < 0 && !root.#overwrites) return;
    root.#overwrites ??= new Overwrites();
    root.#overwrites.note(this, at);
  }

  /** When the content was last overwritten; -1 for never. */
  get overwritten(): number {
    return this.root.#overwrites?.latest(this) ?? -1;
  }

  /** Whether the content was overwritten at `time` or later. */
  overwrittenSince(time: number): boolean {
    return this.root.#overwrites?.after(time, this) ?? false;
  }

  /** Finds a buffer now, for a write of the host. */
  materialize(from: Pool = pool()): PoolBuffer {
    const { root } = this;
    if (!root.buffer || root.buffer.failure) {
      root.owner = from;
      root.buffer = from.acquire(root.bytes);
    }
    return root.buffer;
  }

  /** Gives the buffer back. */
  giveBack(): void {
    if (this.pinned) return;
    if (this.buffer) this.owner.release(this.buffer);
    this.buffer = null;
  }
}
