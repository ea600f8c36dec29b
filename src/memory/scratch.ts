/**
 * Buffers of what recordings make and use up themselves. Replays run one after the other and leave nothing there that is read
 * later, so all recordings share them: those of eight batch sizes take the memory of the largest.
 */
import { perDevice } from '../gpu/device.js';
import { type PoolBuffer, pool } from './pool.js';

/** The buffers there are, each with the number of recordings that name it. */
const shared = /* @__PURE__ */ perDevice(() => new Map<PoolBuffer, number>());

/** Whatever is this small may be taken for anything. */
const SMALL = 65536;

/** What one recording has of them. */
export class Scratch {
  readonly buffers = new Set<PoolBuffer>();
  /** What it asked for: less than there is in buffers that are larger because others want them so. */
  bytes = 0;

  /** A buffer of at least `wanted` bytes, and not of far more, that this recording has not got yet, its content undefined. */
  acquire(wanted: number): PoolBuffer {
    const fitting = [...shared().keys()].filter(
      (one) => one.bytes >= wanted && one.bytes <= 16 * wanted + SMALL && !this.buffers.has(one) && !one.failure,
    );
    const found = fitting.sort((a, b) => a.bytes - b.bytes)[0] ?? pool().acquire(wanted);
    shared().set(found, (shared().get(found) ?? 0) + 1);
    this.buffers.add(found);
    this.bytes += wanted;
    return found;
  }

  /** Nothing: replays use it again. */
  release(_: PoolBuffer): void {}

  /** Gives all back; those that no other recording names, for any use. */
  drop(): void {
    for (const buffer of this.buffers) {
      const users = (shared().get(buffer) ?? 1) - 1;
      if (users > 0) shared().set(buffer, users);
      else if (shared().delete(buffer)) pool().release(buffer);
    }
    this.buffers.clear();
  }
}
