/**
 * Times of single dispatches. While a stopwatch runs, every dispatch lies in a compute pass of its own, which writes a
 * timestamp when it begins and one when it ends; the commands are the same otherwise, and so are their results.
 */
import { adapter, device, orLost } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import type { Kernel } from '../kernels/kernel.js';
import { type Stopwatch, setStopwatch } from '../stream/encode.js';
import type { EncodedDispatch } from '../stream/plan.js';
import { flush, sync } from '../stream/stream.js';

/** One dispatch on the device's clock, in milliseconds since the first one that was measured with it. */
export interface Timed {
  readonly kernel: Kernel;
  /** Bytes that it binds. */
  readonly bytes: number;
  readonly begin: number;
  readonly end: number;
}

/** Queries that a set may hold. */
const QUERIES = 4096;
const QUERY_RESOLVE_COPY_SRC = 0x0200 | 0x04;
const MAP_READ_COPY_DST = 0x01 | 0x08;

interface QuerySet {
  readonly queries: GPUQuerySet;
  readonly dispatches: EncodedDispatch[];
  resolved?: { readonly buffer: GPUBuffer; readonly staging: GPUBuffer };
}

class Queries implements Stopwatch {
  /** Of the command buffer that is encoded now. */
  #open: QuerySet[] = [];
  readonly #closed: QuerySet[] = [];

  start(dispatch: EncodedDispatch): GPUComputePassTimestampWrites {
    let set = this.#open.at(-1);
    if (!set || 2 * set.dispatches.length === QUERIES) {
      set = { queries: device().createQuerySet({ type: 'timestamp', count: QUERIES }), dispatches: [] };
      this.#open.push(set);
    }
    const index = 2 * set.dispatches.length;
    set.dispatches.push(dispatch);
    return { querySet: set.queries, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 };
  }

  finish(encoder: GPUCommandEncoder): void {
    for (const set of this.#open) {
      const size = 16 * set.dispatches.length;
      const buffer = device().createBuffer({ size, usage: QUERY_RESOLVE_COPY_SRC });
      const staging = device().createBuffer({ size, usage: MAP_READ_COPY_DST });
      encoder.resolveQuerySet(set.queries, 0, 2 * set.dispatches.length, buffer, 0);
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
      set.resolved = { buffer, staging };
      this.#closed.push(set);
    }
    this.#open = [];
  }

  /** What was measured so far; the device has run it. */
  async take(): Promise<Timed[]> {
    const timed: Timed[] = [];
    let origin: bigint | null = null;
    for (const { queries, dispatches, resolved } of this.#closed.splice(0)) {
      if (!resolved) continue;
      await orLost(resolved.staging.mapAsync(0x1));
      const stamps = new BigUint64Array(resolved.staging.getMappedRange().slice(0));
      origin ??= stamps[0] ?? 0n;
      for (const [i, { kernel, bytes }] of dispatches.entries()) {
        const [begin, end] = [0, 1].map((k) => Number((stamps[2 * i + k] ?? 0n) - (origin ?? 0n)) / 1e6);
        timed.push({ kernel, bytes, begin: begin ?? 0, end: end ?? 0 });
      }
      for (const one of [queries, resolved.buffer, resolved.staging]) one.destroy();
    }
    return timed;
  }
}

/** Whether single dispatches can be measured. */
export const hasTimestamps = (): boolean => device().features.has('timestamp-query');

/** One call of a function. */
export interface Run {
  /** Milliseconds that the function itself took. */
  readonly hostMs: number;
  /** Milliseconds until the device had done what it asked for. */
  readonly wallMs: number;
}

/**
 * Calls `body` and waits until the device has done what it asked for.
 *
 * @param pause milliseconds to wait before asking whether it is done. Dawn in Node asks without pause, which takes a core
 *   from an adapter that computes on the CPU
 */
export async function run(body: () => unknown, pause = 0): Promise<Run> {
  const began = performance.now();
  if (body() instanceof Promise) {
    refuse('profile: the function must not be async; make its batch outside, and return tensors');
  }
  const hostMs = performance.now() - began;
  flush();
  const left = pause - hostMs;
  if (adapter().isSoftware && left > 5) await new Promise((resolve) => setTimeout(resolve, left));
  await sync();
  return { hostMs, wallMs: performance.now() - began };
}

/** Measures runs of one function, and learns from them how long to wait before asking whether the device is done. */
export class Clock {
  /** Milliseconds; less than a run takes. */
  pause = 0;

  /** As {@link run}, and measures every dispatch where there are timestamps. `ms`: of all kernels, or by the clock. */
  async measure(body: () => unknown): Promise<Run & { readonly timed: Timed[]; readonly ms: number }> {
    flush();
    const queries = hasTimestamps() ? new Queries() : null;
    setStopwatch(queries);
    try {
      const once = await run(body, this.pause);
      const timed = (await queries?.take()) ?? [];
      const ms = queries ? timed.reduce((sum, { begin, end }) => sum + Math.max(0, end - begin), 0) : once.wallMs;
      // Of a run that was slowed down by asking, too, this is less than it takes without.
      this.pause = Math.min(this.pause || Number.POSITIVE_INFINITY, 0.6 * ms);
      return { ...once, timed, ms };
    } finally {
      setStopwatch(null);
    }
  }
}
