/** Handwriting for where MNIST is out of reach: strokes through jittered points, slanted, turned, thick or thin. */
import type { Generator } from '../tensor/generator.js';

export const DIGIT_SIDE = 28;

/** The strokes of each digit: their points on a grid, a column from 0 to 4 and a row from 0 to 6. */
const STROKES: readonly string[] = [
  '10 30 41 45 36 16 05 01 10',
  '11 20 26, 16 36',
  '01 10 30 41 42 06 46',
  '01 10 30 41 42 33 13, 33 44 45 36 16 05',
  '36 30 04 44',
  '40 00 03 33 44 45 36 16 05',
  '30 10 01 05 16 36 45 44 33 13 04',
  '00 40 16',
  '10 30 41 42 33 13 02 01 10, 13 04 05 16 36 45 44 33',
  '42 33 13 02 01 10 30 41 45 36 16',
];

type Point = readonly [x: number, y: number];

/**
 * Draws a digit, light on black, beside stray marks, into [28, 28] values from 0 to 255. It takes nothing but + − × ÷, square
 * roots and rounding: every host draws the same bytes.
 */
export function drawDigit(canvas: Float64Array, digit: number, random: Generator): void {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const [tall, wide, turn, slant] = [between(2, 3.2), between(2, 3.2), between(-0.15, 0.15), between(-0.35, 0.35)];
  const [left, top, half, ink] = [between(11, 16), between(12, 15.5), between(0.5, 1.5), between(120, 255)];
  const [cos, sin] = [(1 - turn * turn) / (1 + turn * turn), (2 * turn) / (1 + turn * turn)];
  const place = (point: string): Point => {
    const y = (Number(point[1]) - 3 + between(-0.35, 0.35)) * tall;
    const x = (Number(point[0]) - 2 + between(-0.35, 0.35)) * wide - slant * y;
    return [left + cos * x - sin * y, top + sin * x + cos * y];
  };
  for (const stroke of (STROKES[digit] as string).split(', ')) {
    const points = stroke.split(' ').map(place);
    for (const [i, end] of points.entries()) drawLine(canvas, points[i - 1] ?? end, end, half, ink);
  }
  for (let mark = random.integer(3); mark > 0; mark--) {
    const [x, y] = [between(0, DIGIT_SIDE), between(0, DIGIT_SIDE)];
    drawLine(canvas, [x, y], [x + between(-4, 4), y + between(-4, 4)], between(0.3, 1), between(80, 255));
  }
}

/** A line with soft edges, `half` as thick to each side. */
function drawLine(canvas: Float64Array, start: Point, end: Point, half: number, ink: number): void {
  const [left = 0, right = 0, top = 0, bottom = 0] = [0, 1].flatMap((axis) => {
    const [a, b] = [start[axis] as number, end[axis] as number];
    const reach = half + 0.5;
    return [
      Math.max(0, Math.ceil(Math.min(a, b) - reach)),
      Math.min(DIGIT_SIDE - 1, Math.floor(Math.max(a, b) + reach)),
    ];
  });
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const cover = Math.min(1, Math.max(0, half + 0.5 - toSegment(x, y, start, end)));
      const at = y * DIGIT_SIDE + x;
      canvas[at] = Math.max(canvas[at] as number, ink * cover);
    }
  }
}

/** The distance of (x, y) to the line from one point to the other. */
function toSegment(x: number, y: number, [x0, y0]: Point, [x1, y1]: Point): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const nearest = Math.min(1, Math.max(0, along));
  const [u, v] = [x - x0 - nearest * dx, y - y0 - nearest * dy];
  return Math.sqrt(u * u + v * v);
}
