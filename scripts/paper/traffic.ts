/** Which bytes of a step lie in a cache when they are wanted. */
import type { Launch } from './launches.js';

export interface Traffic {
  /** Read and written, in all. */
  readonly bytes: number;
  /** Of them, those that the cache does not hold. */
  readonly missed: number;
}

/** Bytes of a buffer that come and go together. */
const BLOCK = 2 ** 16;

/** The bytes that were wanted last, as many as fit: those wanted longest ago leave. */
class Cache {
  readonly #capacity: number;
  #held = 0;
  /** Bytes held of each block, the block wanted longest ago first. */
  readonly #blocks = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many bytes of a block it lacked. */
  want(block: string, bytes: number): number {
    const held = this.#blocks.get(block) ?? 0;
    this.#blocks.delete(block);
    this.#blocks.set(block, Math.max(held, bytes));
    this.#held += Math.max(0, bytes - held);
    for (const [oldest, size] of this.#blocks) {
      if (this.#held <= this.#capacity) break;
      this.#blocks.delete(oldest);
      this.#held -= size;
    }
    return Math.max(0, bytes - held);
  }
}

/** The traffic of each launch of a step that runs again and again. @param capacity bytes of the cache */
export function traffic(launches: readonly Launch[], capacity: number): Traffic[] {
  const cache = new Cache(capacity);
  const once = (): Traffic[] =>
    launches.map(({ reads, writes }) => {
      let [bytes, missed] = [0, 0];
      for (const range of [...reads, ...writes]) {
        const end = range.from + range.bytes;
        for (let at = range.from; at < end; ) {
          const next = Math.min(end, (Math.floor(at / BLOCK) + 1) * BLOCK);
          bytes += next - at;
          missed += cache.want(`${range.buffer} ${Math.floor(at / BLOCK)}`, next - at);
          at = next;
        }
      }
      return { bytes, missed };
    });
  once();
  return once();
}
