/** Gradients that a step returned, or that were kept, belong to whoever has them: later steps neither free nor change them. */
import * as k from 'kindling';
import { Parameter } from 'kindling/nn';
import { Adam, clipGradNorm, SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

type Step = (x: k.Tensor) => { grad: k.Tensor | null; loss: k.Tensor };
const eager =
  (body: Step): Step =>
  (x) =>
    k.step(() => body(x));

const wraps: [string, (body: Step) => Step][] = [
  ['step', eager],
  ['capture', (body) => k.capture(body)],
];

describe.each(wraps)('%s', (_, wrap) => {
  const inputs = [1, 2, 3, 4, 5];

  test.each(['an optimizer', 'none'])('gradients with %s, forgotten at each step', async (which) => {
    const w = new Parameter(k.tensor([1, 1]));
    const sgd = which === 'none' ? null : new SGD([w], { lr: 0.1 });
    const train = wrap((x) => {
      w.grad = null;
      sgd?.zeroGrad();
      const loss = w.mul(x).sum();
      loss.backward();
      sgd?.step();
      return { grad: w.grad, loss };
    });
    const seen = inputs.map((i) => train(k.tensor([i, -i])));
    expect(await Promise.all(seen.map(({ grad }) => grad?.array()))).toEqual(inputs.map((i) => [i, -i]));
    expect(await w.grad?.array()).toEqual([5, -5]);
  });

  test('large ones, as tensors of their own', async () => {
    const n = 3000;
    const w = new Parameter(k.ones([n]));
    const adam = new Adam([w]);
    const train = wrap((x) => {
      adam.zeroGrad();
      const loss = w.mul(x).sum();
      loss.backward();
      clipGradNorm([w], 1e9);
      adam.step();
      return { grad: w.grad, loss };
    });
    const seen = inputs.map((i) => train(k.full([n], i)).grad as k.Tensor);
    for (const [i, grad] of seen.entries()) expect((await grad.data())[n - 1]).toBe(inputs[i]);
    expect((await (seen[0] as k.Tensor).add(seen[4] as k.Tensor).data())[0]).toBe(6);
  });

  test('where the next step steps by them', async () => {
    const w = new Parameter(k.tensor([1]));
    const sgd = new SGD([w], { lr: 1 });
    const train = wrap((x) => {
      sgd.zeroGrad();
      const loss = w.mul(x).sum();
      loss.backward();
      return { grad: w.grad, loss };
    });
    for (const i of inputs) {
      train(k.tensor([i]));
      k.step(() => sgd.step());
    }
    expect(await w.item()).toBe(-14);
  });
});

test('one that was there before is returned itself, and stays', async () => {
  const w = new Parameter(k.tensor([1, 1]));
  const sgd = new SGD([w], { lr: 0.1 });
  w.mul(k.tensor([3, 4]))
    .sum()
    .backward();
  const { grad } = w;
  const f = k.capture((x: k.Tensor) => ({ grad: w.grad, y: x.mul(2) }));
  for (let i = 0; i < 3; i++) expect(f(k.ones([1])).grad).toBe(grad);
  k.step(() => {
    sgd.zeroGrad();
    w.sum().backward();
  });
  expect(await grad?.array()).toEqual([3, 4]);
});

test('keep() keeps one', async () => {
  const w = new Parameter(k.tensor([1, 1]));
  const sgd = new SGD([w], { lr: 0.1 });
  const kept: k.Tensor[] = [];
  for (let i = 1; i < 4; i++) {
    k.step(() => {
      sgd.zeroGrad();
      w.mul(k.tensor([i, i]))
        .sum()
        .backward();
      kept.push(k.keep(w.grad as k.Tensor));
      sgd.step();
    });
  }
  expect(await Promise.all(kept.map((grad) => grad.array()))).toEqual([1, 2, 3].map((i) => [i, i]));
});
