/** What a line of elementwise.ts or elementwisePairs.ts says, and numbers at which functions are tried. */
import type { Bounds } from './agree.js';

interface Line {
  /** PyTorch's expression. */
  readonly torch: string;
  /** It asks something: the answers are bool, and pass no gradient. */
  readonly asks?: boolean;
  readonly bounds?: Bounds;
  /** By how much of itself a value may be off at `exact`. Default: 6e-7. */
  readonly exactTo?: number;
}

/** A function of one tensor. */
export interface UnaryLine extends Line {
  readonly plain: (x: number) => number;
  /** What the function is given beside x; `[{}]` of one that has options. Default: nothing. */
  readonly given?: readonly unknown[];
  /** Where it is smooth. Default: everywhere. */
  readonly on?: Points;
  /** Where value and gradient are tried, if it is not all of `on`. */
  readonly at?: readonly number[];
  /** Where the value is tried without any absolute tolerance. */
  readonly exact?: readonly number[];
  /** Which of x and y PyTorch keeps for backward: neither may be overwritten before. Default: x. */
  readonly saves?: string;
  /** Linear in pieces: whether PyTorch's second gradient by x is zeros, or none. */
  readonly second?: 'zeros' | 'none';
  /** Its record, where that has another name. */
  readonly record?: string;
}

/** A function of two tensors that broadcast. */
export interface PairLine extends Line {
  readonly plain: (a: number, b: number) => number;
  /** Between which numbers a and b are tried. Default: −2 and 2. */
  readonly a?: readonly [number, number];
  readonly b?: readonly [number, number];
  /** Neither may be a number. */
  readonly tensors?: boolean;
  /** Pairs where the value is tried without any absolute tolerance: all a, then all b. */
  readonly exact?: readonly [readonly number[], readonly number[]];
  /** Which of a, b and y PyTorch keeps for the gradients by a and by b. Default: a and b. */
  readonly saves?: { readonly a: string; readonly b: string };
}

interface Points {
  /** For values and gradients. */
  readonly at: readonly number[];
  /** For second gradients. */
  readonly second: readonly number[];
}

/** Both sides of every branch, and nothing within 1e-4 of a kink. */
const BELOW = [-25.5, -7.5, -4.2, -3.3, -2.1, -1.3, -0.61, -0.4, -0.2, -0.07, -0.003];
export const SIGNED: readonly number[] = [...BELOW, ...BELOW.map((x) => -x), 0.9, 1.7, 2.9, 5.5, 21.3].map(Math.fround);
export const within = (most: number): number[] => SIGNED.filter((x) => Math.abs(x) < most);
export const EVERYWHERE: Points = { at: SIGNED, second: [-3.5, -2.2, -1.1, -0.4, 0.3, 0.9, 1.7, 3.4, 6.5] };
export const POSITIVE: Points = {
  at: [0.004, 0.03, 0.2, 0.7, 1.4, 2.6, 3.9, 17.5].map(Math.fround),
  second: [0.2, 0.7, 1.3, 2.5],
};
export const INSIDE: Points = { at: within(0.8), second: [-0.9, -0.4, 0.2, 0.7] };
export const ABOVE: Points = { at: [1.05, 1.2, 1.7, 2.6, 5, 17.5].map(Math.fround), second: [1.2, 1.7, 2.6, 5] };
export const AROUND: Points = { at: [-1.2, -0.9, 0.8, 1.1].map(Math.fround), second: [-1.2, -0.9, 0.8, 1.1] };
/** Where it is tried with NaN and infinities alone. */
export const NOWHERE: Points = { at: [], second: [] };

/** Numbers of both signs, from 1e-6 to `most`, as f32. */
export const upTo = (most: number): number[] =>
  Array.from({ length: 97 }, (_, i) => Math.fround(10 ** (-6 + (i * (Math.log10(most) + 6)) / 96))).flatMap((x) => [
    x,
    -x,
  ]);
export const positiveTo = (most: number): number[] => upTo(most).filter((x) => x > 0);
export const UNIT = [...upTo(0.3), ...Array.from({ length: 60 }, (_, i) => Math.fround((i - 30) / 30.5))];
export const SMALL = [-0.0995, -0.0095, -3e-3, -1e-6].map(Math.fround);

export const loose: Bounds = { rtol: 2e-5, atol: 1e-5 };
export const absolute: Bounds = { rtol: 0, atol: 5e-7 };
export const steep: Bounds = { rtol: 5e-5 };
