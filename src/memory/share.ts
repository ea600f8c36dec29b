/** Which temporaries of a batch may lie in the same buffer. */
import type { Memory } from './memory.js';
import type { PoolBuffer } from './pool.js';

/** Where buffers come from, and go when nobody needs them. */
export interface Source {
  acquire(bytes: number): PoolBuffer;
  release(buffer: PoolBuffer): void;
}

/** The first and the last command that name a memory. */
export interface Life {
  readonly first: number;
  readonly last: number;
}

/**
 * Gives every memory a buffer, the same one to those whose lives do not meet: the largest first, each to the first buffer
 * that has room in time. (In the order of the commands a training step of the study's network took twice the memory, since
 * a large temporary that comes late finds only small buffers that are done.)
 */
export function share(lives: ReadonlyMap<Memory, Life>, from: Source): Map<Memory, PoolBuffer> {
  const taken: { readonly buffer: PoolBuffer; readonly lives: Life[] }[] = [];
  const given = new Map<Memory, PoolBuffer>();
  for (const [memory, life] of [...lives].sort(([a], [b]) => b.bytes - a.bytes)) {
    let slot = taken.find((one) => one.lives.every(({ first, last }) => last < life.first || life.last < first));
    if (!slot) {
      slot = { buffer: from.acquire(memory.bytes), lives: [] };
      taken.push(slot);
    }
    slot.lives.push(life);
    memory.buffer = slot.buffer;
    given.set(memory, slot.buffer);
  }
  return given;
}
