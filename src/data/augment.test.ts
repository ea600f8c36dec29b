import { describe, expect, it } from 'vitest';
import { colours, draw, draws } from '../../test/support/augment.js';
import { ColorJitter, Grayscale } from './colours.js';
import { roundHalfEven } from './draws.js';
import { RandomErasing } from './erasing.js';
import { RandomResizedCrop, RandomRotation } from './geometry.js';
import { Compose } from './transforms.js';

describe('RandomErasing', () => {
  const holes = (erasing: RandomErasing, shape = [2, 12, 16]) =>
    draws.map((one) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5);
      erasing.apply(values, shape, one);
      const plane = shape[1] as number;
      const width = shape[2] as number;
      const at = [...values.subarray(0, plane * width)].flatMap((value, i) => (value === 0.5 ? [] : [i]));
      const [rows, columns] = [at.map((i) => Math.floor(i / width)), at.map((i) => i % width)];
      const sides = [rows, columns].map((list) => (at.length ? Math.max(...list) - Math.min(...list) + 1 : 0));
      return { values, at, high: sides[0] as number, wide: sides[1] as number };
    });

  it('erases rectangles, alike in all channels, with its probability', () => {
    const found = holes(new RandomErasing({ p: 0.25, value: [3, 4] }));
    for (const { values, at, high, wide } of found) {
      expect(at).toHaveLength(high * wide);
      for (const i of at) expect([values[i], values[192 + i]]).toEqual([3, 4]);
      expect(values.filter((value) => value !== 0.5)).toHaveLength(2 * at.length);
    }
    const erased = found.filter(({ at }) => at.length > 0).length;
    expect(erased).toBeGreaterThan(65);
    expect(erased).toBeLessThan(135);
    expect(holes(new RandomErasing({ p: 0 })).every(({ at }) => at.length === 0)).toBe(true);
  });

  it('keeps to its areas and proportions, and reaches every border', () => {
    const found = holes(new RandomErasing({ p: 1, scale: [0.1, 0.2], ratio: [2, 3] }));
    for (const { high, wide } of found) {
      expect(high).toBeGreaterThan(wide);
      expect(high * wide).toBeGreaterThan(0.07 * 192);
      expect(high * wide).toBeLessThan(0.25 * 192);
    }
    const touched = new Set(found.flatMap(({ at }) => at));
    for (const corner of [0, 15, 176, 191]) expect(touched).toContain(corner);
  });

  it('leaves the picture where ten draws do not fit', () => {
    expect(holes(new RandomErasing({ p: 1, scale: [1, 1], ratio: [1, 1] })).every(({ at }) => !at.length)).toBe(true);
  });

  it("fills with the normal distribution's numbers, of each pixel its own", () => {
    const found = holes(new RandomErasing({ p: 1, value: 'random' })).flatMap(({ values, at }) =>
      at.map((i) => values[i] ?? 0),
    );
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    const square = found.reduce((sum, value) => sum + value * value, 0) / found.length;
    expect(new Set(found).size).toBeGreaterThan(0.99 * found.length);
    expect(mean).toBeCloseTo(0, 1);
    expect(square).toBeCloseTo(1, 1);
  });
});

describe('random transforms', () => {
  it.each([
    ['RandomResizedCrop', new RandomResizedCrop([2, 4])],
    ['RandomRotation', new RandomRotation(180)],
    ['RandomErasing', new RandomErasing({ p: 1, scale: [0.2, 0.4], value: 'random' })],
    ['ColorJitter', new ColorJitter({ brightness: 0.5 })],
  ])('%s is a function of seed, epoch, sample and stream', (_, one) => {
    const all = new Compose([one]);
    const of = (change: object) => String(all.reshape(colours(), [3, 2, 4], { ...draw, ...change }).data);
    expect(of({})).toBe(of({}));
    const others = [
      { seed: 2 },
      { epoch: 1 },
      { sample: 1 },
      { stream: 256 },
      { seed: 3 },
      { epoch: 2 },
      { sample: 2 },
    ];
    expect(new Set(others.map(of)).size).toBeGreaterThan(4);
    expect(String(new Compose([one, one]).reshape(colours(), [3, 2, 4], draw).data)).not.toBe(of({}));
  });

  it('round as Python does', () => {
    expect([0.5, 1.5, 2.5, 2.4, 2.6, -0.5, -1.5].map(roundHalfEven)).toEqual([0, 2, 2, 2, 3, 0, -2]);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'an area above 1',
      () => new RandomErasing({ scale: [0.1, 2] }),
      /scale is \[least, most\], numbers from 0 to 1, not/,
    ],
    ['a range of one', () => new RandomResizedCrop(2, { scale: 0.5 as never }), /scale is .* not 0.5/],
    ['a range upside down', () => new RandomResizedCrop(2, { ratio: [2, 1] }), /ratio is .* above 0, not \[2, 1\]/],
    ['three sides', () => new RandomResizedCrop([2, 3, 4] as never), /RandomResizedCrop: size is a whole number/],
    ['a probability above 1', () => new RandomErasing({ p: 2 }), /RandomErasing: p is a probability/],
    ['a word', () => new RandomErasing({ value: 'mean' as never }), /value is 'mean', wants/],
    [
      'values too few',
      () => new RandomErasing({ value: [1] }).apply(colours(), [3, 2, 4], draw),
      /1 values for a picture/,
    ],
    ['fills too few', () => new RandomRotation(1, { fill: [1, 2] }).apply(colours(), [3, 2, 4], draw), /2 fills for a/],
    ['a negative angle', () => new RandomRotation(-1), /degrees is a number from 0 on, or \[least, most\], not -1/],
    ['angles upside down', () => new RandomRotation([3, -3]), /degrees is \[least, most\]/],
    ['a negative factor', () => new ColorJitter({ contrast: -1 }), /contrast is a number from 0 on, not -1/],
    [
      'negative factors',
      () => new ColorJitter({ contrast: [-1, 1] }),
      /contrast is \[least, most\], numbers from 0 on/,
    ],
    ['more than half a turn', () => new ColorJitter({ hue: 0.6 }), /hue is .* from -0.5 to 0.5, not \[-0.6, 0.6\]/],
    [
      'two channels',
      () => new Grayscale().reshape(colours(), [2, 3, 4]),
      /Grayscale: wants pictures of 1 or 3 channels/,
    ],
    [
      'two channels of colours',
      () => new ColorJitter().apply(colours(), [2, 3, 4], draw),
      /ColorJitter: wants pictures of/,
    ],
    ['two shades of grey', () => new Grayscale(2 as never), /numOutputChannels is 1 or 3, not 2/],
    ['rows', () => new RandomErasing().apply(colours(), [24], draw), /wants pictures \[channels, height, width\]/],
  ])('refuse %s', (_, make, message) => expect(make).toThrow(message));
});
