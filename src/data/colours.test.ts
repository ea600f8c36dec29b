import { describe, expect, it } from 'vitest';
import { close, colours, draw, draws } from '../../test/support/augment.js';
import { ColorJitter, changeColours, Grayscale } from './colours.js';

// What Python's colorsys and torchvision's formulas make of the pixels of `colours`.
const grey = [0.51628, 0.36191, 0.23849, 0.49995, 0.54294, 0, 0.4129, 0.65047];

describe('Grayscale', () => {
  it('weighs the colours, to one channel or three', () => {
    const one = new Grayscale().reshape(colours(), [3, 2, 4]);
    expect(one.shape).toEqual([1, 2, 4]);
    close(one.data, grey);
    const three = new Grayscale(3).reshape(colours(), [3, 2, 4]);
    expect(three.shape).toEqual([3, 2, 4]);
    close(three.data, [...grey, ...grey, ...grey]);
    const again = new Grayscale(3).reshape(one.data, one.shape);
    expect(again.data).toEqual(three.data);
  });
});

describe('ColorJitter', () => {
  it.each<['brightness' | 'contrast' | 'saturation' | 'hue', number, number[]]>([
    [
      'hue',
      0.1,
      [
        ...[0.2, 0.9, 0.42, 0.5, 0.3, 0, 1, 0.3, 0.7, 0.38, 0.1, 0.5, 0.6, 0, 0, 0.5],
        ...[0.7, 0.1, 0.8, 0.5, 0.1, 0, 0.4, 0.8],
      ],
    ],
    [
      'hue',
      -0.35,
      [
        ...[0.7, 0.1, 0.27, 0.5, 0.55, 0, 0, 0.8, 0.35, 0.38, 0.8, 0.5, 0.1, 0, 1, 0.75],
        ...[0.2, 0.9, 0.1, 0.5, 0.6, 0, 0.9, 0.3],
      ],
    ],
    [
      'hue',
      0.5,
      [
        ...[0.7, 0.1, 0.8, 0.5, 0.1, 0, 0, 0.8, 0.2, 0.9, 0.7, 0.5, 0.1, 0, 1, 0.3],
        ...[0.5, 0.7, 0.1, 0.5, 0.6, 0, 0, 0.3],
      ],
    ],
    [
      'brightness',
      1.5,
      [
        ...[0.3, 1, 0.15, 0.75, 0.9, 0, 1, 0.45, 1, 0.15, 0.3, 0.75, 0.9, 0, 0, 1],
        ...[0.6, 0.45, 1, 0.75, 0.15, 0, 1, 1],
      ],
    ],
    [
      'contrast',
      2,
      [
        ...[0, 1, 0, 0.597132, 0.797132, 0, 1, 0.197132, 0.997132, 0, 0, 0.597132, 0.797132, 0, 0, 1],
        ...[0.397132, 0.197132, 1, 0.597132, 0, 0, 1, 1],
      ],
    ],
    [
      'saturation',
      1.8,
      [
        ...[0, 1, 0, 0.50004, 0.645648, 0, 1, 0.019624, 0.846976, 0, 0.169208, 0.50004, 0.645648, 0, 0, 0.919624],
        ...[0.306976, 0.250472, 1, 0.50004, 0, 0, 1, 0.919624],
      ],
    ],
  ])('%s by %d', (change, factor, wanted) => {
    const values = colours();
    changeColours(change, values, 3, factor);
    close(values, wanted);
    // A transform that may draw this factor alone gives the same.
    const jittered = colours();
    new ColorJitter({ [change]: [factor, factor] }).apply(jittered, [3, 2, 4], draw);
    close(jittered, wanted);
  });

  it('draws factors around what leaves the picture as it is', () => {
    const { brightness, contrast, saturation, hue } = new ColorJitter({ brightness: 0.4, contrast: 3, hue: 0.2 });
    expect([brightness, contrast, saturation, hue]).toEqual([[0.6, 1.4], [0, 4], null, [-0.2, 0.2]]);
    const factors = draws.map((one) => {
      const values = Float32Array.of(0.5);
      new ColorJitter({ brightness: 0.4 }).apply(values, [1, 1, 1], one);
      return (values[0] as number) / 0.5;
    });
    expect(Math.min(...factors)).toBeGreaterThan(0.6);
    expect(Math.min(...factors)).toBeLessThan(0.62);
    expect(Math.max(...factors)).toBeLessThan(1.4);
    expect(Math.max(...factors)).toBeGreaterThan(1.38);
  });

  it('applies its changes in every order', () => {
    const jitter = new ColorJitter({
      brightness: [1.2, 1.2],
      contrast: [0.5, 0.5],
      saturation: [2, 2],
      hue: [0.3, 0.3],
    });
    const kinds = new Set(
      draws.map((one) => {
        const values = colours();
        jitter.apply(values, [3, 2, 4], one);
        return String([...values].map((value) => value.toFixed(4)));
      }),
    );
    // 24 orders, some of which come to the same.
    expect(kinds.size).toBeGreaterThan(6);
    expect(kinds.size).toBeLessThanOrEqual(24);
  });

  it('of one channel changes brightness and contrast alone; of nothing, nothing', () => {
    const values = Float32Array.of(0.2, 0.6);
    new ColorJitter({ saturation: 0.5, hue: 0.5 }).apply(values, [1, 1, 2], draw);
    expect(values).toEqual(Float32Array.of(0.2, 0.6));
    changeColours('contrast', values, 1, 0.5);
    close(values, [0.3, 0.5]);
    const same = colours();
    new ColorJitter().apply(same, [3, 2, 4], draw);
    expect(same).toEqual(colours());
  });
});
