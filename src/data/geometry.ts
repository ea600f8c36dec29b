/** Transforms that move pixels, made by the host. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, required } from '../gpu/options.js';
import type { Generator } from '../tensor/generator.js';
import { Domain } from '../tensor/philox.js';
import { between, type Draw, generatorOf, type Range, rangeOf, ratioOf, roundHalfEven, scaleOf } from './draws.js';
import { type Box, resizePart } from './resize.js';
import { type Reshaping, type Size, sides, sizeOf, type Transform, type Transformed } from './transforms.js';

export interface RandomResizedCropOptions {
  /** Smallest and largest part of the picture's area. Default [0.08, 1]. */
  scale?: readonly [least: number, most: number] | undefined;
  /** Smallest and largest width by height. Default [3/4, 4/3]. */
  ratio?: readonly [least: number, most: number] | undefined;
}

const RESIZED: Known<RandomResizedCropOptions> = { scale: 'numbers', ratio: 'numbers' };

/** How often a box is drawn that does not fit before a fixed one is taken. */
const TRIES = 10;

/**
 * A part of the picture, of random area and proportions at a random place, brought to `size` as torchvision does with tensors:
 * each pixel is the mean of those under a triangle (bilinear, antialiased). Where ten draws do not fit, it is the middle of the
 * picture, as near to `ratio` as may be.
 *
 * @example
 * new Compose([new RandomResizedCrop(64, { scale: [0.3, 1] }), new RandomHorizontalFlip()])
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomResizedCrop.html
 */
export class RandomResizedCrop implements Reshaping {
  readonly height: number;
  readonly width: number;
  readonly scale: Range;
  readonly ratio: Range;

  /** @param size height and width, or both in one number */
  constructor(size: Size, options: RandomResizedCropOptions = {}) {
    const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = checked('RandomResizedCrop', options, RESIZED);
    [this.height, this.width] = sizeOf('RandomResizedCrop', size);
    this.scale = scaleOf('RandomResizedCrop', scale);
    this.ratio = ratioOf('RandomResizedCrop', ratio);
  }

  reshape(values: Float32Array, shape: readonly number[], draw: Draw): Transformed {
    const picture = sides('RandomResizedCrop', shape);
    const [channels, height, width] = picture;
    const box = this.box(height, width, generatorOf(draw, Domain.resizedCrop));
    const size = [this.height, this.width] as const;
    return { data: resizePart(values, picture, box, size), shape: [channels, ...size] };
  }

  /** The part that is taken. @internal */
  box(height: number, width: number, random: Generator): Box {
    for (let i = 0; i < TRIES; i++) {
      const [wide, high] = drawSides(random, height * width, this.scale, this.ratio);
      if (wide < 1 || wide > width || high < 1 || high > height) continue;
      return place(random, height, width, high, wide);
    }
    const [least, most] = this.ratio;
    const wide = width / height > most ? Math.max(1, roundHalfEven(height * most)) : width;
    const high = width / height < least ? Math.max(1, roundHalfEven(width / least)) : height;
    return {
      top: Math.floor((height - high) / 2),
      left: Math.floor((width - wide) / 2),
      height: high,
      width: wide,
    };
  }
}

/** The sides of a box of random area and proportions: the first by the second is in `ratio`, evenly on a scale of logarithms. */
export function drawSides(random: Generator, area: number, scale: Range, ratio: Range): readonly [number, number] {
  const target = area * between(random, scale);
  const aspect = Math.exp(between(random, [Math.log(ratio[0]), Math.log(ratio[1])]));
  return [roundHalfEven(Math.sqrt(target * aspect)), roundHalfEven(Math.sqrt(target / aspect))];
}

/** A box of `high` × `wide` anywhere in a picture. */
export function place(random: Generator, height: number, width: number, high: number, wide: number): Box {
  const top = random.integer(height - high + 1);
  return { top, left: random.integer(width - wide + 1), height: high, width: wide };
}

export interface RandomRotationOptions {
  /** 'nearest' (default) takes the pixel that is nearest, 'bilinear' the mean of the four around. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
  /** What lies outside of the picture: a number, or one for each channel. Default 0. */
  fill?: number | readonly number[] | undefined;
}

const ROTATION: Known<RandomRotationOptions> = { interpolation: ['nearest', 'bilinear'], fill: 'numbers' };

/**
 * Turns a picture about its middle by a random angle, counter-clockwise where it is positive; the size stays.
 *
 * @param degrees [least, most]; a number stands for [−degrees, degrees]
 * @example
 * new Compose([new RandomRotation(15), new Normalize(mean, std)])
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomRotation.html
 */
export class RandomRotation implements Transform {
  readonly degrees: Range;
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fill: number | readonly number[];

  constructor(degrees: number | readonly [least: number, most: number], options: RandomRotationOptions = {}) {
    const { interpolation = 'nearest', fill = 0 } = checked('RandomRotation', options, ROTATION);
    required('RandomRotation', { degrees }, { degrees: 'numbers' });
    if (typeof degrees === 'number' && !(degrees >= 0)) {
      refuse(`RandomRotation: degrees is a number from 0 on, or [least, most], not ${degrees}`);
    }
    const range = typeof degrees === 'number' ? [-degrees, degrees] : degrees;
    this.degrees = rangeOf('RandomRotation', 'degrees', range, 'in order');
    this.interpolation = interpolation;
    this.fill = fill;
  }

  apply(values: Float32Array, shape: readonly number[], draw: Draw): void {
    this.turn(values, shape, between(generatorOf(draw, Domain.rotation), this.degrees));
  }

  /**
   * Turns it by that angle. Each pixel finds its place in the picture before: centred, (cos·x − sin·y, sin·x + cos·y).
   *
   * @internal
   */
  turn(values: Float32Array, shape: readonly number[], degrees: number): void {
    const [channels, height, width] = sides('RandomRotation', shape);
    const fills = typeof this.fill === 'number' ? Array<number>(channels).fill(this.fill) : this.fill;
    if (fills.length !== channels) {
      refuse(`RandomRotation: ${fills.length} fills for a picture of shape [${shape}]: give one for each channel`);
    }
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const before = values.slice();
    const area = height * width;
    /** Value, and 1 for what lies inside. */
    const at = (plane: number, row: number, column: number, weight: number): readonly [number, number] => {
      const isInside = row >= 0 && row < height && column >= 0 && column < width;
      return isInside ? [weight * (before[plane * area + row * width + column] as number), weight] : [0, 0];
    };
    for (let i = 0; i < area; i++) {
      const x = (i % width) - (width - 1) / 2;
      const y = Math.floor(i / width) - (height - 1) / 2;
      const column = cos * x - sin * y + (width - 1) / 2;
      const row = sin * x + cos * y + (height - 1) / 2;
      for (const [plane, fill] of fills.entries()) {
        let [value, inside] = [0, 0];
        if (this.interpolation === 'nearest') {
          [value, inside] = at(plane, roundHalfEven(row), roundHalfEven(column), 1);
        } else {
          const [top, left] = [Math.floor(row), Math.floor(column)];
          const [down, right] = [row - top, column - left];
          for (const [dy, dx, weight] of [
            ...[[0, 0, (1 - down) * (1 - right)] as const, [0, 1, (1 - down) * right] as const],
            ...[[1, 0, down * (1 - right)] as const, [1, 1, down * right] as const],
          ]) {
            const [part, covers] = at(plane, top + dy, left + dx, weight);
            value += part;
            inside += covers;
          }
        }
        // At the border torchvision weighs a value that was weighed there already.
        values[plane * area + i] = inside * (value - fill) + fill;
      }
    }
  }
}
