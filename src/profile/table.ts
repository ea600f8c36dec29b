/** A profile as text. */
import type { Profile } from './result.js';

const NAME = 36;

/** About three digits. */
export function digits(value: number): string {
  if (value === 0 || value >= 100) return value.toFixed(0);
  if (value < 0.001) return '<0.001';
  return value.toFixed(value < 1 ? 3 : value < 10 ? 2 : 1);
}

const percent = (share: number | null): string => (share === null ? '' : `${(100 * share).toFixed(1)} %`);

const COLUMNS = [
  ['calls', 6],
  ['ms', 9],
  ['min ms', 9],
  ['share', 8],
  ['GFLOP/s', 9],
  ['GB/s', 8],
  ['of peak', 9],
] as const;

function line(name: string, cells: readonly string[]): string {
  const short = name.length > NAME ? `${name.slice(0, NAME - 1)}…` : name.padEnd(NAME);
  return (short + COLUMNS.map(([, width], i) => (cells[i] ?? '').padStart(width)).join('')).trimEnd();
}

export function table(profile: Profile, by: 'kernel' | 'dispatch'): string {
  const { adapter, steps, dispatches, kernelMs, gapMs, hostMs, wallMs, peaks } = profile;
  const rows =
    by === 'kernel'
      ? profile.kernels.map((row) => ({ ...row, calls: String(Math.round(10 * row.calls) / 10) }))
      : profile.timeline.map((row) => ({ ...row, name: `${row.name} ${row.workgroups.join('×')}`, calls: '' }));
  return [
    `${adapter}; ${steps} steps`,
    line(
      by === 'kernel' ? 'kernel' : 'dispatch and workgroups',
      COLUMNS.map(([name]) => name),
    ),
    ...rows.map(({ name, calls, ms, minMs, share, gflops, gbs, peakShare }) =>
      line(name, [
        calls,
        digits(ms),
        digits(minMs),
        percent(share),
        gflops === null ? '' : digits(gflops),
        digits(gbs),
        percent(peakShare),
      ]),
    ),
    line('all kernels', [String(dispatches), digits(kernelMs)]),
    `a step: ${digits(wallMs)} ms, of which the host ${digits(hostMs)} ms, the kernels ${digits(kernelMs)} ms; ` +
      `gaps between measured kernels ${digits(gapMs)} ms`,
    ...(peaks
      ? [
          `peaks: ${digits(peaks.multiplyAdd)} GFLOP/s of multiply-adds, ${digits(peaks.load)} GB/s of loads, ` +
            `${digits(peaks.copy)} GB/s of copies (read and written)`,
        ]
      : []),
  ].join('\n');
}
