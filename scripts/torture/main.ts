/** `npm run torture`: what a long run may meet. Seeds are printed, and a failure can be run again by its seed. */
import { Command } from 'commander';
import { damage, NAMES } from './damage/damage.js';
import { kills } from './kills/kills.js';
import { soak } from './soak.js';
import { writes } from './writes/writes.js';

const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${text} is no whole number`);
  return value;
};
const seedOf = (): number => Math.floor(Math.random() * 2 ** 31);

const program = new Command('torture')
  .enablePositionalOptions()
  .description('Damages, kills and starves what must survive it.');

program
  .command('damage')
  .description(`damaged files: refused soon and in little memory, or read rightly (${NAMES.join(', ')})`)
  .option('--runs <n>', 'files of each kind', number, 10_000)
  .option('--seed <n>', 'says which', number)
  .option('--only <kinds>', 'separated by commas', (text: string) => text.split(','))
  .option('--path <path>', 'of a failure')
  .action(async (options: { runs: number; seed?: number; only?: string[]; path?: string }) => {
    if (!(await damage({ ...options, seed: options.seed ?? seedOf() }))) process.exitCode = 1;
  });

/** Says what failed. */
function judged(failures: readonly string[]): void {
  for (const failure of failures) console.error(`FAILED ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}

program
  .command('kills')
  .description('SIGKILL, SIGTERM and SIGINT at random moments, over mnist, gpt, cifar and a program of its own')
  .option('--kills <n>', 'how many', number, 20)
  .option('--seed <n>', 'says when', number)
  .option('--only <programs>', 'separated by commas', (text: string) => text.split(','))
  .option('--full', 'cifar in Chromium too', false)
  .action(async (options: { kills: number; seed?: number; only?: string[]; full: boolean }) => {
    judged(await kills({ ...options, seed: options.seed ?? seedOf() }));
  });

program
  .command('writes')
  .description('the order in which files are written, flushed and named, by strace')
  .action(() => judged(writes()));

program
  .command('soak')
  .description('two models for many steps: heap, memory, buffers and pipelines stay what they were')
  .option('--steps <n>', 'how many', number, 10_000)
  .action(async ({ steps }: { steps: number }) => {
    judged(await soak(steps));
    process.exit();
  });

program
  .option('--quick', 'a little of all of it')
  .option('--seed <n>', 'of --quick', number)
  .action(async ({ quick, seed = seedOf() }: { quick?: boolean; seed?: number }) => {
    if (!quick) return program.help();
    if (!(await damage({ runs: 200, seed }))) process.exitCode = 1;
    judged(writes());
    judged(await kills({ kills: 4, seed, full: false, only: ['own', 'mnist'] }));
    judged(await soak(600));
    process.exit();
  });

await program.parseAsync();
