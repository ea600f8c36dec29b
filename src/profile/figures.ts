/** The figures of a profile. */
import type { Peaks } from './peaks.js';
import { median, type Rates, ratesOf } from './rates.js';
import type { Run, Timed } from './stopwatch.js';

const duration = ({ begin, end }: Timed): number => Math.max(0, end - begin);
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

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
export class Figures {
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

  /** @internal */
  constructor(adapter: string, plain: readonly Run[], measured: readonly MeasuredStep[], peaks: Peaks | null) {
    this.adapter = adapter;
    this.peaks = peaks;
    this.steps = measured.length;
    this.hostMs = median(plain.map(({ hostMs }) => hostMs));
    this.wallMs = median(plain.map(({ wallMs }) => wallMs));
    this.dispatches = median(measured.map(({ timed }) => timed.length));
    this.kernelMs = median(measured.map(({ timed }) => total(timed.map(duration))));
    this.gapMs = median(
      measured.map(({ timed }) => {
        const from = Math.min(...timed.map(({ begin }) => begin));
        const to = Math.max(...timed.map(({ end }) => end));
        return timed.length > 0 ? Math.max(0, to - from - total(timed.map(duration))) : 0;
      }),
    );
    this.kernels = byName(this, measured);
    this.timeline = inOrder(this, measured);
  }
}

/** What shares and rates are told of. */
type Whole = Pick<Figures, 'steps' | 'kernelMs' | 'peaks'>;

/** Share, rates and times of what was found in every step. */
function told({ steps, kernelMs, peaks }: Whole, timed: readonly Timed[], times: readonly number[]) {
  const perStep = timed.length / steps;
  const flops = total(timed.map(({ kernel }) => kernel.flops ?? 0)) / steps;
  const bytes = total(timed.map((one) => one.bytes)) / steps;
  const ms = median(times);
  return {
    calls: perStep,
    ms,
    minMs: Math.min(...times),
    share: kernelMs > 0 ? ms / kernelMs : 0,
    ...ratesOf(flops, bytes, ms, peaks),
  };
}

function byName(whole: Whole, measured: readonly MeasuredStep[]): KernelTimes[] {
  const names = new Set(measured.flatMap(({ timed }) => timed.map(({ kernel }) => kernel.name)));
  return [...names]
    .map((name) => {
      const steps = measured.map(({ timed }) => timed.filter(({ kernel }) => kernel.name === name));
      const times = steps.map((found) => total(found.map(duration)));
      return { name, ...told(whole, steps.flat(), times) };
    })
    .sort((a, b) => b.ms - a.ms);
}

function inOrder(whole: Whole, measured: readonly MeasuredStep[]): DispatchTimes[] {
  const last = measured.at(-1)?.timed ?? [];
  return last.map(({ kernel }, i) => {
    const timed = measured.flatMap((one) => one.timed[i] ?? []);
    const { calls: _, ...rest } = told(whole, timed, timed.map(duration));
    return { name: kernel.name, workgroups: kernel.workgroups, ...rest };
  });
}
