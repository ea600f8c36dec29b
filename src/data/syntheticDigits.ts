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

/** Draws a digit, light on black, into [28, 28] values from 0 to 255. */
export function drawDigit(canvas: Float64Array, digit: number, random: Generator): void {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const [tall, wide, angle, slant] = [between(2, 3.2), between(2, 3.2), between(-0.25, 0.25), between(-0.3, 0.3)];
  const [left, top, half, ink] = [between(11, 16), between(12, 15), between(0.6, 1.5), between(150, 255)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const place = (point: string): Point => {
    const y = (Number(point[1]) - 3 + between(-0.3, 0.3)) * tall;
    const x = (Number(point[0]) - 2 + between(-0.3, 0.3)) * wide - slant * y;
    return [left + cos * x - sin * y, top + sin * x + cos * y];
  };
  for (const stroke of (STROKES[digit] as string).split(', ')) {
    const points = stroke.split(' ').map(place);
    for (const [i, end] of points.entries()) {
      const start = points[i - 1] ?? end;
      for (let pixel = 0; pixel < canvas.length; pixel++) {
        const distance = toSegment(pixel % DIGIT_SIDE, Math.floor(pixel / DIGIT_SIDE), start, end);
        const value = ink * Math.min(1, Math.max(0, half + 0.5 - distance));
        canvas[pixel] = Math.max(canvas[pixel] as number, value);
      }
    }
  }
}

/** The distance of (x, y) to the line from one point to the other. */
function toSegment(x: number, y: number, [x0, y0]: Point, [x1, y1]: Point): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const nearest = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - nearest * dx, y - y0 - nearest * dy);
}
