/**
 * GPU buffers, kept for reuse. Commands run in the order they were recorded, so a released buffer may be handed out
 * again at once for a kernel's output; only the host's own writes jump the queue, and `stream.ts` watches those.
 */
import { device } from './device.js';
import { KindlingError } from './errors.js';

export interface PoolBuffer {
  readonly gpu: GPUBuffer;
  readonly bytes: number;
  /** The last batch with a command that names this buffer, and the last before which the host writes into it. */
  batch: number;
  written: number;
}

const USAGE = 0x80 | 0x04 | 0x08; // STORAGE | COPY_SRC | COPY_DST; GPUBufferUsage is not defined in every host
const free = new Map<number, PoolBuffer[]>();
let buffers = 0;
let bytes = 0;
let freeBytes = 0;

/** Idle memory beyond this, and beyond what is in use, is given back to the device. */
const IDLE_BYTES = 256 * 1024 * 1024;

/** Live buffers and bytes of the pool, in use or waiting for reuse. */
export const poolStats = (): { buffers: number; bytes: number; freeBytes: number } => ({ buffers, bytes, freeBytes });

/** Four sizes per power of two: a sixth of waste at worst on average, and few sizes to search. */
export function sizeClass(wanted: number): number {
  const least = Math.max(256, wanted);
  const quarter = 2 ** Math.max(8, Math.floor(Math.log2(least)) - 2);
  return Math.ceil(least / quarter) * quarter;
}

/**
 * A buffer of at least `wanted` bytes, its content undefined.
 *
 * @param notIn a batch whose commands must not name the buffer, so that the host may write into it before that batch runs
 */
export function acquire(wanted: number, notIn = -1): PoolBuffer {
  const size = sizeClass(wanted);
  const list = free.get(size);
  if (list) {
    for (let i = list.length - 1; i >= 0; i--) {
      const found = list[i];
      if (!found || found.batch === notIn) continue;
      list.splice(i, 1);
      freeBytes -= size;
      return found;
    }
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = device().limits;
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  if (size > most) throw new KindlingError(`a tensor of ${wanted} bytes: this adapter allows ${most} in one buffer`);
  buffers++;
  bytes += size;
  return { gpu: device().createBuffer({ size, usage: USAGE }), bytes: size, batch: -1, written: -1 };
}

/** Gives a buffer back for reuse. */
export function release(buffer: PoolBuffer): void {
  const list = free.get(buffer.bytes);
  if (list) list.push(buffer);
  else free.set(buffer.bytes, [buffer]);
  freeBytes += buffer.bytes;
}

/** Destroys idle buffers while more lie idle than is worth keeping. `submitted`: the last batch the queue has. */
export function trim(submitted: number): void {
  if (freeBytes <= IDLE_BYTES || freeBytes <= bytes / 2) return;
  for (const [size, list] of [...free].sort((a, b) => b[0] - a[0])) {
    const kept = list.filter((buffer) => {
      if (freeBytes <= IDLE_BYTES / 2 || Math.max(buffer.batch, buffer.written) > submitted) return true;
      buffer.gpu.destroy();
      buffers--;
      bytes -= size;
      freeBytes -= size;
      return false;
    });
    free.set(size, kept);
  }
}
