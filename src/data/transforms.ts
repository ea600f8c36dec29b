/**
 * What is done to a picture when a batch is made. Each transform says here what it does on the host; `picturePlan.ts` knows
 * those that the batch kernel does too.
 */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, itemsOf, required, text } from '../gpu/options.js';
import { Domain } from '../tensor/philox.js';
import { below, type Draw, thresholdOf, words } from './draws.js';

/** Changes one sample's array in place, after bytes have been scaled to 0 … 1. */
export interface Transform {
  apply(values: Float32Array, shape: readonly number[], draw: Draw): void;
}

/** A sample's array after a transform that may change its shape. */
export interface Transformed {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A transform that gives another array. It may use the one it is given. */
export interface Reshaping {
  reshape(values: Float32Array, shape: readonly number[], draw: Draw): Transformed;
}

const isNumber = (value: unknown): boolean => typeof value === 'number';

const isTransform = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ('apply' in value || 'reshape' in value);

/** The sample's array as `transform` leaves it. */
export function transformed(
  transform: Transform | Reshaping,
  values: Float32Array,
  shape: readonly number[],
  draw: Draw,
): Transformed {
  if ('reshape' in transform) return transform.reshape(values, shape, draw);
  transform.apply(values, shape, draw);
  return { data: values, shape };
}

/** Height and width of a picture [channels, height, width]. */
export function sides(
  name: string,
  shape: readonly number[],
): readonly [channels: number, height: number, width: number] {
  if (shape.length === 3) return shape as readonly number[] as readonly [number, number, number];
  refuse(`${name}: wants pictures [channels, height, width], a sample has shape [${shape}]`);
}

/** Height and width, or both in one number. */
export type Size = number | readonly [height: number, width: number];

/** Height and width in pixels. @throws KindlingError unless they are whole numbers from 1 on */
export function sizeOf(name: string, size: Size): readonly [height: number, width: number] {
  required(name, { size }, { size: 'sizes' });
  const [height, width, ...more] = typeof size === 'number' ? [size, size] : size;
  if (height !== undefined && width !== undefined && more.length === 0) return [height, width];
  refuse(`${name}: size is a whole number of pixels, or two, not ${text(size)}`);
}

/**
 * (x − mean) / std, channel by channel, for pictures [channels, …].
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 */
export class Normalize implements Transform {
  /** @throws KindlingError unless there are as many standard deviations as means, none of them 0 */
  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
  ) {
    atMost('Normalize', 2, arguments);
    for (const list of [mean, std])
      itemsOf('Normalize', 'arrays of numbers', list, 'new Normalize(mean, std)', isNumber);
    if (mean.length !== std.length || std.some((value) => !(value > 0))) {
      refuse(`Normalize: mean [${mean}] and std [${std}] do not fit each other: give as many of each, and std above 0`);
    }
  }

  /** @internal */
  checkChannels(shape: readonly number[]): void {
    const channels = this.mean.length;
    if (shape[0] === channels) return;
    refuse(`Normalize: ${channels} means for a picture of shape [${shape}]: give one for each channel`);
  }

  apply(values: Float32Array, shape: readonly number[]): void {
    this.checkChannels(shape);
    const area = values.length / this.mean.length;
    for (const [channel, mean] of this.mean.entries()) {
      const std = this.std[channel] as number;
      for (let i = channel * area; i < (channel + 1) * area; i++) values[i] = ((values[i] as number) - mean) / std;
    }
  }
}

/**
 * Mirrors a picture left to right with probability `p`.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomHorizontalFlip.html
 */
export class RandomHorizontalFlip implements Transform {
  /** Random words below this flip. @internal */
  readonly threshold: number;

  /** @throws KindlingError unless 0 ≤ p ≤ 1 */
  constructor(readonly p = 0.5) {
    atMost('RandomHorizontalFlip', 1, arguments);
    this.threshold = thresholdOf('RandomHorizontalFlip', p);
  }

  apply(values: Float32Array, shape: readonly number[], draw: Draw): void {
    const [, , width] = sides('RandomHorizontalFlip', shape);
    const [, , word = 0] = words(draw);
    if (word >= this.threshold) return;
    for (let row = 0; row < values.length; row += width) values.subarray(row, row + width).reverse();
  }
}

/**
 * A part of the picture, of `size`, at a random place; `padding` pixels of 0 are put around the picture first.
 *
 * @example
 * new RandomCrop(32, { padding: 4 })
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomCrop.html
 */
export class RandomCrop implements Reshaping {
  readonly height: number;
  readonly width: number;
  readonly padding: number;

  /** @param size height and width, or both in one number */
  constructor(size: Size, options: { padding?: number } = {}) {
    const { padding = 0 } = checked('RandomCrop', options, { padding: 'number' });
    [this.height, this.width] = sizeOf('RandomCrop', size);
    this.padding = padding;
    if (!Number.isInteger(padding) || padding < 0) {
      refuse(`RandomCrop: padding is a whole number of pixels, 0 or more, not ${padding}`);
    }
  }

  /** The shape of the crop. @throws KindlingError where the padded picture is too small */
  cropped(shape: readonly number[]): readonly [number, number, number] {
    const [channels, height, width] = sides('RandomCrop', shape);
    const [high, wide] = [height + 2 * this.padding, width + 2 * this.padding];
    if (this.height > high || this.width > wide) {
      refuse(
        `RandomCrop: a crop of ${this.height}×${this.width} is larger than the picture, ${height}×${width} and ` +
          `${high}×${wide} with its padding of ${this.padding}: take a smaller crop or more padding`,
      );
    }
    return [channels, this.height, this.width];
  }

  reshape(values: Float32Array, shape: readonly number[], draw: Draw): Transformed {
    const result = this.cropped(shape);
    const [channels, height, width] = sides('RandomCrop', shape);
    const { padding } = this;
    const [first, second] = words(draw);
    const top = below(first, height + 2 * padding - this.height + 1) - padding;
    const left = below(second, width + 2 * padding - this.width + 1) - padding;
    const data = new Float32Array(channels * this.height * this.width);
    for (let line = 0; line < channels * this.height; line++) {
      const row = top + (line % this.height);
      if (row < 0 || row >= height) continue;
      const plane = Math.floor(line / this.height) * height;
      const from = (plane + row) * width;
      const visible = values.subarray(from + Math.max(0, left), from + Math.min(width, left + this.width));
      data.set(visible, line * this.width + Math.max(0, -left));
    }
    return { data, shape: result };
  }
}

/**
 * Sets a square of `size` × `size` pixels to 0 in all channels with probability `p`. Its middle is any pixel, so that the
 * border may cut it off (DeVries and Taylor, 2017). The GPU does it where no crop or flip follows.
 *
 * @example
 * new Compose([new RandomCrop(32, { padding: 4 }), new RandomHorizontalFlip(), new Normalize(mean, std), new Cutout(8)])
 * @see https://arxiv.org/abs/1708.04552
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomErasing.html
 */
export class Cutout implements Transform {
  readonly p: number;
  /** Random words below this cut. @internal */
  readonly threshold: number;

  /** @param options.p default 1 */
  constructor(
    readonly size: number,
    options: { p?: number } = {},
  ) {
    const { p = 1 } = checked('Cutout', options, { p: 'number' });
    if (!Number.isInteger(size) || size < 1)
      refuse(`Cutout: size is a whole number of pixels, 1 or more, not ${text(size)}`);
    this.p = p;
    this.threshold = thresholdOf('Cutout', p);
  }

  apply(values: Float32Array, shape: readonly number[], draw: Draw): void {
    const [channels, height, width] = sides('Cutout', shape);
    const [first, second, third = 0] = words(draw, Domain.cutout);
    if (third >= this.threshold) return;
    const top = below(first, height) - Math.floor(this.size / 2);
    const left = below(second, width) - Math.floor(this.size / 2);
    for (let line = 0; line < channels * height; line++) {
      const row = (line % height) - top;
      if (row < 0 || row >= this.size) continue;
      values.fill(0, line * width + Math.max(0, left), line * width + Math.min(width, left + this.size));
    }
  }
}

/**
 * Transforms one after the other.
 *
 * @example
 * new Compose([new RandomCrop(32, { padding: 4 }), new RandomHorizontalFlip(), new Normalize(mean, std)])
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html
 */
export class Compose implements Reshaping {
  /** Those of a `Compose` inside are listed in its place. */
  readonly transforms: readonly (Transform | Reshaping)[];

  constructor(transforms: readonly (Transform | Reshaping)[]) {
    atMost('Compose', 1, arguments);
    const usage = 'new Compose([new RandomCrop(32), new Normalize(mean, std)])';
    itemsOf('Compose', 'an array of transforms', transforms, usage, isTransform);
    this.transforms = transforms.flatMap((one) => (one instanceof Compose ? one.transforms : [one]));
  }

  reshape(values: Float32Array, shape: readonly number[], draw: Draw): Transformed {
    const before = new Map<unknown, number>();
    let picture: Transformed = { data: values, shape };
    for (const one of this.transforms) {
      const stream = before.get(one.constructor) ?? 0;
      before.set(one.constructor, stream + 1);
      picture = transformed(one, picture.data, picture.shape, { ...draw, stream: draw.stream + stream });
    }
    return picture;
  }
}
