/** A kernel that is measured, and what it is compared with. */
import type { Tensor } from 'kindling';
import type { KernelSource } from 'kindling/profile';

export interface Workload {
  readonly name: string;
  readonly shape: string;
  /** Floating-point operations; 0 where bytes are what counts. */
  readonly flops: number;
  /** Bytes that have to be read and written, each once. */
  readonly bytes: number;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
  prepare(): Prepared;
}

export interface Prepared {
  /** The work in kindling, inside a step; its result may be one of {@link held}. */
  ours(): Tensor;
  /** Null where the plain kernel would be another's work, or take seconds in one thread. */
  readonly naive: {
    readonly source: KernelSource;
    readonly inputs: readonly Tensor[];
    readonly more: readonly Tensor[];
  } | null;
  /** The output at index `i` in float64, of the first run. */
  readonly expected: ((i: number) => number) | null;
  /** Tensors to dispose of at the end. */
  readonly held: readonly Tensor[];
}

export type Floats = Float32Array;
export const at = (values: Floats, i: number): number => values[i] as number;

export function summed(count: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += term(k);
  return total;
}

/** The gradient alone: the forward pass, whose result nobody reads, is not run. */
export const gradientOf = (wanted: Tensor, forward: () => Tensor, g: Tensor) => (): Tensor => {
  wanted.grad = null;
  forward().backward(g);
  const { grad } = wanted;
  if (!grad) throw new Error('no gradient');
  wanted.grad = null;
  return grad;
};
