/** Tensors without elements: PyTorch's shapes and values, or a refusal in the op's name; eager, captured, and backward. */
import * as k from 'kindling';
import { type Tensor, zeros } from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { clipGradNorm, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';
import { type Build, CASES, MADE, REFUSED } from '../support/emptyCases.js';

/** Runs a case and its backward pass: the value, and the gradients of what has elements, which are zeros. */
function run(build: Build): { value: Tensor; grads: (readonly [Tensor, Tensor | null])[] } {
  const leaves: Tensor[] = [];
  const value = build((...shape) => {
    const leaf = zeros(shape, { requiresGrad: true });
    leaves.push(leaf);
    return leaf;
  });
  if (value.requiresGrad) value.sum().backward();
  return { value, grads: leaves.map((leaf) => [leaf, leaf.grad]) };
}

test.each([...CASES, ...MADE].map((one) => [one[0], one] as const))('%s', async (name, [, build, shape, values]) => {
  // Buffers that are used again hold something else.
  k.step(() => void Array.from({ length: 20 }, () => k.full([64], Number.NaN).add(1)));
  const { value, grads } = run(build);
  expect(value.shape).toEqual(shape);
  const want = Array.from({ length: value.size }, (_, i) => (Array.isArray(values) ? values[i] : values));
  expect([...(await value.data())]).toEqual(want);
  for (const [leaf, grad] of grads) {
    if (!grad) continue;
    expect(grad.shape).toEqual(leaf.shape);
    expect([...(await grad.data())]).toEqual(Array.from({ length: leaf.size }, () => 0));
  }
  if (MADE.some(([made]) => made === name)) return; // Not all of these can be captured.
  const captured = k.capture(() => run(build).value);
  for (let call = 0; call < 3; call++) expect([...(await captured().data())]).toEqual(want);
});

test.each(REFUSED)('%s refuses', (name, build) => {
  expect(() => run(build)).toThrow(new RegExp(`^(shape .*: )?${name}`));
});

test('an empty batch leaves running statistics as they were, and counts', async () => {
  const norm = new nn.BatchNorm2d(2);
  norm.forward(zeros([0, 2, 3, 3]));
  const held = Object.entries(norm.stateDict()).map(async ([name, value]) => [name, await value.array()]);
  expect(Object.fromEntries(await Promise.all(held))).toMatchObject({
    running_mean: [0, 0],
    running_var: [1, 1],
    num_batches_tracked: 1,
  });
  const [runningMean, runningVar] = [zeros([2]), k.ones([2])];
  F.instanceNorm(zeros([0, 2, 3]), { runningMean, runningVar });
  expect([await runningMean.array(), await runningVar.array()]).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test('parameters without elements are trained, clipped and saved', async () => {
  class Odd extends nn.Module {
    none = new nn.Parameter(zeros([0, 3]));
    some = new nn.Parameter(k.ones([2]));
    forward(x: Tensor): Tensor {
      return this.none.sum().add(this.some.mul(x).sum());
    }
  }
  const model = new Odd();
  const optimizer = new SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
  const train = k.capture((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = model.forward(x);
    loss.backward();
    clipGradNorm(model.parameters(), 10);
    optimizer.step();
    return loss;
  });
  for (let i = 0; i < 3; i++) expect(Number.isFinite(await train(k.ones([2])).item())).toBe(true);
  expect(model.stateDict().none?.shape).toEqual([0, 3]);
  expect(await model.some.array()).not.toEqual([1, 1]);
  const empty = new SGD([new nn.Parameter(zeros([0]))], { lr: 0.1 });
  empty.step();
  await k.sync();
});
