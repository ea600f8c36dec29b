/**
 * `npm run isa`: what a real GPU's compiler makes of kernels, without a GPU. Without options the kernels are those of some
 * products and of the study's step, whose figures are committed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { update } from './committed.js';
import { catalogueKernels, kernelsOfStep, type Listed, measuredKernels, PEERS, peerKernels } from './kernels.js';
import { json, lines } from './report.js';
import { measure } from './rows.js';

interface Options {
  family: string;
  step?: string;
  catalogue?: boolean;
  peer?: (typeof PEERS)[number];
  json?: string;
  asm?: string;
  update?: boolean;
}

const command = new Command('isa')
  .argument('[kernel]', 'those whose names begin so')
  .option('--family <name>', "one of AMD's, as Mesa calls it: navi21, gfx1100, vega10, …", 'navi21')
  .option('--step <file>', 'the kernels of a step: a module whose default export returns a function that runs one')
  .option('--catalogue', 'representative kernels of every family, those for software adapters among them')
  .addOption(
    new Option('--peer <library>', "another library's kernels of the study's step, in Chromium").choices(PEERS),
  )
  .option('--json <file>', 'writes the rows')
  .option('--asm <folder>', 'writes the disassembly of each')
  .option('--update', 'writes the figures of bench/results and docs/performance.md anew')
  .parse();
const options = command.opts<Options>();
const [prefix = ''] = command.args;

function wanted(): Promise<Listed[]> | Listed[] {
  if (options.step !== undefined) return kernelsOfStep(options.step);
  if (options.peer !== undefined) return peerKernels(options.peer);
  return options.catalogue ? catalogueKernels() : measuredKernels();
}

async function show(): Promise<void> {
  const kernels = (await wanted()).filter(({ name }) => name.startsWith(prefix));
  if (kernels.length === 0) throw new Error(`no kernel's name begins with "${prefix}"`);
  const { rows, compiler, assembly, failed } = await measure(options.family, kernels);
  console.log(lines(rows));
  console.log(`\n${options.family}: ${compiler}. An exclamation mark: misses its target.`);
  for (const failure of failed) console.error(`✗ ${failure}`);
  if (options.json) writeFileSync(options.json, json(rows));
  if (options.asm) {
    mkdirSync(options.asm, { recursive: true });
    for (const [i, text] of assembly.entries()) {
      writeFileSync(join(options.asm, `${String(i).padStart(3, '0')}-${rows[i]?.name}.s`), text);
    }
  }
  if (failed.length > 0) process.exitCode = 1;
}

await (options.update ? update() : show());
// Dawn may keep a thread; nothing is left to do.
process.exit();
