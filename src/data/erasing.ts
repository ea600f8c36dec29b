import { refuse } from '../gpu/errors.js';
import { checked, type Known } from '../gpu/options.js';
import { Domain } from '../tensor/philox.js';
import { type Draw, generatorOf, type Range, ratioOf, scaleOf, thresholdOf } from './draws.js';
import { drawSides, place } from './geometry.js';
import { sides, type Transform } from './transforms.js';

export interface RandomErasingOptions {
  /** How likely a picture loses a part. Default 0.5. */
  p?: number | undefined;
  /** Smallest and largest part of the picture's area. Default [0.02, 0.33]. */
  scale?: readonly [least: number, most: number] | undefined;
  /** Smallest and largest height by width. Default [0.3, 3.3]. */
  ratio?: readonly [least: number, most: number] | undefined;
  /** What is put there: a number, one for each channel, or 'random', a draw from the normal distribution for each. Default 0. */
  value?: number | readonly number[] | 'random' | undefined;
}

const ERASING: Known<RandomErasingOptions> = {
  p: 'number',
  scale: 'numbers',
  ratio: 'numbers',
  value: 'numbers|random',
};

/** How often a box is drawn that does not fit before the picture stays as it is. */
const TRIES = 10;

/**
 * Erases a rectangle of random area and proportions at a random place, all of it inside of the picture (Zhong et al., 2017).
 *
 * @example
 * new Compose([new Normalize(mean, std), new RandomErasing({ p: 0.25, value: 'random' })])
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomErasing.html
 */
export class RandomErasing implements Transform {
  readonly p: number;
  readonly scale: Range;
  readonly ratio: Range;
  readonly value: number | readonly number[] | 'random';
  readonly #threshold: number;

  constructor(options: RandomErasingOptions = {}) {
    const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = checked('RandomErasing', options, ERASING);
    this.#threshold = thresholdOf('RandomErasing', p);
    this.p = p;
    this.scale = scaleOf('RandomErasing', scale);
    this.ratio = ratioOf('RandomErasing', ratio);
    this.value = value;
  }

  apply(values: Float32Array, shape: readonly number[], draw: Draw): void {
    const [channels, height, width] = sides('RandomErasing', shape);
    const { value } = this;
    if (typeof value === 'object' && value.length !== channels) {
      refuse(`RandomErasing: ${value.length} values for a picture of shape [${shape}]: give one for each channel`);
    }
    const random = generatorOf(draw, Domain.erasing);
    if (random.bits() >= this.#threshold) return;
    for (let i = 0; i < TRIES; i++) {
      const [high, wide] = drawSides(random, height * width, this.scale, this.ratio);
      if (high >= height || wide >= width) continue;
      const { top, left } = place(random, height, width, high, wide);
      for (let line = 0; line < channels * high; line++) {
        const channel = Math.floor(line / high);
        const start = (channel * height + top + (line % high)) * width + left;
        for (let at = start; at < start + wide; at++) {
          values[at] =
            value === 'random' ? random.normal() : typeof value === 'number' ? value : (value[channel] as number);
        }
      }
      return;
    }
  }
}
