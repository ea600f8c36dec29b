/** The device's clock. */
import { device, orLost } from '../gpu/device.js';

const QUERY_RESOLVE_COPY_SRC = 0x0200 | 0x04;
const MAP_READ_COPY_DST = 0x01 | 0x08;
const MAP_READ = 0x1;

/** Whether the adapter has such a clock. */
export const hasTimestamps = (): boolean => device().features.has('timestamp-query');

/** A set of moments that passes write, and their way to the host. */
export class Timestamps {
  readonly querySet: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  /** @param count moments that it has room for; they go to the host together */
  constructor(count: number) {
    this.querySet = device().createQuerySet({ type: 'timestamp', count });
    this.#resolved = device().createBuffer({ size: 8 * count, usage: QUERY_RESOLVE_COPY_SRC });
    this.#staging = device().createBuffer({ size: 8 * count, usage: MAP_READ_COPY_DST });
  }

  /** Adds what brings the first `count` to the host. */
  resolve(encoder: GPUCommandEncoder, count: number): void {
    encoder.resolveQuerySet(this.querySet, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 8 * count);
  }

  /** What was written, in nanoseconds, once the device has run it. */
  async read(): Promise<BigUint64Array> {
    await orLost(this.#staging.mapAsync(MAP_READ));
    const stamps = new BigUint64Array(this.#staging.getMappedRange().slice(0));
    this.#staging.unmap();
    return stamps;
  }

  destroy(): void {
    for (const one of [this.querySet, this.#resolved, this.#staging]) one.destroy();
  }
}
