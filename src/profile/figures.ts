/** The figures of a profile. */
import type { Peaks } from './peaks.js';
import type { Rates } from './rates.js';
import type { Run, Timed } from './stopwatch.js';

/** All dispatches of one name in a step. */
export interface KernelTimes extends Rates {
  readonly name: string;
  /** Dispatches per step. */
  readonly calls: number;
  /** Milliseconds per step: the median over the steps, and the least. */
  readonly ms: number;
  readonly minMs: number;
  /** Its part of the time of all kernels. */
  readonly share: number;
}

/** One dispatch of a step. */
export interface DispatchTimes extends Rates {
  readonly name: string;
  readonly workgroups: readonly [number, number, number];
  readonly ms: number;
  readonly minMs: number;
  readonly share: number;
}

/** A step that was measured. */
export type MeasuredStep = Run & { readonly timed: readonly Timed[] };

/** What a step spends its time on. */
export interface Figures {
  /** The adapter, and the host it was found in. */
  readonly adapter: string;
  readonly steps: number;
  /** Per step. */
  readonly dispatches: number;
  /** Milliseconds of all kernels of a step. */
  readonly kernelMs: number;
  /** Milliseconds between the kernels of a step, as it was measured: passes beginning and ending, copies. */
  readonly gapMs: number;
  /** Milliseconds that the function itself takes; a replayed step takes no more than encoding does. */
  readonly hostMs: number;
  /** Milliseconds from calling the function until the device was done, without anything being measured. */
  readonly wallMs: number;
  readonly peaks: Peaks | null;
  /** The longest first. */
  readonly kernels: readonly KernelTimes[];
  /** In the order they run in. */
  readonly timeline: readonly DispatchTimes[];
}
