import { describe, expect, it } from 'vitest';
import { columnsOf, extentOf, filterTiles, mapTiles, scaleOf } from './tiles.js';

const pixel = ({ width, data }: { width: number; data: Uint8ClampedArray }, x: number, y: number): number[] => [
  ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
];

describe('tiles', () => {
  it('stand in a grid that is wider than high', () => {
    expect([3, 10, 32, 64].map(columnsOf)).toEqual([3, 10, 8, 16]);
  });

  it('have the extent of what is finite, and never 0', () => {
    expect(extentOf([0.5, -2, Number.NaN, Number.NEGATIVE_INFINITY])).toBe(2);
    expect(extentOf([0, 0])).toBe(1);
  });

  it('show filters with red, green and blue where their planes are, grey for 0', () => {
    // Two filters of three planes of one by one.
    const values = Float32Array.of(1, 0, -1, 0, 0, Number.NaN);
    const drawn = filterTiles(values, 1, 1);
    expect([drawn.width, drawn.height]).toEqual([3, 1]);
    expect(pixel(drawn, 0, 0)).toEqual([255, 128, 0, 255]);
    // The line between them.
    expect(pixel(drawn, 1, 0)).toEqual([0, 0, 0, 0]);
    expect(pixel(drawn, 2, 0)).toEqual([128, 128, 90, 255]);
  });

  it('show a map where it lies, by the scale', () => {
    const scale = scaleOf(
      [
        [0, 0, 0],
        [200, 100, 0],
      ],
      [
        [0, 0, 0],
        [0, 0, 50],
      ],
    );
    // 32 maps of two by two, of which the tenth has values.
    const values = new Float32Array(32 * 4);
    values.set([2, 1, -2, Number.NaN], 9 * 4);
    const drawn = mapTiles(values, [32, 2, 2], 2, scale);
    expect([drawn.width, drawn.height]).toEqual([23, 11]);
    expect(pixel(drawn, 3, 3)).toEqual([200, 100, 0, 255]);
    expect(pixel(drawn, 4, 3)).toEqual([100, 50, 0, 255]);
    expect(pixel(drawn, 3, 4)).toEqual([0, 0, 50, 255]);
    expect(pixel(drawn, 4, 4)).toEqual([255, 0, 90, 255]);
    expect(pixel(drawn, 5, 3)).toEqual([0, 0, 0, 0]);
  });

  it('show units as one pixel each', () => {
    const drawn = mapTiles(
      new Float32Array(64),
      [64],
      1,
      scaleOf(
        [
          [0, 0, 0],
          [1, 1, 1],
        ],
        [
          [0, 0, 0],
          [1, 1, 1],
        ],
      ),
    );
    expect([drawn.width, drawn.height]).toEqual([31, 7]);
  });
});
