/**
 * Times of single dispatches. While a stopwatch runs, every dispatch lies in a compute pass of its own, which writes a
 * timestamp when it begins and one when it ends; the commands are the same otherwise, and so are their results.
 */
import { adapter } from '../gpu/device.js';
import { refuse } from '../gpu/errors.js';
import type { Kernel } from '../kernels/kernel.js';
import type { EncodedDispatch } from '../stream/commands.js';
import { type Stopwatch, setStopwatch } from '../stream/encode.js';
import { flush, sync } from '../stream/stream.js';
import { hasTimestamps, Timestamps } from '../stream/timestamps.js';

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

/** What fits into one set. */
interface Measured {
  readonly timestamps: Timestamps;
  readonly dispatches: EncodedDispatch[];
}

class Queries implements Stopwatch {
  /** Of the command buffer that is encoded now. */
  #open: Measured[] = [];
  readonly #closed: Measured[] = [];

  start(dispatch: EncodedDispatch): GPUComputePassTimestampWrites {
    let set = this.#open.at(-1);
    if (!set || 2 * set.dispatches.length === QUERIES) {
      set = { timestamps: new Timestamps(QUERIES), dispatches: [] };
      this.#open.push(set);
    }
    const index = 2 * set.dispatches.length;
    set.dispatches.push(dispatch);
    const { querySet } = set.timestamps;
    return { querySet, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 };
  }

  finish(encoder: GPUCommandEncoder): void {
    for (const { timestamps, dispatches } of this.#open) timestamps.resolve(encoder, 2 * dispatches.length);
    this.#closed.push(...this.#open);
    this.#open = [];
  }

  /** What was measured so far; the device has run it. */
  async take(): Promise<Timed[]> {
    const timed: Timed[] = [];
    let origin: bigint | null = null;
    for (const { timestamps, dispatches } of this.#closed.splice(0)) {
      const stamps = await timestamps.read();
      origin ??= stamps[0] ?? 0n;
      for (const [i, { kernel, bytes }] of dispatches.entries()) {
        const [begin, end] = [0, 1].map((k) => Number((stamps[2 * i + k] ?? 0n) - (origin ?? 0n)) / 1e6);
        timed.push({ kernel, bytes, begin: begin ?? 0, end: end ?? 0 });
      }
      timestamps.destroy();
    }
    return timed;
  }
}

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
