/** Random numbers of transforms. */
import { refuse } from '../gpu/errors.js';
import { required, text } from '../gpu/options.js';
import { REPEAT } from '../kernels/batch.js';
import { Generator, seedKey } from '../tensor/generator.js';
import { Domain, philox } from '../tensor/philox.js';

/** What the numbers of a random transform are a function of: the same on the host and on every adapter. */
export interface Draw {
  readonly seed: number;
  readonly epoch: number;
  /** Index of the sample in the data set; of a `Subset`, in the one it is taken from. */
  readonly sample: number;
  /**
   * How many transforms of its kind precede this one in a {@link Compose}; and 256 for each time that a sampler took the
   * sample before in this epoch.
   */
  readonly stream: number;
}

/** The stream of a sample that came `repeats` times before in the epoch. */
export const streamOf = (repeats: number | undefined): number => REPEAT * (repeats ?? 0);

/** Four random words of a sample: a crop takes the first two, a flip the third; a cutout has its own. */
export const words = ({ seed, epoch, sample, stream }: Draw, domain: Domain = Domain.augmentation): Uint32Array =>
  philox(seedKey(seed), [sample, epoch, stream, domain]);

/** A random word as a whole number below `n`, which is at most 2^21: the high word of their product. */
export const below = (word: number | undefined, n: number): number => Math.floor(((word ?? 0) * n) / 2 ** 32);

/** As many random numbers of a sample as a transform wants, which the kernel of batches does not do. */
export function generatorOf(draw: Draw, domain: Domain): Generator {
  const [low = 0, high = 0] = words(draw, domain);
  return new Generator((high >>> 11) * 2 ** 32 + low, { domain });
}

/** A number from `least` to `most`, each as likely. */
export const between = (random: Generator, [least, most]: Range): number => least + (most - least) * random.uniform();

/** Smallest and largest value. */
export type Range = readonly [least: number, most: number];

/** The option as a range. @throws KindlingError unless it is two finite numbers in order that fit, as `wanted` says */
export function rangeOf(
  op: string,
  name: string,
  range: number | readonly number[],
  wanted: string,
  fits: (end: number) => boolean = () => true,
): Range {
  const [least = Number.NaN, most = Number.NaN, ...more] = typeof range === 'number' ? [] : range;
  if (more.length === 0 && least <= most && [least, most].every((end) => Number.isFinite(end) && fits(end))) {
    return [least, most];
  }
  refuse(`${op}: ${name} is [least, most], numbers ${wanted}, not ${text(range)}`);
}

/** Areas and proportions of a part of a picture. */
export const scaleOf = (op: string, scale: readonly number[]): Range =>
  rangeOf(op, 'scale', scale, 'from 0 to 1', (end) => end >= 0 && end <= 1);

export const ratioOf = (op: string, ratio: readonly number[]): Range =>
  rangeOf(op, 'ratio', ratio, 'above 0', (end) => end > 0);

/** Random words below this happen with probability `p`. */
export function thresholdOf(name: string, p: number): number {
  required(name, { p }, { p: 'number' });
  if (!(p >= 0 && p <= 1)) refuse(`${name}: p is a probability from 0 to 1, not ${p}`);
  return Math.floor(p * 2 ** 32);
}

/** To the nearest whole number, halves to the even one, as Python and the tensors of PyTorch round. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const isHalf = x - low === 0.5;
  return isHalf ? low + (low % 2 === 0 ? 0 : 1) : Math.round(x);
}
