/** The trace format of Chrome: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU */
import type { MeasuredStep } from './figures.js';

/** A span, or what a track is called; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, string | number>>;
}

export interface ChromeTrace {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: readonly TraceEvent[];
}

const [HOST, GPU] = [1, 2];

/**
 * Steps one after another. Host and device have clocks of their own: the first kernel of a step is drawn where the function
 * returned.
 */
export function chromeTrace(adapter: string, steps: readonly MeasuredStep[]): ChromeTrace {
  const titles = [
    ['process_name', 0, 'kindling'],
    ['thread_name', HOST, 'host'],
    ['thread_name', GPU, `GPU: ${adapter}`],
  ] as const;
  const events = titles.map(
    ([name, tid, title]): TraceEvent => ({ name, ph: 'M', pid: 1, tid, args: { name: title } }),
  );
  let now = 0;
  steps.forEach(({ hostMs, wallMs, timed }, i) => {
    const span = (tid: number, name: string, ms: number, forMs: number, args = {}): void => {
      events.push({ name, ph: 'X', pid: 1, tid, ts: 1000 * (now + ms), dur: 1000 * forMs, args });
    };
    span(HOST, `step ${i}`, 0, hostMs);
    if (wallMs > hostMs) span(HOST, 'wait', hostMs, wallMs - hostMs);
    const [first] = timed;
    for (const { kernel, bytes, begin, end } of timed) {
      const { workgroups, flops } = kernel;
      const args = { workgroups: workgroups.join(' × '), bytes, ...(flops ? { flops } : {}) };
      span(GPU, kernel.name, hostMs + begin - (first?.begin ?? 0), Math.max(0, end - begin), args);
    }
    const last = timed.at(-1)?.end ?? 0;
    now += Math.max(wallMs, hostMs + last - (first?.begin ?? 0));
  });
  return { displayTimeUnit: 'ms', traceEvents: events };
}
