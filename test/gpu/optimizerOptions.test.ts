/** Options of groups are checked at each step as they are at first, in captured steps too. */
import * as k from 'kindling';
import { Parameter } from 'kindling/nn';
import { Adam, type Optimizer, SGD } from 'kindling/optim';
import { describe, expect, test } from 'vitest';

const made = (make: (params: k.Tensor[]) => Optimizer) => {
  const p = new Parameter(k.tensor([1]));
  const optimizer = make([p]);
  const group = optimizer.paramGroups[0] as Record<string, unknown>;
  const body = (): k.Tensor => {
    optimizer.zeroGrad();
    k.square(p).sum().backward();
    optimizer.step();
    return p.clone();
  };
  return { p, group, body };
};
const sgd = () => made((params) => new SGD(params, { lr: 0.1, momentum: 0.5 }));
const adam = () => made((params) => new Adam(params, { lr: 0.1 }));

describe('an option that makes no sense is refused at the step, and the next good one counts', () => {
  test.each<[string, typeof sgd, object, object, RegExp]>([
    ['a rate that is undefined', sgd, { lr: undefined }, { lr: 0.1 }, /SGD: lr .*undefined/],
    ['a rate below 0', sgd, { lr: -1 }, { lr: 0.1 }, /SGD: lr -1/],
    ['a rate that is no number', sgd, { lr: Number.NaN }, { lr: 0.1 }, /SGD: lr NaN/],
    ['a momentum below 0', sgd, { momentum: -1 }, { momentum: 0.5 }, /SGD: momentum -1/],
    ['a dampening that is undefined', sgd, { dampening: undefined }, { dampening: 0 }, /SGD: dampening .*undefined/],
    ['a name that it does not know', sgd, { weight_decay: 1 }, { weight_decay: undefined }, /did you mean weightDecay/],
    ['a beta of 1', adam, { betas: [0.9, 1] }, { betas: [0.9, 0.999] }, /Adam: betas\[1\] is 1/],
    ['an eps below 0', adam, { eps: -1 }, { eps: 1e-8 }, /Adam: eps -1/],
  ])('%s', async (_, parts, bad, good, text) => {
    for (const wrap of [k.capture, (body: () => k.Tensor) => () => k.step(body)]) {
      const [one, other] = [parts(), parts()];
      const train = wrap(one.body);
      for (let i = 0; i < 4; i++) train();
      Object.assign(one.group, bad);
      const before = await one.p.array();
      expect(() => train()).toThrow(text);
      expect(await one.p.array()).toEqual(before);
      if ('weight_decay' in bad) delete one.group.weight_decay;
      else Object.assign(one.group, good);
      for (let i = 0; i < 3; i++) train();
      for (let i = 0; i < 7; i++) k.step(other.body);
      expect(await one.p.array()).toEqual(await other.p.array());
    }
  });
});

test('betas are numbers together, as in PyTorch: others take their place, and none is changed in it', async () => {
  const run = async (wrap: (body: (beta: number) => k.Tensor) => (beta: number) => k.Tensor) => {
    const { group, body } = adam();
    const train = wrap((beta) => {
      group.betas = [beta, 0.9];
      return body();
    });
    const seen: unknown[] = [];
    for (let i = 0; i < 6; i++) seen.push(await train(i % 2 ? 0.5 : 0.1).item());
    return seen;
  };
  expect(await run(k.capture)).toEqual(await run((body) => (beta) => k.step(() => body(beta))));

  const { group, body } = adam();
  const train = k.capture((beta: number) => {
    (group.betas as number[])[0] = beta;
    return body();
  });
  expect(() => train(0.5)).toThrow(TypeError);
  const given: [number, number] = [0.9, 0.99];
  const p = new Parameter(k.ones([1]));
  p.sum().backward();
  const own = new Adam([p], { betas: given });
  own.step();
  given[0] = 0.5;
  expect(own.paramGroups[0]?.betas).toEqual([0.9, 0.99]);
});

test('options that the function itself sets are checked as it sets them', async () => {
  const { group, body } = sgd();
  const train = k.capture((momentum: number) => {
    group.momentum = momentum;
    return body();
  });
  for (let i = 0; i < 3; i++) train(0.5);
  group.momentum = -1; // Nobody reads it.
  expect(await train(0.5).item()).toBeTypeOf('number');
  expect(() => train(-2)).toThrow(/momentum -2/);
});
