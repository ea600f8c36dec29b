/** What is to be reached at the usual budget, and what PyTorch reached: `pytorch.py --train` wrote it down. */
import { readFileSync } from 'node:fs';
import { percent } from '../shared/program.js';
import { RECIPE } from './recipe.js';

interface Peer {
  /** PyTorch's version. */
  readonly torch: string;
  readonly recipe: typeof RECIPE;
  /** Of each epoch: mean training loss, and accuracy on the test images. */
  readonly runs: readonly {
    readonly seed: number;
    readonly losses: readonly number[];
    readonly accuracies: readonly number[];
  }[];
}

export const PEER: Peer = JSON.parse(readFileSync(new URL('pytorch.json', import.meta.url), 'utf8'));

/** What another seed may cost: a little more than PyTorch's own lie apart. */
const SLACK = 0.03;
const CIFAR_TARGET = 0.45;
/** PyTorch reaches 54 % to 60 % of the synthetic test pictures, 39 % to 50 % after two epochs, and 99 % with time. */
const SYNTHETIC_TARGET = 0.48;

const lastAccuracies = PEER.runs.map(({ accuracies }) => accuracies.at(-1) ?? Number.NaN);
const meanAccuracy = lastAccuracies.reduce((sum, one) => sum + one, 0) / lastAccuracies.length;

/** Whether this is what PyTorch was given: targets are for nothing else. */
export const isUsual = ({ epochs, trainSize, testSize, batchSize }: Budget): boolean =>
  epochs === RECIPE.epochs &&
  trainSize === RECIPE.trainSize &&
  testSize === RECIPE.testSize &&
  batchSize === RECIPE.batchSize;

type Budget = Pick<typeof RECIPE, 'epochs' | 'trainSize' | 'testSize' | 'batchSize'>;

/** The accuracy to reach. */
export const targetFor = ({ synthetic }: { readonly synthetic: boolean }): number =>
  synthetic ? SYNTHETIC_TARGET : Math.min(CIFAR_TARGET, meanAccuracy - SLACK);

/** PyTorch's mean training losses of an epoch, one for each seed. */
export const peerLosses = (epoch: number): number[] => PEER.runs.map(({ losses }) => losses[epoch] ?? Number.NaN);

export const peerLine = (): string =>
  `PyTorch ${PEER.torch} at this budget: test accuracy ${percent(meanAccuracy)}, mean of ${PEER.runs.length} seeds ` +
  `(${range(lastAccuracies, 1, 100)} %)`;

/** As in `1.52 to 1.58`. */
export const range = (numbers: readonly number[], digits: number, scale = 1): string =>
  [Math.min(...numbers), Math.max(...numbers)].map((one) => (one * scale).toFixed(digits)).join(' to ');
