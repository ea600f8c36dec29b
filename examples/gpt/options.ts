/** What `npm run example:gpt` takes. */
import { Command, InvalidArgumentError } from 'commander';
import { positive, typedPath, whole } from '../shared/options.js';
import { RECIPE } from './recipe.js';

export interface Settings {
  readonly text?: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly context: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly lr: number;
  readonly seed: number;
  readonly sample: number;
  readonly temperature: number;
  readonly target: number;
}

export const command = (): Command =>
  new Command('example:gpt')
    .description('Trains a character-level transformer on a text until it beats the unigram model, then writes some.')
    .option('--text <file>', 'UTF-8 (default: 31 chapters of Moby-Dick)', typedPath)
    .option('--steps <n>', 'training steps', whole(1), 400)
    .option('--batch-size <n>', 'windows per step', whole(1), RECIPE.batchSize)
    .option('--context <n>', 'characters per window', whole(1), RECIPE.context)
    .option('--width <n>', 'features of a character', whole(1), RECIPE.width)
    .option('--heads <n>', 'of attention; they divide the width', whole(1), RECIPE.heads)
    .option('--layers <n>', 'blocks of attention and perceptron', whole(1), RECIPE.layers)
    .option('--lr <rate>', 'the highest learning rate', positive(1), RECIPE.lr)
    .option('--seed <n>', 'of weights, batches and what is written', whole(0), 0)
    .option('--sample <n>', 'characters that the trained model writes', whole(0), 300)
    .option('--temperature <t>', 'below 1 it writes what is likelier, above 1 what is less so', positive(), 0.8)
    .option('--target <nats>', "per character below the text's unigram entropy; less is a failure", number, 0.5);

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('want a number');
  return value;
}
