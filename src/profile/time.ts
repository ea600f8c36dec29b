/** How long a function's work takes on the device. */

import { atMost, checked, required, wantTensors } from '../gpu/options.js';
import { type KernelSource, kernel } from '../kernels/kernel.js';
import { hasTimestamps } from '../stream/timestamps.js';
import { launchInto } from '../tensor/launch.js';
import type { Tensor } from '../tensor/tensor.js';
import { median } from './rates.js';
import { Clock, run } from './stopwatch.js';

export interface TimeOptions {
  /** Runs before; the first compiles. Default: 2. */
  warmup?: number | undefined;
  /** The most runs that are measured. Default: 20. */
  runs?: number | undefined;
  /** After so many milliseconds no further run begins; one is always made. Default: 1000. */
  budgetMs?: number | undefined;
}

export interface Times {
  /** Milliseconds of a run. */
  readonly medianMs: number;
  readonly minMs: number;
  readonly runs: number;
  /** `timestamps`: the sum of its kernels on the device's clock; `clock`: from the call until the device was done. */
  readonly by: 'timestamps' | 'clock';
  /** From the call until the device was done: the median. */
  readonly wallMs: number;
  /** Dispatches of a run. Null without timestamps. */
  readonly dispatches: number | null;
}

/**
 * Measures how long the device works on what `body` asks for: by timestamps where there are any, else by the clock.
 *
 * @param body not async
 */
export async function time(body: () => unknown, options: TimeOptions = {}): Promise<Times> {
  const known = { warmup: 'count', runs: 'count', budgetMs: 'number' } as const;
  const { warmup = 2, runs = 20, budgetMs = 1000 } = checked('time', options, known);
  required('time', { body }, { body: 'function' });
  const byTimestamps = hasTimestamps();
  const clock = new Clock();
  // By the clock a first run says little: it may have compiled.
  for (let i = 0; i < warmup; i++) await (byTimestamps ? clock.measure(body) : run(body));
  const times: number[] = [];
  const walls: number[] = [];
  let dispatches = 0;
  const began = performance.now();
  while (times.length < 1 || (times.length < runs && performance.now() - began < budgetMs)) {
    const { ms, wallMs, timed } = await clock.measure(body);
    times.push(ms);
    walls.push(wallMs);
    dispatches = timed.length;
  }
  return {
    medianMs: median(times),
    minMs: Math.min(...times),
    runs: times.length,
    by: byTimestamps ? 'timestamps' : 'clock',
    wallMs: median(walls),
    dispatches: byTimestamps ? dispatches : null,
  };
}

/** Runs a shader of one's own over tensors: what it reads, then what it writes, bound in this order. */
export function runKernel(source: KernelSource, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  atMost('runKernel', 3, arguments);
  const { name, wgsl, workgroups, write }: Partial<KernelSource> = source ?? {};
  const known = { name: 'string', wgsl: 'string', workgroups: 'sizes', write: 'any' } as const;
  required('runKernel', { name, wgsl, workgroups, write }, known);
  wantTensors('runKernel', inputs);
  wantTensors('runKernel', outputs);
  let made = kernels.get(source);
  if (!made) {
    made = kernel(source);
    kernels.set(source, made);
  }
  launchInto(made, inputs, outputs);
}

const kernels = new WeakMap<KernelSource, ReturnType<typeof kernel>>();
