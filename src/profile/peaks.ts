/** What the adapter can do at most, measured once: a kernel's rate is judged by it. */

import { adapter } from '../gpu/device.js';
import { atMost } from '../gpu/options.js';
import { GPU_PEAKS, type Peak, peaks, SOFTWARE_PEAKS } from '../kernels/peaks.js';
import { Memory } from '../memory/memory.js';
import { discard, dispatch, write } from '../stream/stream.js';
import { Clock, run } from './stopwatch.js';

/** Peaks of an adapter. */
export interface Peaks {
  /** GFLOP/s of multiply-adds between registers; a multiply-add counts as two. */
  readonly multiplyAdd: number;
  /** GB/s of loads. */
  readonly load: number;
  /** GB/s of copies: what is read and what is written. */
  readonly copy: number;
}

const RUNS = 3;

/** The best of a few runs, in milliseconds. */
async function best({ kernel, buffers }: Peak): Promise<number> {
  const memories = buffers.map((bytes) => new Memory(bytes));
  const [factors] = memories;
  // a and b; loads and copies take what lies there.
  if (factors && (buffers[0] ?? 0) <= 64) write(factors, new Float32Array(8).fill(0.5));
  const body = (): void => dispatch(kernel, memories);
  try {
    await run(body); // Compiles, and fills fresh memory.
    const clock = new Clock();
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      times.push((await clock.measure(body)).ms);
    }
    return Math.min(...times);
  } finally {
    for (const memory of memories) discard(memory);
  }
}

async function measure(): Promise<Peaks> {
  const found = { multiplyAdd: 0, load: 0, copy: 0 };
  for (const peak of peaks(adapter().isSoftware ? SOFTWARE_PEAKS : GPU_PEAKS)) {
    const rate = (peak.flops + peak.bytes) / (await best(peak)) / 1e6;
    found[peak.kind] = Math.max(found[peak.kind], rate);
  }
  return found;
}

let measured: Promise<Peaks> | null = null;

/**
 * The adapter's rates of multiply-adds, loads and copies, each the best of a few kernels that do nothing else. They are
 * measured on the first call, in a few seconds, and kept as long as the process or page runs. Nothing else should run then.
 */
export function measurePeaks(): Promise<Peaks> {
  atMost('measurePeaks', 0, arguments);
  measured ??= measure().catch((error: unknown) => {
    measured = null;
    throw error;
  });
  return measured;
}
