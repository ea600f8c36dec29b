/**
 * Second derivatives: with g the gradients by the inputs for `grad_output`, a case holds the gradients of Σ ⟨g, directions⟩ by the
 * inputs and by `grad_output`.
 */
import { add, grad, mul, step, sum, type Tensor } from 'kindling';
import { hostTensor, onDevice, type Tensors } from './cases.js';
import { type Tolerance, worstError } from './compare.js';
import { callOp } from './ops.js';

export interface SecondCase {
  op: string;
  attrs?: Readonly<Record<string, unknown>>;
  inputs: Record<string, string>;
  grad_output: string;
  directions: Record<string, string>;
  second: Record<string, string>;
  tolerance?: Tolerance;
}

export async function runSecond(test: SecondCase, tensors: Tensors): Promise<number> {
  const wanted = Object.keys(test.directions);
  const inputs = Object.fromEntries(
    Object.entries(test.inputs).map(([name, key]) => [name, onDevice(tensors, key, wanted.includes(name))]),
  );
  const seed = onDevice(tensors, test.grad_output, true);
  const directions = wanted.map((name) => onDevice(tensors, test.directions[name] ?? ''));
  const by = [...wanted.map((name) => inputs[name] as Tensor), seed];
  const found = step(() => {
    const [made] = callOp(test.op, inputs, test.attrs ?? {}) as [Tensor];
    const options = { createGraph: true, allowUnused: true } as const;
    const first = grad(made, by.slice(0, -1), { ...options, gradOutputs: seed });
    const parts = first.flatMap((g, i) => (g ? [sum(mul(g, directions[i] as Tensor))] : []));
    const total = parts.reduce((a, b) => add(a, b));
    return total.requiresGrad ? grad(total, by, options) : by.map(() => null);
  });
  const errors: number[] = [];
  for (const [name, key] of Object.entries(test.second)) {
    const got = found[name === 'grad_output' ? by.length - 1 : wanted.indexOf(name)];
    const want = hostTensor(tensors, key);
    // Where nothing depends on it PyTorch's cases hold zeros.
    const values = got ? await got.data() : want.data.map(() => 0);
    errors.push(worstError(values, want.data, test.tolerance ?? { rtol: 2e-3, atol: 2e-4 }));
  }
  for (const made of new Set([...Object.values(inputs), ...directions, seed])) made.dispose();
  return Math.max(0, ...errors);
}
