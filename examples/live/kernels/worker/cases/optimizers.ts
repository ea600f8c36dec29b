/** A step of Adam, and gradients clipped. */
import { tensor } from 'kindling';
import { Adam, clipGradNorm } from 'kindling/optim';
import { exactly, summed, uniform } from '../../shared/exact.js';
import { at, type Prepare } from '../case.js';

const RATE = 1e-3;

/** The first step: p - rate g / (|g| + ε) */
const adam: Prepare = (n, seed) => {
  const [values, grads] = [uniform(n, seed), uniform(n, seed + 1)];
  const parameter = tensor(values, { requiresGrad: true });
  const grad = tensor(grads);
  parameter.grad = grad;
  const optimizer = new Adam([parameter], { lr: RATE });
  return {
    shape: `[${n}]`,
    flops: 0,
    // Parameter, gradient and two moments are read, all but the gradient written.
    bytes: 28 * n,
    run() {
      optimizer.step();
      return parameter;
    },
    expected: (i) => {
      const step = (RATE * at(grads, i)) / (Math.abs(at(grads, i)) + 1e-8);
      return { value: at(values, i) - step, scale: Math.abs(at(values, i)) + Math.abs(step) };
    },
    held: [parameter, grad],
  };
};

/** √Σ g², the norm before all gradients are scaled */
const clip: Prepare = (n, seed) => {
  const grads = uniform(n, seed);
  const [parameter, grad] = [tensor(grads, { requiresGrad: true }), tensor(grads)];
  parameter.grad = grad;
  return {
    shape: `[${n}]`,
    flops: 0,
    // Read for the norm, read and written to be scaled.
    bytes: 12 * n,
    run: () => clipGradNorm([parameter], 1),
    expected: () => exactly(Math.sqrt(summed(n, (k) => at(grads, k) ** 2).value)),
    held: [parameter, grad],
  };
};

export const OPTIMIZERS = { adam, clipGradNorm: clip };
