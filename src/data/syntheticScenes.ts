/**
 * Scenes for where CIFAR-10 is out of reach: a figure at a random place, size, angle and colour, as often darker as lighter
 * than the shaded ground, in front of clutter and under grain. No pixel's value tells the class, so that a linear model learns
 * little and a convolutional network a lot; values lie well above zero and not far apart, so that inputs want normalising.
 */
import type { Generator } from '../tensor/generator.js';
import { type Colour, FIGURES, type Figure } from './syntheticFigures.js';

export const SCENE_SIDE = 32;
const AREA = SCENE_SIDE * SCENE_SIDE;

/** What is painted: how far inside a point lies that is (u, v) from the centre, and how far from there it may reach. */
interface Shape {
  readonly inside: (u: number, v: number) => number;
  readonly reach: number;
}

/**
 * Draws figure `label` into [3, 32, 32] values, about 0 to 255. It takes nothing but + − × ÷, square roots and rounding: every
 * host draws the same bytes.
 */
export function drawScene(canvas: Float64Array, label: number, random: Generator): void {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const place = (low: number, high: number) => [between(low, high), between(low, high)] as const;
  const { size, hue, inside } = FIGURES[label] as Figure;
  const level = between(50, 200);
  const ground: Colour = [
    level + hue[0] + between(-25, 25),
    level + hue[1] + between(-25, 25),
    level + hue[2] + between(-25, 25),
  ];
  /** A colour that is lighter or darker than the ground; where there is no room for the one, the other. */
  const against = (contrast: number): Colour => {
    let step = random.integer(2) === 0 ? contrast : -contrast;
    if (level + step < 10 || level + step > 245) step = -step;
    const tinted = (base: number): number => base + step * between(0.6, 1.4);
    return [tinted(ground[0]), tinted(ground[1]), tinted(ground[2])];
  };
  shade(canvas, ground, [place(-1, 1), place(-1, 1), place(-1, 1)]);
  const contrast = between(40, 120);
  for (let piece = 2 + random.integer(5); piece > 0; piece--) {
    const [long, thick] = [between(2, 7), between(0.5, 2)];
    const bar = { inside: (u: number, v: number) => Math.min(long - Math.abs(u), thick - Math.abs(v)), reach: 9 };
    paint(canvas, bar, place(0, SCENE_SIDE), between(-1, 1), against(between(30, 90)));
  }
  const radius = between(...size);
  const figure = { inside: (u: number, v: number) => inside(u, v, radius), reach: 18 };
  paint(canvas, figure, place(10.5, 20.5), between(-1, 1), against(contrast));
}

/** Each plane a colour that changes evenly across the picture, by (x, y) of its slopes a pixel. */
function shade(canvas: Float64Array, ground: Colour, slopes: readonly (readonly [number, number])[]): void {
  for (const [plane, [x, y]] of slopes.entries()) {
    for (let pixel = 0; pixel < AREA; pixel++) {
      const [dx, dy] = [(pixel % SCENE_SIDE) - 15.5, Math.floor(pixel / SCENE_SIDE) - 15.5];
      canvas[plane * AREA + pixel] = (ground[plane] as number) + x * dx + y * dy;
    }
  }
}

/** Paints a shape round (x0, y0), turned by 2 atan(t), with soft edges. */
function paint(
  canvas: Float64Array,
  { inside, reach }: Shape,
  [x0, y0]: readonly [number, number],
  t: number,
  colour: Colour,
): void {
  const [cos, sin] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)];
  const first = (at: number): number => Math.max(0, Math.ceil(at - reach));
  const last = (at: number): number => Math.min(SCENE_SIDE - 1, Math.floor(at + reach));
  for (let y = first(y0); y <= last(y0); y++) {
    for (let x = first(x0); x <= last(x0); x++) {
      const [dx, dy] = [x - x0, y - y0];
      const cover = Math.min(1, Math.max(0, 0.5 + inside(cos * dx + sin * dy, cos * dy - sin * dx)));
      if (cover === 0) continue;
      for (let plane = 0; plane < 3; plane++) {
        const at = plane * AREA + y * SCENE_SIDE + x;
        canvas[at] = (canvas[at] as number) * (1 - cover) + (colour[plane] as number) * cover;
      }
    }
  }
}
