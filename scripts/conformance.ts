/** `npm run conformance -- DIR`: holds kindling against the W3C's conformance cases for WebNN. */
import { writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { runConformance } from '../test/conformance/run.js';
import { casesCommand, type Options, runCases } from './cases.js';

const command = casesCommand('conformance')
  .description('Runs a folder of WebNN conformance cases: those of float32 with one operator.')
  .option('--json <file>', 'writes {host, adapter, rows}; worst is null where nothing ran or the error is infinite')
  .parse();
const options = command.opts<Options>();
const { host, adapter, rows, failures, ignored } = await runCases(command, runConformance, 'test/conformance/page.ts');

console.log(`adapter: ${adapter}, in ${host}`);
const table = new Table({
  head: ['op', 'cases', 'run', 'passed', 'failed', 'left out', 'worst / bound', 'why left out'],
  colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  style: { head: [], border: [], compact: true },
});
const total = { cases: 0, passed: 0, failed: 0, leftOut: {} as Record<string, number> };
const cells = ({ cases, passed, failed }: Omit<typeof total, 'leftOut'>): string[] =>
  [cases, passed + failed, passed, failed, cases - passed - failed].map((n) => String(n || ''));
const why = (reasons: Record<string, number>): string =>
  Object.entries(reasons)
    .map(([reason, n]) => `${n} ${reason}`)
    .join(', ');
for (const row of rows) {
  table.push([row.op, ...cells(row), row.worst?.toPrecision(2) ?? '', why(row.leftOut)]);
  for (const key of ['cases', 'passed', 'failed'] as const) total[key] += row[key];
  for (const [reason, n] of Object.entries(row.leftOut)) total.leftOut[reason] = (total.leftOut[reason] ?? 0) + n;
}
table.push(['total', ...cells(total), '', why(total.leftOut)]);
console.log(table.toString());
for (const line of failures) console.log(`✗ ${line}`);
for (const line of ignored) console.log(`ignored ${line}`);
const run = total.passed + total.failed;
console.log(`${run} run, ${total.passed} passed, ${total.failed} failed, ${total.cases - run} left out`);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ host: options.host, adapter, rows }, null, 1)}\n`);
}
if (run === 0) console.log(`${command.args[0]} holds no case to run${options.only ? ` of ${options.only}` : ''}`);
// Dawn may keep a thread; nothing is left to do.
process.exit(failures.length > 0 || run === 0 ? 1 : 0);
