/** What `npm run example:mnist` takes. */
import { Command, InvalidArgumentError } from 'commander';
import { typedPath, whole } from '../shared/options.js';

export interface Settings {
  readonly data?: string;
  readonly trainSize?: number;
  readonly testSize?: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly target: number;
}

export const command = (): Command =>
  new Command('example:mnist')
    .description('Trains a small CNN on handwritten digits to 97 % of the test pictures.')
    .option('--data <folder>', 'the four IDX files of MNIST, gzipped or not (default: a synthetic stand-in)', typedPath)
    .option(
      '--train-size <n>',
      'training pictures used, the first in file order (default: 20000; 10000 synthetic)',
      whole(1),
    )
    .option('--test-size <n>', 'test pictures used (default: all; 2000 synthetic)', whole(1))
    .option('--epochs <n>', 'passes over the training pictures', whole(1), 3)
    .option('--batch-size <n>', 'pictures per step', whole(1), 64)
    .option('--seed <n>', 'of weights and order', whole(0), 0)
    .option('--target <share>', 'of the test pictures; fewer right ones are a failure', share, 0.97);

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('want a number from 0 to 1');
  return value;
}
