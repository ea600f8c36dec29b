import { describe, expect, it } from 'vitest';
import { bytesOf, lineOf, painted, pixelsOf, planesOf, SIDE, squareOf } from './crop.js';

const AREA = SIDE * SIDE;

describe("one's own picture", () => {
  it('is cut to the square in its middle', () => {
    expect(squareOf(640, 480)).toEqual({ x: 80, y: 0, side: 480 });
    expect(squareOf(3, 10)).toEqual({ x: 0, y: 3, side: 3 });
    expect(squareOf(32, 32)).toEqual({ x: 0, y: 0, side: 32 });
  });

  it('has its planes one after the other, and comes back from them', () => {
    const pixels = Uint8ClampedArray.from({ length: 4 * AREA }, (_, i) => (i % 4 === 3 ? 255 : (7 * i) % 251));
    const planes = planesOf(pixels);
    expect([planes[0], planes[AREA], planes[2 * AREA], planes[1]]).toEqual([0, 7, 14, 28]);
    expect(pixelsOf(planes)).toEqual(pixels);
  });

  it('is painted by a brush, cut at the edge', () => {
    const blank = new Uint8Array(3 * AREA);
    const dot = painted(blank, [31, 0], 3, [9, 8, 7]);
    expect(blank.every((byte) => byte === 0)).toBe(true);
    expect([...dot.keys()].filter((i) => i < AREA && dot[i] === 9)).toEqual([30, 31, 62, 63]);
    expect([dot[AREA + 31], dot[2 * AREA + 31]]).toEqual([8, 7]);
    expect(painted(blank, [5, 5], 1, [1, 1, 1]).reduce((a, b) => a + b, 0)).toBe(3);
  });

  it('has lines without gaps', () => {
    expect(lineOf([0, 0], [3, 1])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
      [3, 1],
    ]);
    expect(lineOf([2, 2], [2, 2])).toContainEqual([2, 2]);
  });

  it('takes colours as a field has them', () => {
    expect(bytesOf('#0a80ff')).toEqual([10, 128, 255]);
  });
});
