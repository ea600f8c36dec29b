/** What every benchmark writes: one JSON object with its rows, and the same rows as a Markdown table. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface ResultRow {
  workload: string;
  library: string;
  shape?: string;
  medianMs: number;
  minMs: number;
  /** How many timings the median is of. */
  runs: number;
  /** Null where bytes count, not arithmetic. */
  gflops?: number | null;
  /** Largest error against float64; null where nothing was compared. */
  maxRelError?: number | null;
  /** Why the figures may not be used. */
  void?: string;
  // Of a step, what it asks of WebGPU.
  dispatches?: number;
  submits?: number;
  newBuffers?: number;
  newBindGroups?: number;
  writes?: number;
  liveBytes?: number;
  peakBytes?: number;
  [more: string]: unknown;
}

export interface Results {
  adapter: string;
  date: string;
  versions: Record<string, string>;
  rows: ResultRow[];
  /** Errors of the page or of WebGPU: with any, the run is void. */
  errors?: string[];
  /** A minimal training program of each library, minified. */
  bundles?: { library: string; program: string; bytes: number; gzipBytes: number }[];
  [more: string]: unknown;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half) - 1] ?? Number.NaN)) / 2;
}

export const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function cells(row: ResultRow): string[] {
  const { workload, library, shape = '', medianMs, minMs, runs, gflops, maxRelError } = row;
  return [
    workload,
    shape,
    library,
    row.void ? `void: ${row.void}` : digits(medianMs),
    digits(minMs),
    String(runs),
    gflops ? digits(gflops) : '',
    maxRelError === undefined || maxRelError === null ? '' : maxRelError.toExponential(1),
  ];
}

export const table = (head: string[], body: string[][]): string =>
  [head, head.map(() => '---'), ...body].map((line) => `| ${line.join(' | ')} |`).join('\n');

/** Times, and for steps what they ask of WebGPU. */
export function markdown(title: string, { adapter, date, versions, rows, errors = [], bundles = [] }: Results): string {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const steps = rows.filter(({ dispatches }) => dispatches !== undefined);
  const count = (value: unknown): string => (typeof value === 'number' ? String(value) : '');
  const megabytes = (bytes?: number): string => (bytes === undefined ? '' : (bytes / 1e6).toFixed(1));
  return [
    `# ${title}`,
    `${adapter}. ${date}. ${names.join(', ')}.`,
    ...(errors.length > 0 ? [`**VOID**: ${errors.length} errors, the first: ${errors[0]}`] : []),
    table(['workload', 'shape', 'library', 'median ms', 'min ms', 'runs', 'GFLOP/s', 'error'], rows.map(cells)),
    ...(steps.length > 0
      ? [
          'What one steady step asks of WebGPU:',
          table(
            [
              'workload',
              'library',
              'dispatches',
              'submits',
              'new buffers',
              'new bind groups',
              'writes',
              'live MB',
              'peak MB',
            ],
            steps.map((row) => [
              row.workload,
              row.library,
              ...[row.dispatches, row.submits, row.newBuffers, row.newBindGroups, row.writes].map(count),
              megabytes(row.liveBytes),
              megabytes(row.peakBytes),
            ]),
          ),
        ]
      : []),
    ...(bundles.length > 0
      ? [
          'A minimal training program, minified by esbuild:',
          table(
            ['library', 'program', 'kB', 'kB gzipped'],
            bundles.map(({ library, program, bytes, gzipBytes }) => [
              library,
              program,
              ...[bytes, gzipBytes].map((n) => (n / 1000).toFixed(1)),
            ]),
          ),
        ]
      : []),
    '',
  ].join('\n\n');
}

/** Writes FILE and, unless `md` names another, the table beside it. */
export function writeResults(title: string, results: Results, { json, md }: { json?: string; md?: string }): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  if (json) write(json, `${JSON.stringify(results, null, 1)}\n`);
  const beside = md ?? json?.replace(/(\.json)?$/, '.md');
  if (beside) write(beside, markdown(title, results));
}
