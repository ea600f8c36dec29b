/** `npm run tune`: finds the fastest kernels for the study's training step on this adapter, and stores the choices. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { ROOT, runPage } from './page.js';
import { type TuneReport, type TuneRequest, tuneStudy } from './tune/study.js';

interface Options {
  batchSize: number;
  host: 'node' | 'browser';
  show?: boolean;
  clear?: boolean;
  json?: string;
}

const options = new Command('tune')
  .description("Finds the fastest kernels for the study's training step on this adapter, and stores the choices.")
  .option('--batch-size <n>', 'images per step', Number, 64)
  .addOption(new Option('--host <host>', 'where').choices(['node', 'browser']).default('node'))
  .option('--show', 'print what is stored for this adapter, and measure nothing')
  .option('--clear', 'forget what is stored, for all adapters')
  .option('--json <file>', 'write the choices there, for setTuning()')
  .parse()
  .opts<Options>();

const say = (line: string): void => console.log(line);
let shown = 0;
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  else if (Date.now() - shown > 5000) {
    shown = Date.now();
    console.error(line);
  }
}

const request: TuneRequest = {
  batchSize: options.batchSize,
  mode: options.clear ? 'clear' : options.show ? 'show' : 'tune',
};
const report =
  options.host === 'node'
    ? await tuneStudy(request, progress)
    : ((await runPage({
        entry: join(ROOT, 'scripts/tune/page.ts'),
        input: request,
        handlers: { progress },
        onStart: say,
      })) as TuneReport);
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
say(`${report.host}, ${report.adapter}`);
for (const line of report.lines) say(line);
if (options.json) writeFileSync(options.json, `${JSON.stringify(report.choices, null, 1)}\n`);
process.exit(0);
