/** `npm run bench`: kernels one by one, from the plainest shader to ours to what the adapter can do at most. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Peaks } from 'kindling/profile';
import { ROOT, runPage } from '../../scripts/page.js';
import { Progress } from '../progress.js';
import { digits, type ResultRow, type Results, writeResults } from '../results.js';
import { ladder } from './ladder.js';
import { type Reports, runKernels } from './run.js';

const options = new Command('bench')
  .option('--quick', 'fewer shapes and runs: under five minutes')
  .addOption(new Option('--host <host>', 'where to run').choices(['node', 'browser']).default('node'))
  .option('--only <names>', 'workloads whose names begin so, separated by commas')
  .option('--json <file>', 'writes {adapter, date, versions, rows}, and a Markdown table beside it')
  .option('--md <file>', 'writes the table there')
  .parse()
  .opts<{ quick?: boolean; host: 'node' | 'browser'; only?: string; json?: string; md?: string }>();

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const results: Results = {
  adapter: '',
  date: new Date().toISOString(),
  versions: { kindling: version, node: process.versions.node },
  rows: [],
};
let progress = new Progress(1);
const reports: Reports = {
  started(adapter: string, peaks: Peaks, total: number) {
    Object.assign(results, { adapter, peaks });
    progress = new Progress(total);
    progress.line(adapter);
  },
  began: (name: string) => progress.show(name),
  row(row: ResultRow) {
    results.rows.push(row);
    const rate = row.gflops ? `${digits(row.gflops)} GFLOP/s` : `${digits(Number(row.gbs))} GB/s`;
    const share = `${(100 * Number(row.peakShare)).toFixed(1)} % of peak`;
    progress.line(
      `${row.workload.padEnd(26)} ${row.library.padEnd(9)} ${row.void ? `void: ${row.void}` : `${digits(row.medianMs)} ms, ${rate}, ${share}`}`,
    );
  },
  done: () => progress.done(1),
};
const input = { only: options.only?.split(',') ?? [], quick: options.quick ?? false };
if (options.host === 'node') await runKernels(input, reports);
else {
  await runPage({
    entry: join(ROOT, 'bench/kernels/page.ts'),
    input,
    handlers: { ...reports },
    onStart: (browser) => {
      results.versions.browser = browser;
    },
  });
}
const title = 'Kernels: naive, ours, the peak';
const text = ladder(title, results);
const { json, md = json?.replace(/(\.json)?$/, '.md') } = options;
writeResults(title, results, { ...(json ? { json } : {}) });
if (md) writeFileSync(md, text);
console.log(`\n${text}`);
if (results.rows.length === 0) console.error('no workload has such a name');
// Dawn may keep a thread; nothing is left to do.
process.exit(results.rows.length === 0 || results.rows.some((row) => row.void) ? 1 : 0);
