/**
 * GPU buffers, kept for reuse. Commands run in the order they were recorded, so a released buffer may be handed out
 * again at once: for a kernel's output, or for a write of the host, which is made before the commands of its own batch
 * and after those of all earlier ones.
 */

import { device, epoch, perDevice } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import { known } from '../known.js';
import { type Allocation, allocate, showBytes } from './allocation.js';
import { collectGarbage } from './collector.js';

export interface PoolBuffer extends Allocation {
  readonly bytes: number;
  /** The device's. */
  readonly epoch: number;
  /** The last batch that names this buffer or before which the host writes into it. */
  batch: number;
}

const USAGE = 0x80 | 0x04 | 0x08; // STORAGE | COPY_SRC | COPY_DST; GPUBufferUsage is not defined in every host
/** Idle memory beyond this, and beyond what is in use, is given back to the device. */
const IDLE_BYTES = 256 * 1024 * 1024;

/** Eight sizes per power of two from 2 KiB on: an eighth of waste at worst, a sixteenth on average, and few sizes to search. */
export function sizeClass(wanted: number): number {
  const least = Math.max(256, wanted);
  const step = stepBelow(least);
  return Math.ceil(least / step) * step;
}

/** An eighth of the power of two below `bytes`, but at least 256. */
const stepBelow = (bytes: number): number => 2 ** Math.max(8, Math.floor(Math.log2(bytes)) - 3);

/** Bytes of the largest buffer that the adapter has and a kernel can bind whole. */
export function largestBuffer(): number {
  const { maxBufferSize, maxStorageBufferBindingSize } = device().limits;
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  const step = stepBelow(most);
  return Math.floor(most / step) * step;
}

/** @throws KindlingError where the adapter has no buffer of so many bytes */
export function checkSize(wanted: number): void {
  const most = largestBuffer();
  if (wanted <= most) return;
  refuse(`a tensor of ${wanted} bytes: this adapter allows ${most} in one buffer`);
}

export class Pool {
  readonly #free = new Map<number, PoolBuffer[]>();
  #freeBytes = 0;
  /** The last batch that the queue has, when it was last asked. */
  #submitted = -1;
  /** All buffers that came from here, in use or waiting for reuse. */
  buffers = 0;
  bytes = 0;

  /** @param source where to look for a buffer before one is made */
  constructor(readonly source: Pool | null = null) {}

  /** A buffer of at least `wanted` bytes, its content undefined. */
  acquire(wanted: number): PoolBuffer {
    const size = sizeClass(wanted);
    const found = this.#take(size);
    if (found) return found;
    this.buffers++;
    this.bytes += size;
    if (this.source) return this.source.acquire(wanted);
    checkSize(wanted);
    const made = allocate({ size, usage: USAGE }, this, () => this.#forget(size));
    return Object.assign(made, { bytes: size, batch: -1, epoch: epoch() });
  }

  /** Bytes in use. */
  get usedBytes(): number {
    return this.bytes - this.#freeBytes;
  }

  /** What is held, for people. */
  get held(): string {
    return `${showBytes(this.bytes)} in ${this.buffers} buffers`;
  }

  /** Makes room on the device. */
  async relieve(): Promise<void> {
    await collectGarbage();
    this.#destroyIdle(0);
    // What was destroyed is free when the work submitted since is done.
    device().queue.submit([]);
    await device().queue.onSubmittedWorkDone();
  }

  #forget(size: number): void {
    this.buffers--;
    this.bytes -= size;
  }

  /** Gives a buffer back for reuse. */
  release(buffer: PoolBuffer): void {
    if (buffer.failure || buffer.epoch !== epoch()) return;
    known(this.#free, buffer.bytes, () => []).push(buffer);
    this.#freeBytes += buffer.bytes;
  }

  /** Hands idle buffers back to where they came from. */
  drain(): void {
    for (const list of this.#free.values()) for (const buffer of list) this.source?.release(buffer);
    this.#free.clear();
    this.#freeBytes = 0;
  }

  /** Destroys idle buffers while more lie idle than is worth keeping. `submitted`: the last batch the queue has. */
  trim(submitted: number): void {
    this.#submitted = submitted;
    if (this.#freeBytes > IDLE_BYTES && this.#freeBytes > this.bytes / 2) this.#destroyIdle(IDLE_BYTES / 2);
  }

  #destroyIdle(enough: number): void {
    for (const [size, list] of [...this.#free].sort((a, b) => b[0] - a[0])) {
      const kept = list.filter((buffer) => {
        if (this.#freeBytes <= enough || buffer.batch > this.#submitted) return true;
        buffer.gpu.destroy();
        if (!buffer.failure) this.#forget(size);
        this.#freeBytes -= size;
        return false;
      });
      this.#free.set(size, kept);
    }
  }

  #take(size: number): PoolBuffer | undefined {
    const list = this.#free.get(size);
    for (let found = list?.pop(); found; found = list?.pop()) {
      this.#freeBytes -= size;
      if (!found.failure) return found;
    }
    return undefined;
  }
}

/** The buffers of the device. */
export const pool = /* @__PURE__ */ perDevice(() => new Pool());
