import { describe, expect, it } from 'vitest';
import { resize } from './resize.js';

describe('resize', () => {
  // Image.new('L', (w, h)); putdata([(37 * i + 11 * i * i) % 256 …]); resize((W, H), Image.BILINEAR), PIL 9.4.
  it.each<[[number, number], [number, number], number[]]>([
    [
      [5, 7],
      [3, 4],
      [68, 162, 165, 139, 167, 143, 153, 81, 180, 73, 146, 138],
    ],
    [
      [3, 4],
      [5, 7],
      [
        [0, 17, 45, 83, 125, 177, 210, 27, 57, 105, 112, 115, 129, 138, 68, 117, 194, 155, 101, 57],
        [30, 166, 179, 199, 179, 155, 142, 133, 232, 221, 202, 195, 191, 198, 202],
      ].flat(),
    ],
    [
      [6, 5],
      [2, 9],
      [151, 138, 117, 119, 128, 149, 161, 141, 129, 115, 140, 183, 192, 194, 136, 88, 79, 73],
    ],
    [
      [4, 4],
      [4, 4],
      [0, 48, 118, 210, 68, 204, 106, 30, 232, 200, 190, 202, 236, 36, 114, 214],
    ],
    [[9, 8], [1, 1], [141]],
  ])('%j to %j gives the bytes of PIL', (from, to, wanted) => {
    const plane = Uint8Array.from({ length: from[0] * from[1] }, (_, i) => (i * 37 + i * i * 11) % 256);
    expect([...resize(plane, from, to)]).toEqual(wanted);
  });
});
