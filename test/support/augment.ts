/** What tests of transforms have in common. */
import { expect } from 'vitest';

export const draw = { seed: 1, epoch: 0, sample: 0, stream: 0 };

/** Draws of many samples. */
export const draws = Array.from({ length: 400 }, (_, sample) => ({ ...draw, sample }));

/** Eight pixels, by channel: a picture [3, 2, 4]. */
export const colours = (): Float32Array =>
  Float32Array.of(
    ...[0.2, 0.9, 0.1, 0.5, 0.6, 0, 1, 0.3],
    ...[0.7, 0.1, 0.2, 0.5, 0.6, 0, 0, 0.8],
    ...[0.4, 0.3, 0.8, 0.5, 0.1, 0, 1, 0.8],
  );

export function close(found: ArrayLike<number>, wanted: readonly number[], digits = 5): void {
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i], `element ${i}`).toBeCloseTo(value, digits);
}
