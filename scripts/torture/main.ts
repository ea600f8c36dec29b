/** `npm run torture`: what a long run may meet. Seeds are printed, and a failure can be run again by its seed. */
import { Command } from 'commander';
import { damage, NAMES } from './damage/damage.js';

const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${text} is no whole number`);
  return value;
};
const seedOf = (): number => Math.floor(Math.random() * 2 ** 31);

const program = new Command('torture').description('Damages, kills and starves what must survive it.');

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

await program.parseAsync();
