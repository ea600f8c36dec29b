/** The rows of `npm run bench` as a Markdown table: naive, ours, and how near that is to what the adapter can do. */
import { digits, type ResultRow, type Results, table } from '../results.js';

const percent = (share: unknown): string => (typeof share === 'number' ? `${(100 * share).toFixed(1)} %` : '');

function line(ours: ResultRow, naive: ResultRow | undefined): string[] {
  const { workload, shape = '', medianMs, gflops, gbs, maxRelError, peakShare } = ours;
  return [
    workload,
    shape,
    naive ? digits(naive.medianMs) : '',
    ours.void ? `void: ${ours.void}` : digits(medianMs),
    naive ? `${digits(naive.medianMs / medianMs)}×` : '',
    gflops ? digits(gflops) : '',
    typeof gbs === 'number' ? digits(gbs) : '',
    percent(peakShare),
    typeof maxRelError === 'number' ? maxRelError.toExponential(1) : '',
  ];
}

export function ladder(title: string, { adapter, date, versions, rows, peaks }: Results): string {
  const { multiplyAdd, load, copy } = peaks as { multiplyAdd: number; load: number; copy: number };
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const ours = rows.filter(({ library }) => library === 'kindling');
  const head = ['workload', 'shape', 'naive ms', 'ours ms', 'faster', 'GFLOP/s', 'GB/s', 'of peak', 'error'];
  return [
    `# ${title}`,
    `${adapter}. ${date}. ${names.join(', ')}.`,
    `Peaks: ${digits(multiplyAdd)} GFLOP/s of multiply-adds, ${digits(load)} GB/s of loads, ${digits(copy)} GB/s of copies ` +
      '(read and written). A share of the peak is the larger of the two.',
    table(
      head,
      ours.map((row) =>
        line(
          row,
          rows.find(({ library, workload }) => library === 'naive' && workload === row.workload),
        ),
      ),
    ),
    '',
  ].join('\n\n');
}
