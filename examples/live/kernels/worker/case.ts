/** A kernel with its inputs, ready to run, and the same in float64. */
import type { Tensor } from 'kindling';
import type { Exact } from '../shared/exact.js';

export interface Prepared {
  readonly shape: string;
  /** Multiplications and additions; 0 where bytes are what counts. */
  readonly flops: number;
  /** What has to be read and written, each once. */
  readonly bytes: number;
  /** Can be captured. */
  run(): Tensor;
  /** The result at place `i`. @param got what the kernel made of it, for what chance decides */
  expected(i: number, got: number): Exact;
  /** Something else that must hold of all results, in words: null where it does not. */
  also?(results: ArrayLike<number>): string | null;
  /** Tensors to dispose of at the end. */
  readonly held: readonly Tensor[];
}

/** Makes a kernel of size n on numbers that a seed decides. */
export type Prepare = (n: number, seed: number) => Prepared;

export type Floats = Float32Array;
export const at = (values: ArrayLike<number>, i: number): number => values[i] as number;

/** The gradient alone: the forward pass, whose result nobody reads, is not run. */
export const gradientOf = (wanted: Tensor, forward: () => Tensor, g?: Tensor) => (): Tensor => {
  wanted.grad = null;
  if (g) forward().backward(g);
  else forward().backward();
  const { grad } = wanted;
  if (!grad) throw new Error('no gradient');
  wanted.grad = null;
  return grad;
};
