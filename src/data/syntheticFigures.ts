/**
 * The ten figures of the synthetic pictures: five kinds of two sorts each. Kinds differ in texture and, a little, in the colour
 * of their ground, as ships and frogs do, and are soon told apart; what sets two sorts apart is geometry, which takes time.
 * All are drawn at any angle and look like themselves in a mirror.
 */

/** Red, green, blue. */
export type Colour = readonly [number, number, number];

/** How far a point lies inside a figure of size `r` (outside: negative), both in pixels. */
type Inside = (u: number, v: number, r: number) => number;

export interface Figure {
  readonly name: string;
  /** Least and greatest size, in pixels. */
  readonly size: readonly [number, number];
  /** What its ground's colour is shifted by. */
  readonly hue: Colour;
  readonly inside: Inside;
}

const distance = (u: number, v: number): number => Math.sqrt(u * u + v * v);

/** The distance to the nearest multiple of `r`, signed. */
const fold = (u: number, r: number): number => u - r * Math.round(u / r);

/** A wave of the length `r` that rises and falls evenly, its slope 1: half of it is inside. */
const wave = (u: number, r: number): number => r / 4 - Math.abs(fold(u, r));

/** A texture of the period `period · r`, cut out round. */
const patch =
  (period: number, texture: Inside): Inside =>
  (u, v, r) =>
    Math.min(r - distance(u, v), texture(u, v, period * r));

/** Arms of the length `r` from the centre, in directions of length 1. */
const arms =
  (...directions: readonly (readonly [number, number])[]): Inside =>
  (u, v, r) =>
    Math.max(
      ...directions.map(([x, y]) => {
        const along = u * x + v * y;
        return Math.min(r - along, along + 0.2 * r, 0.24 * r - Math.abs(v * x - u * y));
      }),
    );

const square: Inside = (u, v, r) => r - Math.max(Math.abs(u), Math.abs(v));

const SOLID = { size: [6, 9], hue: [14, -7, -7] } as const;
const OUTLINE = { size: [7, 10], hue: [4, -13, 9] } as const;
const ARMED = { size: [7, 11], hue: [-11, -2, 13] } as const;
const LATTICE = { size: [8, 11], hue: [-11, 13, -2] } as const;
const STRIPED = { size: [8, 11], hue: [4, 9, -13] } as const;

export const FIGURES: readonly Figure[] = [
  { name: 'disc', ...SOLID, inside: (u, v, r) => r - distance(u, v) },
  { name: 'square', ...SOLID, inside: (u, v, r) => square(u, v, 0.88 * r) },
  { name: 'ring', ...OUTLINE, inside: (u, v, r) => 0.2 * r - Math.abs(distance(u, v) - 0.8 * r) },
  { name: 'frame', ...OUTLINE, inside: (u, v, r) => 0.2 * r - Math.abs(square(u, v, 0.7 * r)) },
  { name: 'cross', ...ARMED, inside: arms([1, 0], [0, 1], [-1, 0], [0, -1]) },
  { name: 'fork', ...ARMED, inside: arms([0, 1], [0.866, -0.5], [-0.866, -0.5]) },
  { name: 'checkers', ...LATTICE, inside: patch(0.8, (u, v, r) => (wave(u, r) * wave(v, r) * 8) / r) },
  { name: 'spots', ...LATTICE, inside: patch(0.65, (u, v, r) => 0.32 * r - distance(fold(u, r), fold(v, r))) },
  { name: 'stripes', ...STRIPED, inside: patch(0.55, (_, v, r) => wave(v, r)) },
  { name: 'zigzags', ...STRIPED, inside: patch(0.55, (u, v, r) => 0.8 * wave(v + Math.abs(fold(u, 1.4 * r)), r)) },
];
