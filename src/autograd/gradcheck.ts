/** Checks gradients against central differences. */
import { refuse } from '../gpu/errors.js';
import { checked, required, wantTensors } from '../gpu/options.js';
import { sum } from '../ops/broadcast.js';
import { mul } from '../ops/elementwise/arithmetic.js';
import { tensor } from '../tensor/create.js';
import { noGrad } from '../tensor/remember.js';
import { randn } from '../tensor/sample.js';
import type { Tensor } from '../tensor/tensor.js';
import { backward } from './backward.js';

export interface GradcheckOptions {
  /** Step of the difference. Default: 1e-2, near the best for float32. */
  eps?: number | undefined;
  /** Default: 1e-2. */
  rtol?: number | undefined;
  /** Default: 5e-3. */
  atol?: number | undefined;
}

/**
 * Compares the gradients of `fn` by its inputs that require one with central differences of a random projection of its
 * output. Two evaluations per element: keep inputs small, and away from kinks.
 *
 * @returns true
 * @throws KindlingError naming the input and element that differ most
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.html
 */
export async function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<true> {
  const known = { eps: 'number', rtol: 'number', atol: 'number' } as const;
  const { eps = 1e-2, rtol = 1e-2, atol = 5e-3 } = checked('gradcheck', options, known);
  required('gradcheck', { fn }, { fn: 'function' });
  wantTensors('gradcheck', inputs);
  const leaves = inputs.map((x) => x.detach().requiresGrad_(x.requiresGrad));
  const output = fn(...leaves);
  const weights = randn(output.shape);
  backward(sum(mul(output, weights)));
  for (const [i, leaf] of leaves.entries()) {
    if (!leaf.requiresGrad) continue;
    const analytic = leaf.grad ? await leaf.grad.data() : new Float32Array(leaf.size);
    const values = await leaf.data();
    const project = async (element: number, shift: number): Promise<number> => {
      const moved = Float32Array.from(values);
      moved[element] = (moved[element] ?? 0) + shift;
      const replaced = leaves.map((x, j) => (j === i ? tensor(moved, { shape: leaf.shape }) : x));
      const shifted = await noGrad(() => mul(fn(...replaced), weights)).data();
      return Float64Array.from(shifted).reduce((total, value) => total + value, 0);
    };
    for (let element = 0; element < leaf.size; element++) {
      const numeric = ((await project(element, eps)) - (await project(element, -eps))) / (2 * eps);
      const got = analytic[element] ?? Number.NaN;
      if (Math.abs(got - numeric) <= atol + rtol * Math.abs(numeric)) continue;
      refuse(`gradcheck: input ${i}, element ${element}: backward gives ${got}, differences ${numeric}`);
    }
  }
  return true;
}
