/** What a result should be, in float64, and how far one is from it. */

export interface Exact {
  readonly value: number;
  /** What an error is measured against: the result itself or, where it is a sum, the sum of what its terms amount to. */
  readonly scale: number;
}

/** One ulp: the distance between 1 and the next f32. */
export const ULP = 2 ** -23;

export const exactly = (value: number): Exact => ({ value, scale: Math.abs(value) });

/** A sum of terms. Its rounding errors grow with the terms, though the sum may be near zero. */
export function summed(count: number, term: (k: number) => number): Exact {
  let [value, scale] = [0, 0];
  for (let k = 0; k < count; k++) {
    const one = term(k);
    value += one;
    scale += Math.abs(one);
  }
  return { value, scale };
}

/** How far `got` is off, as a share of the scale. Anything but the value is infinitely far where the scale is zero. */
export function relativeError(got: number, { value, scale }: Exact): number {
  if (got === value) return 0;
  const error = Math.abs(got - value) / scale;
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

/** Numbers from -1 to 1 that a seed decides. */
export function uniform(size: number, seed: number): Float32Array {
  let state = (Math.imul(seed, 2654435761) + 1) >>> 0;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** Whole numbers from 0 to below `bound` that a seed decides. */
export const whole = (size: number, bound: number, seed: number): Int32Array =>
  Int32Array.from(uniform(size, seed), (value) => Math.min(bound - 1, Math.floor(((value + 1) / 2) * bound)));
