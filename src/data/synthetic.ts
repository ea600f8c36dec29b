/**
 * Pictures to train on where CIFAR-10 is out of reach: ten shapes and textures on a shaded ground, at random places, sizes,
 * angles and colours, mostly light on dark, with clutter and noise. A class is a matter of local patterns, not of any
 * pixel's value: a linear model learns little, a convolutional network a lot.
 */
import { refuse } from '../gpu/errors.js';
import { checked } from '../gpu/options.js';
import { Generator } from '../tensor/generator.js';
import { Domain } from '../tensor/philox.js';
import { ImageDataset } from './dataset.js';
import { DIGIT_SIDE, drawDigit } from './syntheticDigits.js';

const SIDE = 32;
const AREA = SIDE * SIDE;

/** How far a point lies inside a shape of size `r` (outside: negative), both in pixels. */
type Inside = (u: number, v: number, r: number) => number;

/** A wave of `r` pixels' length, its steepest slope 1. */
const wave = (u: number, r: number): number => Math.sin((u * 2 * Math.PI) / r) * (r / (2 * Math.PI));

const CLASSES: readonly { name: string; size: readonly [number, number]; turn: number; inside: Inside }[] = [
  { name: 'disc', size: [6, 11], turn: 0, inside: (u, v, r) => r - Math.hypot(u, v) },
  { name: 'ring', size: [7, 12], turn: 0, inside: (u, v, r) => 0.2 * r - Math.abs(Math.hypot(u, v) - 0.8 * r) },
  { name: 'square', size: [6, 10], turn: 0.3, inside: (u, v, r) => r - Math.max(Math.abs(u), Math.abs(v)) },
  {
    name: 'cross',
    size: [8, 12],
    turn: 0.3,
    inside: (u, v, r) =>
      Math.min(r - Math.max(Math.abs(u), Math.abs(v)), 0.28 * r - Math.min(Math.abs(u), Math.abs(v))),
  },
  {
    name: 'triangle',
    size: [8, 13],
    turn: 0.3,
    inside: (u, v, r) => Math.min(0.5 * r - v, 0.5 * r + 0.5 * v - 0.866 * Math.abs(u)),
  },
  { name: 'horizontal stripes', size: [5, 9], turn: 0.25, inside: (_, v, r) => wave(v, r) },
  { name: 'vertical stripes', size: [5, 9], turn: 0.25, inside: (u, _, r) => wave(u, r) },
  { name: 'diagonal stripes', size: [5, 9], turn: 0.25, inside: (u, v, r) => wave((u + v) * Math.SQRT1_2, r) },
  { name: 'checkers', size: [8, 13], turn: 0.25, inside: (u, v, r) => (wave(u, r) * wave(v, r) * 8) / r },
  { name: 'spots', size: [7, 11], turn: 0.8, inside: (u, v, r) => 0.3 * r - Math.hypot(fold(u, r), fold(v, r)) },
];

/** The distance to the nearest multiple of `r`, signed. */
const fold = (u: number, r: number): number => u - r * Math.round(u / r);

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
  const shape = digits ? ([1, DIGIT_SIDE, DIGIT_SIDE] as const) : ([3, SIDE, SIDE] as const);
  const size = shape[0] * shape[1] * shape[2];
  const stream = (digits ? 2 : 0) + (split === 'train' ? 0 : 1);
  const images = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const random = new Generator(seed, { domain: Domain.synthetic, stream, step: i });
    labels[i] = random.integer(CLASSES.length);
    const picture = images.subarray(i * size, (i + 1) * size);
    (digits ? drawHandwriting : draw)(picture, labels[i] as number, random);
  }
  const names = CLASSES.map(({ name }, digit) => (digits ? String(digit) : name));
  return new ImageDataset(images, labels, names, `synthetic pictures (not ${like})`, true, shape);
}

function drawHandwriting(picture: Uint8Array, label: number, random: Generator): void {
  const canvas = new Float64Array(picture.length);
  drawDigit(canvas, label, random);
  finish(picture, canvas, DIGIT_SIDE, random, [0, 0], 5 + 30 * random.uniform());
}

type Colour = readonly [number, number, number];

function draw(picture: Uint8Array, label: number, random: Generator): void {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const colour = (low: number, high: number): Colour => {
    const level = between(low, high);
    return [level + between(-30, 30), level + between(-30, 30), level + between(-30, 30)];
  };
  const [dark, light] = [colour(10, 60), colour(175, 245)];
  const [ground, ink] = random.integer(6) > 0 ? [dark, light] : [light, dark];
  const canvas = new Float64Array(3 * AREA).map((_, i) => ground[Math.floor(i / AREA)] as number);
  const paint = (inside: (x: number, y: number) => number, tint: Colour): void => {
    for (let pixel = 0; pixel < AREA; pixel++) {
      const cover = Math.min(1, Math.max(0, 0.5 + inside(pixel % SIDE, Math.floor(pixel / SIDE))));
      if (cover === 0) continue;
      for (let plane = 0; plane < 3; plane++) {
        const at = plane * AREA + pixel;
        canvas[at] = (canvas[at] as number) * (1 - cover) + (tint[plane] as number) * cover;
      }
    }
  };
  const { size, turn, inside } = CLASSES[label] as (typeof CLASSES)[number];
  const radius = between(...size);
  const angle = between(-turn, turn);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [left, top] = [between(11.5, 19.5), between(11.5, 19.5)];
  paint((x, y) => {
    const [dx, dy] = [x - left, y - top];
    return inside(cos * dx + sin * dy, cos * dy - sin * dx, radius);
  }, ink);
  for (let piece = random.integer(4); piece > 0; piece--) {
    const [x0, y0, long, thick] = [between(0, SIDE), between(0, SIDE), between(1, 4), between(0.5, 2)];
    paint((x, y) => Math.min(long - Math.abs(x - x0), thick - Math.abs(y - y0)), colour(20, 235));
  }
  finish(picture, canvas, SIDE, random, [between(-1, 1), between(-1, 1)], between(5, 20));
}

/** Shading across the picture and noise, four pixels' noise from each random word. */
function finish(
  picture: Uint8Array,
  canvas: Float64Array,
  side: number,
  random: Generator,
  [slopeX, slopeY]: readonly [number, number],
  noise: number,
): void {
  for (let i = 0; i < picture.length; i += 4) {
    const bits = random.bits();
    for (let lane = 0; lane < 4; lane++) {
      const pixel = (i + lane) % (side * side);
      const shade = slopeX * ((pixel % side) - 15.5) + slopeY * (Math.floor(pixel / side) - 15.5);
      const grain = (((bits >>> (8 * lane)) & 255) / 255 - 0.5) * 2 * noise;
      const value = Math.round((canvas[i + lane] as number) + shade + grain);
      picture[i + lane] = Math.min(255, Math.max(0, value));
    }
  }
}
