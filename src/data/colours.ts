/** Transforms of colours, made by the host: of values from 0 to 1, hence before a `Normalize`. */
import { refuse } from '../gpu/errors.js';
import { atMost, checked, type Known, required } from '../gpu/options.js';
import { Domain } from '../tensor/philox.js';
import { between, type Draw, generatorOf, type Range, rangeOf } from './draws.js';
import { type Reshaping, sides, type Transform, type Transformed } from './transforms.js';

/** A picture of one channel, grey, or of three. @throws KindlingError for one of others */
function coloured(name: string, shape: readonly number[]): readonly [channels: 1 | 3, height: number, width: number] {
  const [channels, height, width] = sides(name, shape);
  if (channels === 1 || channels === 3) return [channels, height, width];
  refuse(`${name}: wants pictures of 1 or 3 channels, a sample has shape [${shape}]`);
}

/** How bright pixel `i` is to the eye. */
const luma = (values: Float32Array, area: number, i: number): number =>
  0.2989 * (values[i] as number) + 0.587 * (values[area + i] as number) + 0.114 * (values[2 * area + i] as number);

/**
 * The picture in shades of grey: 0.2989 red + 0.587 green + 0.114 blue.
 *
 * @example
 * new Compose([new Grayscale(), new Normalize([0.5], [0.25])])
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Grayscale.html
 */
export class Grayscale implements Reshaping {
  /** @param numOutputChannels 1, or 3 of the same */
  constructor(readonly numOutputChannels: 1 | 3 = 1) {
    atMost('Grayscale', 1, arguments);
    required('Grayscale', { numOutputChannels }, { numOutputChannels: 'number' });
    if (numOutputChannels !== 1 && numOutputChannels !== 3) {
      refuse(`Grayscale: numOutputChannels is 1 or 3, not ${numOutputChannels}`);
    }
  }

  reshape(values: Float32Array, shape: readonly number[]): Transformed {
    const [channels, height, width] = coloured('Grayscale', shape);
    const area = height * width;
    const grey = channels === 1 ? values : Float32Array.from({ length: area }, (_, i) => luma(values, area, i));
    const data = new Float32Array(this.numOutputChannels * area);
    for (let start = 0; start < data.length; start += area) data.set(grey, start);
    return { data, shape: [this.numOutputChannels, height, width] };
  }
}

/** A largest deviation, or least and most. */
export type Jitter = number | readonly [least: number, most: number];

export interface ColorJitterOptions {
  /** Factors from max(0, 1 − brightness) to 1 + brightness, or [least, most]. Default 0: none. */
  brightness?: Jitter | undefined;
  /** Factors in the same manner, of what sets a pixel apart from the mean of the picture. Default 0. */
  contrast?: Jitter | undefined;
  /** Factors in the same manner, of what sets a pixel apart from its grey. Default 0. */
  saturation?: Jitter | undefined;
  /** By what part of a turn the colour wheel is turned: from −hue to hue, which is at most 0.5, or [least, most]. Default 0. */
  hue?: Jitter | undefined;
}

const JITTER: Known<ColorJitterOptions> = {
  brightness: 'numbers',
  contrast: 'numbers',
  saturation: 'numbers',
  hue: 'numbers',
};

/** What changes colours; the order is that of torchvision's numbers for them. */
const CHANGES = ['brightness', 'contrast', 'saturation', 'hue'] as const;

/**
 * Changes brightness, contrast, saturation and hue by random factors, in random order. Values stay in 0 … 1. Saturation and hue
 * leave a picture of one channel as it is.
 *
 * @example
 * new Compose([new ColorJitter({ brightness: 0.4, hue: 0.1 }), new Normalize(mean, std)])
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.ColorJitter.html
 */
export class ColorJitter implements Transform {
  /** The range of each factor; null where nothing is to change. */
  readonly brightness: Range | null;
  readonly contrast: Range | null;
  readonly saturation: Range | null;
  readonly hue: Range | null;

  constructor(options: ColorJitterOptions = {}) {
    const { brightness, contrast, saturation, hue } = checked('ColorJitter', options, JITTER);
    this.brightness = factors('brightness', brightness);
    this.contrast = factors('contrast', contrast);
    this.saturation = factors('saturation', saturation);
    const turns = typeof hue === 'number' ? [-hue, hue] : (hue ?? [0, 0]);
    this.hue = unless(
      0,
      rangeOf('ColorJitter', 'hue', turns, 'from -0.5 to 0.5', (end) => Math.abs(end) <= 0.5),
    );
  }

  apply(values: Float32Array, shape: readonly number[], draw: Draw): void {
    const random = generatorOf(draw, Domain.colours);
    const order = random.permutation(CHANGES.length);
    const by = CHANGES.map((change) => between(random, this[change] ?? [0, 0]));
    const [channels] = coloured('ColorJitter', shape);
    for (const index of order) {
      const change = CHANGES[index] as (typeof CHANGES)[number];
      if (this[change]) changeColours(change, values, channels, by[index] as number);
    }
  }
}

/** A range of factors about 1. */
function factors(name: string, jitter: Jitter = 0): Range | null {
  if (typeof jitter === 'number' && !(jitter >= 0)) refuse(`ColorJitter: ${name} is a number from 0 on, not ${jitter}`);
  const range = typeof jitter === 'number' ? [Math.max(0, 1 - jitter), 1 + jitter] : jitter;
  return unless(
    1,
    rangeOf('ColorJitter', name, range, 'from 0 on', (end) => end >= 0),
  );
}

const unless = (nothing: number, range: Range): Range | null => (range.every((end) => end === nothing) ? null : range);

/** Changes colours by one factor, as torchvision's `adjust_…` of a tensor of floats. */
export function changeColours(
  change: (typeof CHANGES)[number],
  values: Float32Array,
  channels: 1 | 3,
  factor: number,
): void {
  const area = values.length / channels;
  if (channels === 1 && (change === 'saturation' || change === 'hue')) return;
  if (change === 'hue') {
    turnHue(values, area, factor);
    return;
  }
  let other: (i: number) => number = () => 0;
  if (change === 'contrast') {
    let sum = 0;
    for (let i = 0; i < area; i++) sum += channels === 3 ? luma(values, area, i) : (values[i] as number);
    other = () => sum / area;
  } else if (change === 'saturation') {
    other = (i) => luma(values, area, i);
  }
  for (let i = 0; i < area; i++) {
    const rest = (1 - factor) * other(i);
    for (let at = i; at < values.length; at += area) values[at] = clamp(factor * (values[at] as number) + rest);
  }
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/** To hue, saturation and value, and back. */
function turnHue(values: Float32Array, area: number, turn: number): void {
  for (let i = 0; i < area; i++) {
    const [r, g, b] = [values[i], values[area + i], values[2 * area + i]] as [number, number, number];
    const most = Math.max(r, g, b);
    const span = most - Math.min(r, g, b);
    if (span === 0) continue;
    const sixth = most === r ? (g - b) / span : most === g ? 2 + (b - r) / span : 4 + (r - g) / span;
    const hue = sixth / 6 + turn;
    const h = (hue - Math.floor(hue)) * 6;
    const sector = Math.floor(h);
    const part = h - sector;
    const saturation = span / most;
    const p = clamp(most * (1 - saturation));
    const q = clamp(most * (1 - saturation * part));
    const t = clamp(most * (1 - saturation * (1 - part)));
    const colours = [
      ...[
        [most, t, p],
        [q, most, p],
        [p, most, t],
      ],
      ...[
        [p, q, most],
        [t, p, most],
        [most, p, q],
      ],
    ];
    for (const [channel, value] of (colours[sector % 6] as number[]).entries()) values[channel * area + i] = value;
  }
}
