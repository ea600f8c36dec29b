/** What each library gives to the benchmark: the same work from the same inputs, waited for by the same rule. */
import type { Network } from './networks.js';
import type { Start } from './starts.js';
import type { TrainingData } from './training.js';
import type { StepOrKernel } from './workloads.js';

export const LIBRARIES = ['kindling', 'tfjs', 'jax-js'] as const;
export type LibraryName = (typeof LIBRARIES)[number];

/** One workload in one library, its inputs on the GPU. */
export interface Prepared {
  /**
   * Submits the work and waits until one element of the result, of a step its loss, is on the host. Returns the element.
   * One result at a time: jax-js computes only what is read.
   */
  run(): Promise<number>;
  /** The last result, laid out as PyTorch would. A step has none. */
  result(): Promise<ArrayLike<number>>;
  dispose(): void;
}

export interface Library {
  /** W or a kernel. */
  prepare(workload: StepOrKernel, inputs: Float32Array[], data: TrainingData): Promise<Prepared>;
  /** Steps of an example's network, as the example trains it, but for the learning rate, which stays the highest. */
  train(network: Network, start: Start): Prepared;
}
