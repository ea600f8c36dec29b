/** How far a result may lie from the expected one, in units in the last place or absolutely, whichever is wider. */
import { worstBy } from '../parity/compare.js';

export interface Bound {
  /** Units in the last place of float32. */
  readonly ulps: number;
  /** Default: none. */
  readonly absolute?: number;
}

export const exact: Bound = { ulps: 0 };
export const ulps = (n: number): Bound => ({ ulps: n });
export const within = (absolute: number, n = 0): Bound => ({ ulps: n, absolute });

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Where a float32 stands among all of them in ascending order; both zeros stand at 0. */
function place(value: number): number {
  float[0] = Math.abs(value);
  return Math.sign(value) * (bits[0] ?? 0);
}

/** How many float32 lie from one number to another, each rounded to float32 first: 0 where they are the same. */
export const ulpsBetween = (a: number, b: number): number => Math.abs(place(a) - place(b));

/** The largest distance in units in the last place. */
export const worstUlps = (got: ArrayLike<number>, want: ArrayLike<number>): number => worstBy(ulpsBetween, got, want);

/** The worst error as a multiple of its bound; 1 or less passes. */
export function worstOf(got: ArrayLike<number>, want: ArrayLike<number>, { ulps: n, absolute = 0 }: Bound): number {
  const multiple = (error: number, bound: number): number => (error === 0 ? 0 : error / bound);
  return worstBy(
    (g, w) => Math.min(multiple(ulpsBetween(g, w), n), multiple(Math.abs(g - Math.fround(w)), absolute)),
    got,
    want,
  );
}
