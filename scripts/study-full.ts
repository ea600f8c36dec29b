/** `npm run study:full`: 50,000 images, 10 epochs, eight scenarios, over as many sittings as it takes; then PyTorch's figures beside it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { mergeCommand } from '../examples/cifar/grid/command.js';
import { GridFolder } from '../examples/cifar/grid/folder.js';
import { merge } from '../examples/cifar/grid/merge.js';
import { workShard } from '../examples/cifar/grid/work.js';
import { parse } from '../examples/cifar/options.js';
import { typedPath } from '../examples/shared/options.js';
import { program } from '../examples/shared/program.js';
import { compare, readReference, table } from './study/compare.js';

const shared = join(import.meta.dirname, '../../shared');
const FIGURES = join(process.env.KINDLING_REFERENCE ?? join(shared, 'reference'), 'study/train50000-epochs10.json');

interface Options {
  readonly out: string;
  readonly data?: string;
  readonly reference: string;
  readonly seeds: string;
  readonly preset: string;
  readonly compare: boolean;
}

async function main(argv: readonly string[]): Promise<number> {
  const command = new Command('study:full')
    .description('The study in full, as jobs that go on wherever they were stopped, and PyTorch beside it.')
    .requiredOption(
      '--out <folder>',
      'where all of it is kept from sitting to sitting, outside of the checkout',
      typedPath,
    )
    .option(
      '--data <path>',
      "CIFAR-10's files (default: those made before, or made from the archive in ../shared/data)",
      typedPath,
    )
    .option('--reference <file>', "PyTorch's figures", FIGURES)
    .option('--seeds <list>', 'as 0,1,2', '0')
    .addOption(new Option('--preset <name>', 'less, to try it').choices(['full', 'quick', 'smoke']).default('full'))
    .option('--compare', 'train nothing; show what is there', false);
  const {
    out,
    data,
    reference,
    seeds,
    preset,
    compare: only,
  } = command.parse([...argv], { from: 'user' }).opts<Options>();
  const runs = join(out, 'runs');
  if (!only) {
    const words = ['--shard', '1/1', '--preset', preset, '--seeds', seeds, '--out', runs];
    const code = await workShard(parse([...words, '--data', data ?? imagesIn(out)]), process.stdout);
    if (code !== 0) return code;
    await mergeCommand([runs], process.stdout);
  }
  const { records } = await merge([await GridFolder.open(runs)]);
  const ended = records.flatMap(({ ending }) => ('result' in ending ? [ending.result] : []));
  if (!existsSync(reference)) {
    console.log(`No figures to compare with: ${reference} is not there; --reference FILE says where they are.`);
    return 0;
  }
  const found = compare(ended, await readReference(reference));
  console.log(`\n${table(found)}`);
  return found.holds || found.missing.length > 0 ? 0 : 1;
}

/** CIFAR-10's files in `out`, made there once from the archive of pictures. */
function imagesIn(out: string): string {
  const [folder, script] = [join(out, 'data/cifar-10-batches-bin'), join(shared, 'data/make-cifar10.sh')];
  if (!existsSync(join(folder, 'batches.meta.txt'))) {
    if (!existsSync(script))
      throw new Error(`${folder} is not there, nor is ${script}: --data PATH says where CIFAR-10 is`);
    console.log(`Making ${folder} from ${script}`);
    execFileSync('bash', [script, join(out, 'data')], { stdio: 'inherit' });
  }
  return folder;
}

await program(main);
