/** `npm run profile -- --model study`: where the time of a training step goes, kernel by kernel. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { BATCH, NETWORKS } from '../bench/peers/networks.js';
import { TEXT } from '../bench/peers/startFiles.js';
import { ROOT, runPage } from './page.js';
import { type ProfileInput, type ProfileOutput, profileModel } from './profile/page.js';

interface Options extends Omit<ProfileInput, 'batchSize' | 'text'> {
  readonly batchSize?: number;
  readonly host: 'node' | 'browser';
  readonly dispatches?: boolean;
  readonly trace?: string;
  readonly json?: string;
}

const options = new Command('profile')
  .addOption(
    new Option('--model <model>', "the study's network, or an example's")
      .choices(['study', ...NETWORKS])
      .default('study'),
  )
  .option(
    '--batch-size <n>',
    "images, or windows of text, per step (default: the study's 64, resnet's 32, gpt's 16)",
    Number,
  )
  .option('--steps <n>', 'steps measured', Number, 3)
  .option('--eager', 'runs every step anew, instead of replaying a captured one', false)
  .option('--dispatches', 'a line for every dispatch, too')
  .addOption(new Option('--host <host>', 'where to run').choices(['node', 'browser']).default('node'))
  .option('--trace <file>', 'writes a trace for chrome://tracing or ui.perfetto.dev')
  .option('--json <file>', 'writes the figures')
  .parse()
  .opts<Options>();

const { host, dispatches, trace, json, batchSize, ...choice } = options;
const usual = choice.model === 'study' ? 64 : BATCH[choice.model];
const input: ProfileInput = {
  ...choice,
  batchSize: batchSize ?? usual,
  ...(choice.model === 'gpt' && { text: readFileSync(TEXT, 'utf8') }),
};
console.error('measuring what the adapter can do, then the step …');
const result =
  host === 'node'
    ? await profileModel(input)
    : ((await runPage({ entry: join(ROOT, 'scripts/profile/page.ts'), input })) as ProfileOutput);
console.log(result.tables[0]);
if (dispatches) console.log(`\n${result.tables[1]}`);
if (trace !== undefined) writeFileSync(trace, JSON.stringify(result.trace));
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result.figures, null, 1)}\n`);
// Dawn may keep a thread; nothing is left to do.
process.exit(0);
