/**
 * Pictures to train on where CIFAR-10 or MNIST is out of reach, the same bytes in every host: scenes of ten figures, or digits,
 * each a function of seed, split and number alone. Only arithmetic that all hosts do alike is used.
 */
import { refuse } from '../gpu/errors.js';
import { checked } from '../gpu/options.js';
import { Generator } from '../tensor/generator.js';
import { Domain } from '../tensor/philox.js';
import { ImageDataset } from './dataset.js';
import { DIGIT_SIDE, drawDigit } from './syntheticDigits.js';
import { FIGURES } from './syntheticFigures.js';
import { drawScene, SCENE_SIDE } from './syntheticScenes.js';

/**
 * Generated pictures in CIFAR-10's shape, [3, 32, 32], or digits in MNIST's, [1, 28, 28]. Picture i of a split is the same
 * whatever `count` is.
 *
 * @param options.split 'train' or 'test': two sequences without a picture in common
 * @param options.count default 2,000 for 'train', 1,000 for 'test'
 * @param options.seed default 0
 * @param options.like 'CIFAR-10' (default) or 'MNIST'
 */
export function synthetic(options: {
  split: 'train' | 'test';
  count?: number;
  seed?: number;
  like?: 'CIFAR-10' | 'MNIST';
}): ImageDataset {
  const {
    split,
    count = split === 'train' ? 2000 : 1000,
    seed = 0,
    like = 'CIFAR-10',
  } = checked('synthetic', options, {
    split: ['train', 'test'],
    count: 'number',
    seed: 'number',
    like: ['CIFAR-10', 'MNIST'],
  });
  if (!Number.isSafeInteger(count) || count < 0) refuse(`synthetic: no data set has ${count} pictures`);
  const digits = like === 'MNIST';
  const shape = digits ? ([1, DIGIT_SIDE, DIGIT_SIDE] as const) : ([3, SCENE_SIDE, SCENE_SIDE] as const);
  const size = shape[0] * shape[1] * shape[2];
  const stream = (digits ? 2 : 0) + (split === 'train' ? 0 : 1);
  const images = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const random = new Generator(seed, { domain: Domain.synthetic, stream, step: i });
    labels[i] = random.integer(FIGURES.length);
    const picture = images.subarray(i * size, (i + 1) * size);
    const canvas = new Float64Array(size);
    (digits ? drawDigit : drawScene)(canvas, labels[i] as number, random);
    const [least, most] = digits ? [5, 35] : [5, 20];
    finish(picture, canvas, least + (most - least) * random.uniform(), random);
  }
  const names = FIGURES.map(({ name }, digit) => (digits ? String(digit) : name));
  return new ImageDataset(images, labels, names, `synthetic pictures (not ${like})`, true, shape);
}

/** Rounds to bytes, with up to `grain` added or taken from each: four from each random word. */
function finish(picture: Uint8Array, canvas: Float64Array, grain: number, random: Generator): void {
  for (let i = 0; i < picture.length; i += 4) {
    const bits = random.bits();
    for (let lane = 0; lane < 4; lane++) {
      const shift = (((bits >>> (8 * lane)) & 255) / 255 - 0.5) * 2 * grain;
      const value = Math.round((canvas[i + lane] as number) + shift);
      picture[i + lane] = Math.min(255, Math.max(0, value));
    }
  }
}
