/**
 * `npm run profile -- --model study`: where the time of a training step goes, kernel by kernel. With `--on h200`: how long it has to take
 * at least on an adapter that need not be here.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { TEXT } from '../bench/peers/startFiles.js';
import { ROOT, runPage } from './page.js';
import { paper } from './paper/main.js';
import { BATCH_SIZES, isModel } from './profile/models.js';
import { type ProfileOutput, profileModel } from './profile/page.js';

interface Options {
  readonly model: string;
  readonly batchSize?: number;
  readonly steps: number;
  readonly eager: boolean;
  readonly on?: string;
  readonly measured?: string;
  readonly isa?: string;
  readonly host: 'node' | 'browser';
  readonly dispatches?: boolean;
  readonly trace?: string;
  readonly json?: string;
}

const options = new Command('profile')
  .option(
    '--model <model>',
    'the network: study, resnet, gpt; with --on also a module whose default export returns a function that runs a step',
    'study',
  )
  .option('--batch-size <n>', "images or windows per step (default: the example's)", Number)
  .option(
    '--on <adapter>',
    'on paper: h200, rx6800xt, m2, m2-8, iris-xe, a JSON file with its peaks, or adapter, the one that is here',
  )
  .option('--measured <file>', 'with --on: a profile of that adapter, as --json writes one, to stand beside it')
  .option('--isa <file>', 'with --on: figures of more kernels, as npm run isa -- --json writes them')
  .option('--steps <n>', 'steps measured', Number, 3)
  .option('--eager', 'runs every step anew, instead of replaying a captured one', false)
  .option('--dispatches', 'a line for every dispatch, too')
  .addOption(new Option('--host <host>', 'where to run').choices(['node', 'browser']).default('node'))
  .option('--trace <file>', 'writes a trace for chrome://tracing or ui.perfetto.dev')
  .option('--json <file>', 'writes the figures')
  .parse()
  .opts<Options>();

const { host, dispatches, trace, json, on, measured, isa, ...input } = options;

async function run(): Promise<void> {
  const { model } = input;
  if (!isModel(model))
    throw new Error(`--model ${model}: without --on there are ${Object.keys(BATCH_SIZES).join(', ')}`);
  const text = readFileSync(TEXT, 'utf8');
  const wanted = { ...input, model, batchSize: input.batchSize ?? BATCH_SIZES[model], text };
  console.error('measuring what the adapter can do, then the step …');
  const result =
    host === 'node'
      ? await profileModel(wanted)
      : ((await runPage({ entry: join(ROOT, 'scripts/profile/page.ts'), input: wanted })) as ProfileOutput);
  console.log(result.tables[0]);
  if (dispatches) console.log(`\n${result.tables[1]}`);
  if (trace !== undefined) writeFileSync(trace, JSON.stringify(result.trace));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result.figures, null, 1)}\n`);
}

if (on !== undefined && (host === 'browser' || trace !== undefined || dispatches)) {
  throw new Error('--on runs in Node alone, has a line for every kind of launch, and no trace');
}
await (on === undefined ? run() : paper({ ...input, on, measured, isa, json }));
// Dawn may keep a thread; nothing is left to do.
process.exit(0);
