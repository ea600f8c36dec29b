/**
 * Prints the shaders whose name begins with what is given: `npm run wgsl -- conv2d`. Without a name, lists them.
 * With `--step`, those that one training step of the study's network runs on this adapter: `npm run wgsl -- --step conv2d`.
 */
import { Command } from 'commander';
import { catalogue } from '../test/support/catalogue.js';
import { stepKernels } from './profile/kernels.js';

const command = new Command('wgsl')
  .argument('[name]', 'prints the kernels whose names begin so; without it, names are listed')
  .option('--step', 'the kernels of a training step of the study, as this adapter gets them, in the order they run')
  .option('--batch-size <n>', 'its images', Number, 64)
  .parse();
const { step, batchSize } = command.opts<{ step?: boolean; batchSize: number }>();
const [wanted] = command.args;
const kernels = step ? await stepKernels(batchSize) : catalogue();
if (wanted === undefined) {
  const lines = kernels.map(({ name, workgroups }) => (step ? `${name}, ${workgroups.join(' × ')} workgroups` : name));
  for (const line of step ? lines : new Set(lines)) console.log(line);
} else {
  const found = kernels.filter(({ name }) => name.startsWith(wanted));
  if (found.length === 0) throw new Error(`no kernel's name begins with "${wanted}": npm run wgsl lists them`);
  for (const { name, workgroups, params, wgsl } of new Set(found)) {
    const data = params ? `, params ${params.join(', ')}` : '';
    console.log(`// ${name}, ${workgroups.join(' × ')} workgroups${data}\n${wgsl}`);
  }
}
// Dawn may keep a thread; nothing is left to do.
process.exit(0);
