/** Functions that JavaScript's Math lacks, in doubles, and derivatives of plain functions, by differences. */

/** By a series of terms that all have one sign, so that no digits are lost. */
export function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const softplus = (x: number): number => Math.log1p(Math.exp(x));
export const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
export const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
export const elu = (x: number, alpha = 1): number => (x > 0 ? x : alpha * Math.expm1(x));
export const tanhGelu = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** To the nearest whole number, ties to even. */
export function roundToEven(x: number): number {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/** With the sign of b, as Python's `%`. */
export const remainder = (a: number, b: number): number => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
};

type Plain = (x: number) => number;

/** How far from x the differences look: kinks must be farther away than three of it. */
const STEP = 1e-3;

/** f'(x), off by about STEP⁶. */
export function slope(f: Plain, x: number): number {
  const pair = (n: number): number => f(x + n * STEP) - f(x - n * STEP);
  return (pair(1) * 45 - pair(2) * 9 + pair(3)) / (60 * STEP);
}

/** f''(x), as exactly. */
export function bend(f: Plain, x: number): number {
  const pair = (n: number): number => f(x + n * STEP) + f(x - n * STEP);
  return (pair(1) * 270 - pair(2) * 27 + pair(3) * 2 - 490 * f(x)) / (180 * STEP * STEP);
}

/** Gradients, by a and by b, of Σ ga³ + Σ gb², ga and gb being those of Σ f(a, b)² over all pairs. */
export function secondOfPair(
  f: (a: number, b: number) => number,
  as: readonly number[],
  bs: readonly number[],
): [number[], number[]] {
  const total = (values: readonly number[], of: (value: number) => number): number =>
    values.reduce((sum, value) => sum + of(value), 0);
  const square: typeof f = (a, b) => f(a, b) ** 2;
  const byA = (a: number, b: number): number => slope((x) => square(x, b), a);
  const byB = (a: number, b: number): number => slope((x) => square(a, x), b);
  const across = (a: number, b: number): number => slope((x) => byA(a, x), b);
  const ga = (a: number): number => total(bs, (b) => byA(a, b));
  const gb = (b: number): number => total(as, (a) => byB(a, b));
  return [
    as.map((a) => {
      const own = total(bs, (b) => bend((x) => square(x, b), a));
      return 3 * ga(a) ** 2 * own + total(bs, (b) => 2 * gb(b) * across(a, b));
    }),
    bs.map((b) => {
      const own = total(as, (a) => bend((x) => square(a, x), b));
      return total(as, (a) => 3 * ga(a) ** 2 * across(a, b)) + 2 * gb(b) * own;
    }),
  ];
}
