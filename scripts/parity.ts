/** `npm run parity -- DIR`: holds kindling against a folder of cases computed by PyTorch. */
import { writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { type Row, runParity } from '../test/parity/run.js';
import { casesCommand, type Options, runCases } from './cases.js';

const command = casesCommand('parity')
  .description(
    'Runs a folder of cases computed by PyTorch (NAME.json with NAME.safetensors beside it): ops, optimizers, schedulers, metrics, training runs.',
  )
  .option('--strict', 'an op that is not implemented is a failure')
  .option('--json <file>', 'writes {host, adapter, rows}; worst is null where nothing was compared or no bound holds')
  .parse();
const options = command.opts<Options & { strict?: boolean }>();
const parity = await runCases(command, runParity, 'test/parity/page.ts');

console.log(`adapter: ${parity.adapter}, in ${parity.host}`);
const table = new Table({
  head: ['file', 'op', 'cases', 'passed', 'failed', 'not implemented', 'worst / bound'],
  colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});
const cells = ({ cases, passed, failed, notImplemented }: Omit<Row, 'file' | 'op' | 'worst'>) =>
  [cases, passed, failed, notImplemented].map((n) => String(n || ''));
for (const row of parity.rows) table.push([row.file, row.op, ...cells(row), row.worst?.toPrecision(2) ?? '']);
const total = { cases: 0, passed: 0, failed: 0, notImplemented: 0 };
for (const row of parity.rows)
  for (const key of ['cases', 'passed', 'failed', 'notImplemented'] as const) total[key] += row[key];
table.push(['', 'total', ...cells(total), '']);
console.log(table.toString());
for (const line of parity.failures) console.log(`✗ ${line}`);
for (const line of parity.ignored) console.log(`ignored ${line}`);
const missing = parity.rows.filter((row) => row.notImplemented > 0).map((row) => row.op);
if (missing.length > 0) console.log(`not implemented: ${missing.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.notImplemented} not implemented`);
if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ host: options.host, adapter: parity.adapter, rows: parity.rows }, null, 1)}\n`,
  );
}
if (total.cases === 0) console.log(`${command.args[0]} holds no case${options.only ? ` of ${options.only}` : ''}`);
// Dawn may keep a thread; nothing is left to do.
process.exit(parity.failures.length > 0 || total.cases === 0 || (options.strict && total.notImplemented > 0) ? 1 : 0);
